// SPDX-License-Identifier: BSD-2-Clause
/* Kernels as distributions ship them: packed in each way, and broken. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "elf_maker.h"
#include "image.h"
#include "unpack.h"

#define ROOM	(1u << 20)
#define SETUP	2		/* sectors of set-up code, but for the first */
#define PAYLOAD	0x300		/* in the protected-mode part */
#define REST	24		/* bytes of code behind it */

static uint8_t packed[ROOM];

static size_t gzip(const void *data, size_t size, uint8_t *out)
{
	z_stream z = { .next_in = (void *)(uintptr_t)data,
		       .avail_in = (unsigned int)size, .next_out = out,
		       .avail_out = ROOM };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return ROOM - z.avail_out;
}

static size_t xz(const void *data, size_t size, uint8_t *out)
{
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL,
						 data, size, out, &n, ROOM),
			 LZMA_OK);
	return n;
}

static size_t old_lzma(const void *data, size_t size, uint8_t *out)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma opt;

	assert_false(lzma_lzma_preset(&opt, 6));
	assert_int_equal(lzma_alone_encoder(&s, &opt), LZMA_OK);
	s.next_in = data;
	s.avail_in = size;
	s.next_out = out;
	s.avail_out = ROOM;
	assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	lzma_end(&s);
	return ROOM - s.avail_out;
}

static size_t zstd(const void *data, size_t size, uint8_t *out)
{
	size_t n = ZSTD_compress(out, ROOM, data, size, 3);

	assert_false(ZSTD_isError(n));
	return n;
}

typedef size_t pack_fn(const void *data, size_t size, uint8_t *out);

static pack_fn *const packers[] = { gzip, xz, old_lzma, zstd };
#define NR_PACKERS (sizeof(packers) / sizeof(packers[0]))

static void put_le(uint8_t *p, uint32_t v, unsigned int n)
{
	for (; n--; v >>= 8)
		*p++ = (uint8_t)v;
}

/* What Linux's boot protocol says, and no more. */
static size_t bzimage(const uint8_t *payload, size_t size, uint8_t *out)
{
	static const uint8_t magic[] = { 'H', 'd', 'r', 'S' };
	size_t at = (SETUP + 1) * 512 + PAYLOAD;

	memset(out, 0, at);
	out[0x1f1] = SETUP;
	memcpy(out + 0x202, magic, sizeof(magic));
	put_le(out + 0x206, 0x20f, 2);
	put_le(out + 0x248, PAYLOAD, 4);
	/* The size of what is packed stands behind it, and is counted. */
	put_le(out + 0x24c, (uint32_t)size + 4, 4);
	memcpy(out + at, payload, size);
	put_le(out + at + size, 12345, 4);
	memset(out + at + size + 4, 0x90, REST);
	return at + size + 4 + REST;
}

static int try(struct fixture *f, const void *data, size_t size,
	       struct chaos__image *im, const char **why)
{
	const char *file;
	char path[128];

	snprintf(path, sizeof(path), "%s/try", f->dir);
	fixture_write(path, data, size);
	return chaos__image_open(path, NULL, im, why, &file);
}

static void assert_unpacked(struct chaos__image *im)
{
	struct elf_file elf, got;

	elf_make(&elf);
	assert_int_equal(im->size, sizeof(elf));
	assert_int_equal(chaos__image_read(im->fd, &got, sizeof(got), 0), 0);
	assert_memory_equal(&got, &elf, sizeof(elf));
	assert_int_equal(im->pvh_entry, ELF_ENTRY);
	chaos__image_close(im);
}

static void test_packed(void **state)
{
	struct fixture *f = *state;
	struct chaos__image im;
	struct elf_file elf;
	const char *why;
	size_t i, n;

	elf_make(&elf);
	for (i = 0; i < NR_PACKERS; i++) {
		n = packers[i](&elf, sizeof(elf), packed);
		assert_int_equal(try(f, packed, n, &im, &why), 0);
		assert_unpacked(&im);
	}
}

static void test_bzimage(void **state)
{
	static uint8_t file[ROOM];
	struct fixture *f = *state;
	struct chaos__image im;
	struct elf_file elf;
	const char *why;
	size_t i, n = 0;

	elf_make(&elf);
	for (i = 0; i < NR_PACKERS; i++) {
		n = packers[i](&elf, sizeof(elf), packed);
		n = bzimage(packed, n, file);
		assert_int_equal(try(f, file, n, &im, &why), 0);
		assert_unpacked(&im);
	}
	/* 0 sectors are 4, from the time of floppies. */
	n = bzimage(packed, n, file);
	memmove(file + 2 * 512, file, n);
	memmove(file, file + 2 * 512, 512 * 3);
	file[0x1f1] = 0;
	assert_int_equal(try(f, file, n + 2 * 512, &im, &why), 0);
	chaos__image_close(&im);
}

static void refused(struct fixture *f, const uint8_t *file, size_t n,
		    const char *text)
{
	struct chaos__image im;
	const char *why = NULL;

	assert_int_equal(try(f, file, n, &im, &why), -ENOEXEC);
	assert_non_null(why);
	if (!strstr(why, text))
		fail_msg("wanted \"%s\", got \"%s\"", text, why);
}

/* Cut anywhere, or with a byte changed: an error, or what was packed. */
static void test_broken(void **state)
{
	struct fixture *f = *state;
	struct chaos__image im;
	struct elf_file elf;
	const char *why;
	size_t i, n, at;
	int rc;

	elf_make(&elf);
	for (i = 0; i < NR_PACKERS; i++) {
		n = packers[i](&elf, sizeof(elf), packed);
		refused(f, packed, n / 2, "broken");
		for (at = 0; at < n; at += 7) {
			packed[at] ^= 0x20;
			rc = try(f, packed, n, &im, &why);
			if (!rc)
				chaos__image_close(&im);
			else
				assert_true(rc == -ENOEXEC || rc == -ENOMEM);
			packed[at] ^= 0x20;
		}
	}
}

static void test_refused(void **state)
{
	static uint8_t file[ROOM];
	struct fixture *f = *state;
	struct elf_file elf;
	size_t n, size;

	elf_make(&elf);
	n = gzip(&elf, sizeof(elf), packed);
	size = bzimage(packed, n, file);
	put_le(file + 0x24c, (uint32_t)size, 4);
	refused(f, file, size, "is cut");
	size = bzimage(packed, n, file);
	put_le(file + 0x248, 0xffffffff, 4);
	refused(f, file, size, "is cut");
	size = bzimage(packed, n, file);
	put_le(file + 0x206, 0x207, 2);
	refused(f, file, size, "2.6.26");
	size = bzimage((const uint8_t *)"\x02\x21\x4c\x18 lz4", 8, file);
	refused(f, file, size, "lz4");
	size = bzimage((const uint8_t *)"BZh9 bzip2", 10, file);
	refused(f, file, size, "bzip2");
	size = bzimage((const uint8_t *)"something", 9, file);
	refused(f, file, size, "give its vmlinux");
	/* Packed twice is not an ELF file. */
	n = gzip(packed, n, file);
	refused(f, file, n, "not an ELF file");
}

/* A small file that is a large one. */
static void test_bomb(void **state)
{
	struct fixture *f = *state;
	ZSTD_CStream *s = ZSTD_createCStream();
	static uint8_t zeros[ROOM];
	ZSTD_outBuffer out = { packed, ROOM, 0 };
	struct chaos__image im;
	const char *why;
	unsigned int i;

	assert_non_null(s);
	for (i = 0; i <= CHAOS__UNPACK_MAX / ROOM; i++) {
		ZSTD_inBuffer in = { zeros, ROOM, 0 };

		while (in.pos < in.size)
			assert_false(ZSTD_isError(ZSTD_compressStream(s, &out,
								      &in)));
	}
	assert_int_equal(ZSTD_endStream(s, &out), 0);
	ZSTD_freeCStream(s);
	assert_int_equal(try(f, packed, out.pos, &im, &why), -EFBIG);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_packed), T(test_bzimage), T(test_broken),
		T(test_refused), T(test_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
