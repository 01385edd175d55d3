/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that appears under its name when it is complete, or not at all; one
 * that had the name before is replaced in that moment.
 */
#ifndef CHAOS_SAVE_FILE_H
#define CHAOS_SAVE_FILE_H

struct chaos__save_file {
	int fd;			/* to write to */
	int dir_fd;
	char *name;		/* in that folder */
	char *tmp;		/* NULL: the file has no name so far */
};

/* 0600.  -errno; -EISDIR, -ENOTDIR, ... as open(2). */
int chaos__save_file_open(struct chaos__save_file *f, const char *path);
/* To the disk, and under its name. */
int chaos__save_file_commit(struct chaos__save_file *f);
/* Also after a commit; one that was not committed leaves nothing. */
void chaos__save_file_close(struct chaos__save_file *f);

#endif
