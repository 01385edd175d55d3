// SPDX-License-Identifier: BSD-2-Clause
/* The run directory and its two folders. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

/* A folder that others could write to would let them name our domains. */
static int open_dir(int at, const char *path)
{
	struct stat st;
	int fd, rc;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(at, path, 0700) && errno != EEXIST)
			return -errno;
		fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	rc = fstat(fd, &st) ? -errno : 0;
	if (!rc && (st.st_uid != geteuid() || (st.st_mode & 022)))
		rc = -EACCES;
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

int chaos__store_open(struct chaos *ctx)
{
	int dir, names, domains;

	if (ctx->names_fd >= 0)
		return 0;
	dir = open_dir(AT_FDCWD, ctx->run_dir);
	if (dir < 0)
		return dir;
	names = open_dir(dir, "names");
	domains = names < 0 ? names : open_dir(dir, "domains");
	close(dir);
	if (domains < 0) {
		if (names >= 0)
			close(names);
		return domains;
	}
	ctx->names_fd = names;
	ctx->domains_fd = domains;
	return 0;
}

void chaos__store_close(struct chaos *ctx)
{
	if (ctx->names_fd < 0)
		return;
	close(ctx->names_fd);
	close(ctx->domains_fd);
	ctx->names_fd = -1;
	ctx->domains_fd = -1;
}
