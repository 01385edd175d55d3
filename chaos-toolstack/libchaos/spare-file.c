// SPDX-License-Identifier: BSD-2-Clause
/* The files of spares: who finds one knows what was left, and by whom. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "store.h"

int chaos__spare_note(struct chaos *ctx, const uint8_t uuid[16], int *out)
{
	char name[CHAOS__UUID_LEN + 1];
	int fd, rc;

	chaos__uuid_format(uuid, name);
	fd = openat(ctx->spares_fd, name,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	/*
	 * A gc that comes in between takes an empty file for what a crash left:
	 * then it holds the lock, or the file is gone.
	 */
	if (flock(fd, LOCK_EX | LOCK_NB) ||
	    faccessat(ctx->spares_fd, name, F_OK, 0)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

int chaos__spare_bind(int fd, uint32_t domid)
{
	char line[16];
	int n = snprintf(line, sizeof(line), "%u\n", domid);

	errno = 0;
	if (pwrite(fd, line, (size_t)n, 0) != n)
		return errno ? -errno : -EIO;
	return 0;
}

void chaos__spare_forget(struct chaos *ctx, const uint8_t uuid[16], int *fd)
{
	char name[CHAOS__UUID_LEN + 1];

	if (*fd < 0)
		return;
	chaos__uuid_format(uuid, name);
	unlinkat(ctx->spares_fd, name, 0);
	close(*fd);
	*fd = -1;
}

int chaos__spare_domid(int fd, uint32_t *domid)
{
	char line[16];
	ssize_t n;

	n = pread(fd, line, sizeof(line) - 1, 0);
	if (n < 0)
		return -errno;
	line[n] = '\0';
	*domid = 0;
	return n && sscanf(line, "%u\n", domid) != 1 ? -EPROTO : 0;
}

bool chaos__is_spare(struct chaos *ctx, const uint8_t uuid[16])
{
	char name[CHAOS__UUID_LEN + 1];

	chaos__uuid_format(uuid, name);
	return ctx->spares_fd >= 0 &&
	       !faccessat(ctx->spares_fd, name, F_OK, 0);
}
