// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files without a name (O_TMPFILE) vanish with the process that writes them.
 * Where a file system has none, the name of one that is not complete ends in
 * ".part"; then a kill leaves it behind.  So it does, for a moment, where a file
 * is to be replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "save-file.h"

static int open_folder(struct chaos__save_file *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	f->name = strdup(slash ? slash + 1 : path);
	folder = slash ? strndup(path, (size_t)(slash - path) + 1) :
			 strdup(".");
	if (f->name && folder)
		f->dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (!f->name || (f->dir_fd < 0 && errno == ENOMEM))
		return -ENOMEM;
	return f->dir_fd < 0 ? -errno : 0;
}

static int open_part(struct chaos__save_file *f)
{
	if (asprintf(&f->tmp, "%s.%d.part", f->name, getpid()) < 0) {
		f->tmp = NULL;
		return -ENOMEM;
	}
	f->fd = openat(f->dir_fd, f->tmp,
		       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (f->fd >= 0)
		return 0;
	free(f->tmp);
	f->tmp = NULL;
	return -errno;
}

int chaos__save_file_open(struct chaos__save_file *f, const char *path)
{
	struct stat st;
	int rc;

	*f = (struct chaos__save_file){ .fd = -1, .dir_fd = -1 };
	rc = open_folder(f, path);
	if (!rc && !*f->name)
		rc = -EISDIR;
	/* A device or a pipe is not to be replaced by a file. */
	if (!rc && !fstatat(f->dir_fd, f->name, &st, 0) &&
	    !S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST;
	if (!rc)
		f->fd = openat(f->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC,
			       0600);
	if (!rc && f->fd < 0)
		rc = errno == EOPNOTSUPP || errno == EISDIR ? open_part(f) :
							      -errno;
	if (rc)
		chaos__save_file_close(f);
	return rc;
}

static int give_name(struct chaos__save_file *f, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, self, f->dir_fd, name, AT_SYMLINK_FOLLOW) ?
	       -errno : 0;
}

/* A link cannot replace a file: it gets a name of its own first.  A kill between
 * the two leaves that name, of a file that is complete. */
static int replace(struct chaos__save_file *f)
{
	char *name;
	int rc = 0;

	if (!f->tmp) {
		if (asprintf(&name, "%s.%d.part", f->name, getpid()) < 0)
			return -ENOMEM;
		unlinkat(f->dir_fd, name, 0);
		rc = give_name(f, name);
		if (rc)
			free(name);
		else
			f->tmp = name;
	}
	if (!rc && renameat(f->dir_fd, f->tmp, f->dir_fd, f->name))
		rc = -errno;
	if (rc)
		return rc;
	free(f->tmp);
	f->tmp = NULL;
	return 0;
}

int chaos__save_file_commit(struct chaos__save_file *f)
{
	int rc = fsync(f->fd) ? -errno : 0;

	if (!rc)
		rc = f->tmp ? -EEXIST : give_name(f, f->name);
	if (rc == -EEXIST)
		rc = replace(f);
	if (rc)
		return rc;
	return fsync(f->dir_fd) ? -errno : 0;
}

void chaos__save_file_close(struct chaos__save_file *f)
{
	if (f->tmp)
		unlinkat(f->dir_fd, f->tmp, 0);
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	free(f->tmp);
	free(f->name);
	*f = (struct chaos__save_file){ .fd = -1, .dir_fd = -1 };
}
