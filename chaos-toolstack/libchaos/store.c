// SPDX-License-Identifier: BSD-2-Clause
/* The run directory and its folders. */
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

static void close_dir(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int chaos__store_open(struct chaos *ctx)
{
	static const char *const folder[] = { "names", "domains", "spares" };
	int *const fd[] = {
		&ctx->names_fd, &ctx->domains_fd, &ctx->spares_fd,
	};
	int dir, rc = 0;
	unsigned int i;

	if (ctx->names_fd >= 0)
		return 0;
	dir = open_dir(AT_FDCWD, ctx->run_dir);
	if (dir < 0)
		return dir;
	for (i = 0; !rc && i < sizeof(fd) / sizeof(fd[0]); i++) {
		*fd[i] = open_dir(dir, folder[i]);
		if (*fd[i] < 0)
			rc = *fd[i];
	}
	close(dir);
	if (rc)
		chaos__store_close(ctx);
	return rc;
}

void chaos__store_close(struct chaos *ctx)
{
	close_dir(&ctx->names_fd);
	close_dir(&ctx->domains_fd);
	close_dir(&ctx->spares_fd);
}
