/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * images.h owns the kernels that are kept ready: parsed once, their files in
 * memory.  For processes that make many guests of few kernels; a cache belongs
 * to one context and costs nothing when it is not there (NULL).
 *
 * What is kept is used as long as the path is the same file (device, inode,
 * size, times).  Of the files that do not fit, the least recently used goes.
 */
#ifndef CHAOS_IMAGES_H
#define CHAOS_IMAGES_H

#include "image.h"

struct chaos__images;

/* max_bytes: of all files together. */
int chaos__images_new(uint64_t max_bytes, struct chaos__images **out);
void chaos__images_free(struct chaos__images *images);	/* NULL is allowed */
/*
 * As chaos__image_open().  What is kept is valid until the next call; one that
 * cannot be kept, because it is too large or changes, is opened as ever.
 */
int chaos__images_get(struct chaos__images *images, const char *kernel,
		      const char *ramdisk, struct chaos__image *image,
		      const char **why, const char **file);

#endif
