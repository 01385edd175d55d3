// SPDX-License-Identifier: BSD-2-Clause
/*
 * Saved domains, as a restore reads them before it makes anything.  The first
 * byte of an input says how: bit 0, as a file or as a stream; bit 1, with the
 * records' numbers and CRCs put right, so that what is behind them is reached.
 * What is let through must be let through again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crc.h"
#include "restore.h"

#define AS_STREAM	1u
#define PUT_RIGHT	2u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* As in config.c. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libxlutil.so\n";
}

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void put_right(uint8_t *data, size_t size)
{
	size_t at = sizeof(struct chaos__saved_header);
	struct chaos__saved_record r;
	uint32_t number = 0;

	while (at + sizeof(r) <= size) {
		memcpy(&r, data + at, sizeof(r));
		if (r.size > size - at - sizeof(r))
			break;
		r.number = number++;
		r.crc = chaos__crc32c(0, &r,
				      offsetof(struct chaos__saved_record, crc));
		r.crc = chaos__crc32c(r.crc, data + at + sizeof(r), r.size);
		memcpy(data + at, &r, sizeof(r));
		at += sizeof(r) + ((r.size + 7u) & ~7u);
	}
}

static int open_input(const uint8_t *data, size_t size, unsigned int how)
{
	int fd[2];

	if (how & AS_STREAM) {
		/* What a pipe holds. */
		if (size > 65536 || pipe(fd))
			return -1;
		if (write(fd[1], data, size) != (ssize_t)size)
			die("pipe");
		close(fd[1]);
		return fd[0];
	}
	fd[0] = memfd_create("image", MFD_CLOEXEC);
	if (fd[0] < 0 || write(fd[0], data, size) != (ssize_t)size ||
	    lseek(fd[0], 0, SEEK_SET))
		die("memfd");
	return fd[0];
}

static int verify(struct chaos *ctx, int fd, unsigned int how)
{
	struct chaos__restore r;
	int rc = chaos__restore_open(ctx, "fuzz", fd, NULL, &r);

	if (rc)
		return rc;
	if (!r.cfg || !r.cfg->name || r.cfg->memory_mb <= 0)
		die("a configuration without a guest");
	rc = chaos__restore_verify(&r);
	/* A stream cannot be begun anew, which is what comes last. */
	if (!rc && how & AS_STREAM)
		die("a stream that was rewound");
	if (!rc && chaos__restore_verify(&r))
		die("right once, and not twice");
	chaos__restore_close(&r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int how;
	struct chaos *ctx;
	uint8_t *copy;
	int fd;

	if (!size)
		return 0;
	how = *data;
	copy = malloc(size);
	if (!copy || chaos_open(NULL, &ctx))
		abort();
	size--;
	memcpy(copy, data + 1, size);
	if (how & PUT_RIGHT)
		put_right(copy, size);
	fd = open_input(copy, size, how);
	if (fd >= 0) {
		if (verify(ctx, fd, how) && !chaos_nr_errors(ctx))
			die("refused without an error");
		close(fd);
	}
	chaos_close(ctx);
	free(copy);
	return 0;
}
