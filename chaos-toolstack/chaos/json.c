// SPDX-License-Identifier: BSD-2-Clause
/* JSON output. */
#include <inttypes.h>

#include "cmd.h"

void cmd_json_string(FILE *f, const char *s)
{
	const unsigned char *p;

	fputc('"', f);
	for (p = (const unsigned char *)s; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(f, "\\%c", *p);
		else if (*p < 0x20)
			/* The library's texts are UTF-8, as JSON is. */
			fprintf(f, "\\u%04x", *p);
		else
			fputc(*p, f);
	}
	fputc('"', f);
}

void cmd_json_domain(FILE *f, const struct chaos_domain *d)
{
	fprintf(f, "\"domid\": %" PRIu32 ", \"name\": ", d->domid);
	cmd_json_string(f, d->name);
	fprintf(f, ", \"uuid\": \"%s\", \"type\": \"%s\", \"state\": \"%s\", "
		"\"shutdown_code\": %" PRIu32 ", \"memory_kb\": %" PRIu64
		", \"max_memory_kb\": %" PRIu64 ", \"vcpus\": %" PRIu32
		", \"cpu_ns\": %" PRIu64, d->uuid, d->type,
		chaos_state_name(d->state), d->shutdown_code, d->mem_kb,
		d->max_mem_kb, d->vcpus, d->cpu_ns);
}
