// SPDX-License-Identifier: BSD-2-Clause
/* Kernels that are kept ready. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "images.h"

#define MAX_KEPT 8

struct kept {
	char *kernel, *ramdisk;		/* kernel NULL: nothing is kept here */
	struct chaos__image image;
	uint8_t *data, *ramdisk_data;
	uint64_t bytes;
	uint64_t used;			/* when; by counting calls */
};

struct chaos__images {
	uint64_t max_bytes, bytes;
	uint64_t now;
	struct kept kept[MAX_KEPT];
};

int chaos__images_new(uint64_t max_bytes, struct chaos__images **out)
{
	struct chaos__images *im = calloc(1, sizeof(*im));

	if (!im)
		return -ENOMEM;
	im->max_bytes = max_bytes;
	*out = im;
	return 0;
}

static void drop(struct chaos__images *im, struct kept *k)
{
	im->bytes -= k->bytes;
	free(k->kernel);
	free(k->ramdisk);
	free(k->data);
	free(k->ramdisk_data);
	memset(k, 0, sizeof(*k));
}

void chaos__images_free(struct chaos__images *im)
{
	unsigned int i;

	if (!im)
		return;
	for (i = 0; i < MAX_KEPT; i++)
		drop(im, &im->kept[i]);
	free(im);
}

static bool same_path(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static struct kept *find(struct chaos__images *im, const char *kernel,
			 const char *ramdisk)
{
	unsigned int i;

	for (i = 0; i < MAX_KEPT; i++)
		if (im->kept[i].kernel &&
		    same_path(im->kept[i].kernel, kernel) &&
		    same_path(im->kept[i].ramdisk, ramdisk))
			return &im->kept[i];
	return NULL;
}

/* The least recently used; of empty ones, the first. */
static struct kept *oldest(struct chaos__images *im, bool with_bytes)
{
	struct kept *found = NULL;
	unsigned int i;

	for (i = 0; i < MAX_KEPT; i++) {
		struct kept *k = &im->kept[i];

		if ((!with_bytes || k->kernel) &&
		    (!found || k->used < found->used))
			found = k;
	}
	return found;
}

static uint8_t *read_all(int fd, uint64_t size)
{
	uint8_t *data = malloc(size ? size : 1);

	if (data && chaos__image_read(fd, data, size, 0)) {
		free(data);
		data = NULL;
	}
	return data;
}

static bool fill(struct kept *k, const char *kernel, const char *ramdisk,
		 const struct chaos__image *image)
{
	k->image = *image;
	k->kernel = strdup(kernel);
	k->data = read_all(image->fd, image->size);
	if (ramdisk) {
		k->ramdisk = strdup(ramdisk);
		k->ramdisk_data = read_all(image->ramdisk_fd,
					   image->ramdisk_size);
	}
	k->image.data = k->data;
	k->image.ramdisk_data = k->ramdisk_data;
	k->image.fd = k->image.ramdisk_fd = -1;
	k->image.kept = true;
	return k->kernel && k->data &&
	       (!ramdisk || (k->ramdisk && k->ramdisk_data));
}

/* NULL: it stays as it is.  One that was written while it was read is not what
 * it was identified as. */
static struct kept *keep(struct chaos__images *im, const char *kernel,
			 const char *ramdisk, const struct chaos__image *image)
{
	uint64_t bytes = image->size + image->ramdisk_size;
	struct kept *k;

	if (bytes < image->size || bytes > im->max_bytes)
		return NULL;
	while (im->bytes > im->max_bytes - bytes)
		drop(im, oldest(im, true));
	k = oldest(im, false);
	drop(im, k);
	k->bytes = bytes;
	im->bytes += bytes;
	if (fill(k, kernel, ramdisk, image) &&
	    chaos__image_same(image, kernel, ramdisk))
		return k;
	drop(im, k);
	return NULL;
}

int chaos__images_get(struct chaos__images *im, const char *kernel,
		      const char *ramdisk, struct chaos__image *image,
		      const char **why, const char **file)
{
	struct kept *k = im ? find(im, kernel, ramdisk) : NULL;
	int rc;

	if (k && !chaos__image_same(&k->image, kernel, ramdisk)) {
		drop(im, k);
		k = NULL;
	}
	if (!k) {
		rc = chaos__image_open(kernel, ramdisk, image, why, file);
		if (rc || !im)
			return rc;
		k = keep(im, kernel, ramdisk, image);
		if (!k)
			return 0;
		chaos__image_close(image);
	}
	k->used = ++im->now;
	*image = k->image;
	*why = NULL;
	*file = kernel;
	return 0;
}
