// SPDX-License-Identifier: BSD-2-Clause
/* The text of a configuration: the file, then the overrides as more lines. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static int read_all(int fd, char *buf, size_t size)
{
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = read(fd, buf + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	buf[got] = '\0';
	return memchr(buf, '\0', got) ? -EILSEQ : 0;
}

int chaos__config_read(struct chaos *ctx, const char *path, char **out)
{
	struct stat st;
	char *text;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return chaos__fail(ctx, -errno, path, "open configuration", "",
				   NULL);
	rc = fstat(fd, &st) ? -errno : 0;
	if (!rc && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (!rc && st.st_size > CHAOS__CONFIG_MAX)
		rc = -EFBIG;
	if (rc)
		goto err_close;

	text = malloc(CHAOS__CONFIG_MAX + 1);
	if (!text) {
		rc = -ENOMEM;
		goto err_close;
	}
	rc = read_all(fd, text, CHAOS__CONFIG_MAX);
	if (rc)
		goto err_free;
	close(fd);
	*out = text;
	return 0;

err_free:
	free(text);
err_close:
	close(fd);
	if (rc == -EILSEQ)
		return chaos__fail(ctx, -EINVAL, path, "read configuration",
				   "give a configuration file, not the kernel",
				   "it is not a text");
	return chaos__fail(ctx, rc, path, "read configuration", "", NULL);
}

/* How a value that the language would not take as it is has to be written. */
static void put_value(FILE *f, const char *value)
{
	const char *p;

	if (*value == '"' || *value == '\'' || *value == '[' ||
	    (*value && value[strspn(value, "0123456789")] == '\0')) {
		fputs(value, f);
		return;
	}
	fputc('"', f);
	for (p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			fputc('\\', f);
		fputc(*p, f);
	}
	fputc('"', f);
}

static int put_override(struct chaos *ctx, const char *origin, FILE *f,
			const char *override)
{
	const char *eq = strchr(override, '=');
	const char *p;

	if (!eq || eq == override || !islower((unsigned char)*override))
		goto err;
	for (p = override; p < eq; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
		    *p != '_' && *p != '.')
			goto err;
	if (strchr(override, '\n'))
		goto err;
	fprintf(f, "%.*s=", (int)(eq - override), override);
	put_value(f, eq + 1);
	fputc('\n', f);
	return 0;
err:
	return chaos__fail(ctx, -EINVAL, origin, "override",
			   "write key=value, e.g. memory=8",
			   "\"%s\" is not an assignment", override);
}

int chaos__config_override(struct chaos *ctx, const char *origin,
			   const char *text, const char *const *overrides,
			   char **out)
{
	size_t size;
	int rc = 0;
	FILE *f;

	f = open_memstream(out, &size);
	if (!f)
		return chaos__fail(ctx, -ENOMEM, origin, "read configuration",
				   "", NULL);
	fputs(text, f);
	fputc('\n', f);
	for (; overrides && *overrides && !rc; overrides++)
		rc = put_override(ctx, origin, f, *overrides);
	if (fclose(f) && !rc)
		rc = chaos__fail(ctx, -ENOMEM, origin, "read configuration",
				 "", NULL);
	if (rc) {
		free(*out);
		*out = NULL;
	}
	return rc;
}
