/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel file that was looked at: what to load where, and where to enter.  One
 * that is compressed is unpacked first (unpack.h).
 * Only the headers are read here; the segments are read from fd when the guest
 * has memory to hold them, unless they are kept ready (images.h).  Nothing in
 * the file is trusted.
 */
#ifndef CHAOS_IMAGE_H
#define CHAOS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define CHAOS__MAX_SEGMENTS 16

struct chaos__segment {
	uint64_t offset, file_size;	/* in the file */
	uint64_t paddr, mem_size;	/* in guest memory */
};

/* As good as the file's content: what changes it changes one of these. */
struct chaos__file_id {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

struct chaos__image {
	int fd;
	struct chaos__file_id id, ramdisk_id;
	/* All of the files, or NULL: to be read from fd. */
	const uint8_t *data, *ramdisk_data;
	bool kept;			/* not the caller's: close does nothing */
	uint64_t size;			/* of the kernel, uncompressed */
	bool is_64;
	bool has_pvh_entry;
	bool minios;			/* by its own word: wants no ACPI tables */
	bool linux_kernel;		/* by its own word: unpacks its ramdisk */
	uint32_t pvh_entry;		/* physical */
	uint64_t start, end;		/* physical, of all segments */
	unsigned int nr_segments;
	struct chaos__segment segment[CHAOS__MAX_SEGMENTS]; /* by paddr */
	int ramdisk_fd;			/* -1: none */
	uint64_t ramdisk_size;
	uint64_t ramdisk_unpacked;	/* at least; 0: not known */
};

/*
 * Opens and checks a kernel and, if not NULL, a ramdisk.  Returns 0 or
 * -errno with *why set: -ENOEXEC what is wrong with the kernel; others, which
 * file could not be used (*file says which of the two paths).
 */
int chaos__image_open(const char *kernel, const char *ramdisk,
		      struct chaos__image *image, const char **why,
		      const char **file);
void chaos__image_close(struct chaos__image *image);
/* Is the path still the file that it was?  ramdisk NULL: there is none. */
bool chaos__image_same(const struct chaos__image *image, const char *kernel,
		       const char *ramdisk);
/* All of it or an error: -ENOEXEC the file became shorter. */
int chaos__image_read(int fd, void *buf, uint64_t size, uint64_t offset);

#endif
