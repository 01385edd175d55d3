// SPDX-License-Identifier: BSD-2-Clause
/*
 * Words of the command line.
 */
#include <string.h>

#include "minios/boot.h"

bool boot_option(const char *cmdline, const char *key, char *value,
		 unsigned int size)
{
	size_t len = strlen(key);
	const char *p = cmdline;

	while (*p) {
		const char *end;

		while (*p == ' ')
			p++;
		for (end = p; *end && *end != ' '; end++)
			;
		if ((size_t)(end - p) > len && !strncmp(p, key, len) &&
		    p[len] == '=') {
			size_t n = end - p - len - 1;

			if (n > size - 1)
				n = size - 1;
			memcpy(value, p + len + 1, n);
			value[n] = '\0';
			return true;
		}
		p = end;
	}
	return false;
}
