// SPDX-License-Identifier: BSD-2-Clause
/* Kernels that are kept ready: used as long as they are the file they were. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images.h"

struct kernels {
	struct fixture *f;
	struct chaos__images *images;
	char path[12][128];
};

static off_t file_size(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void copy_kernel(const struct fixture *f, const char *to)
{
	size_t size = (size_t)file_size(f->kernel);
	uint8_t *data = malloc(size);
	FILE *in = fopen(f->kernel, "r");

	assert_non_null(data);
	assert_non_null(in);
	assert_int_equal(fread(data, 1, size, in), size);
	fclose(in);
	fixture_write(to, data, size);
	free(data);
}

/* So many of the fixture's kernels fit. */
static void setup(struct kernels *k, void **state, unsigned int fit)
{
	unsigned int i;

	k->f = *state;
	for (i = 0; i < 12; i++) {
		snprintf(k->path[i], sizeof(k->path[i]), "%s/kernel%u",
			 k->f->dir, i);
		copy_kernel(k->f, k->path[i]);
	}
	assert_int_equal(chaos__images_new((uint64_t)file_size(k->path[0]) * fit,
					   &k->images), 0);
}

static void teardown(struct kernels *k)
{
	unsigned int i;

	chaos__images_free(k->images);
	for (i = 0; i < 12; i++)
		unlink(k->path[i]);
}

/* Returns whether it is kept. */
static bool get(struct kernels *k, const char *path, const char *ramdisk,
		struct chaos__image *image)
{
	const char *why, *file;
	bool kept;

	assert_int_equal(chaos__images_get(k->images, path, ramdisk, image,
					   &why, &file), 0);
	kept = image->kept;
	assert_int_equal(kept, image->data != NULL);
	assert_int_equal(kept, image->fd < 0);
	chaos__image_close(image);
	return kept;
}

static void test_kept(void **state)
{
	struct chaos__image a, b;
	struct kernels k;

	setup(&k, state, 4);
	assert_true(get(&k, k.path[0], NULL, &a));
	assert_true(get(&k, k.path[0], NULL, &b));
	assert_ptr_equal(a.data, b.data);
	assert_int_equal(a.nr_segments, b.nr_segments);
	assert_memory_equal(b.data, "\177ELF", 4);
	/* With a ramdisk it is another. */
	assert_true(get(&k, k.path[0], k.path[1], &b));
	assert_ptr_not_equal(a.data, b.data);
	assert_memory_equal(b.ramdisk_data, "\177ELF", 4);
	teardown(&k);
}

static void test_changed(void **state)
{
	struct chaos__image a;
	struct kernels k;
	FILE *f;

	setup(&k, state, 4);
	assert_true(get(&k, k.path[0], NULL, &a));
	assert_true(chaos__image_same(&a, k.path[0], NULL));
	/* Another file under its name. */
	assert_int_equal(rename(k.path[1], k.path[0]), 0);
	assert_false(chaos__image_same(&a, k.path[0], NULL));
	assert_true(get(&k, k.path[0], NULL, &a));
	/* The same file, written to. */
	usleep(20000);
	f = fopen(k.path[0], "r+");
	assert_non_null(f);
	fseek(f, -1, SEEK_END);
	fputc('x', f);
	fclose(f);
	assert_false(chaos__image_same(&a, k.path[0], NULL));
	assert_true(get(&k, k.path[0], NULL, &a));
	assert_int_equal(a.data[a.size - 1], 'x');
	/* No file any more. */
	unlink(k.path[0]);
	assert_false(chaos__image_same(&a, k.path[0], NULL));
	assert_int_equal(chaos__images_get(k.images, k.path[0], NULL, &a,
					   &(const char *){ NULL },
					   &(const char *){ NULL }), -ENOENT);
	teardown(&k);
}

static void test_too_large(void **state)
{
	struct chaos__image a;
	struct kernels k;

	setup(&k, state, 1);
	assert_false(get(&k, k.path[0], k.path[1], &a));
	assert_true(get(&k, k.path[0], NULL, &a));
	teardown(&k);
}

/* The least recently used goes: by size, and by number. */
static void test_which_goes(void **state)
{
	const uint8_t *first;
	struct chaos__image a;
	struct kernels k;
	unsigned int i;

	setup(&k, state, 3);
	for (i = 0; i < 3; i++)
		get(&k, k.path[i], NULL, &a);
	get(&k, k.path[0], NULL, &a);
	first = a.data;
	get(&k, k.path[3], NULL, &a);	/* in place of 1 */
	get(&k, k.path[0], NULL, &a);
	assert_ptr_equal(a.data, first);
	teardown(&k);

	setup(&k, state, 100);
	for (i = 0; i < 12; i++) {
		assert_true(get(&k, k.path[0], NULL, &a));
		if (i)
			assert_ptr_equal(a.data, first);
		first = a.data;
		assert_true(get(&k, k.path[i], NULL, &a));
	}
	teardown(&k);
}

static void test_none(void **state)
{
	struct fixture *f = *state;
	const char *why, *file;
	struct chaos__image a;

	assert_int_equal(chaos__images_get(NULL, f->kernel, NULL, &a, &why,
					   &file), 0);
	assert_false(a.kept);
	assert_true(a.fd >= 0);
	chaos__image_close(&a);
	chaos__images_free(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_kept), T(test_changed), T(test_too_large),
		T(test_which_goes), T(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
