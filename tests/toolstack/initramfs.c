// SPDX-License-Identifier: BSD-2-Clause
/* What an initramfs says it unpacks to; and guests that have less memory. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "elf_maker.h"
#include "initramfs.h"

#define UNPACKED	(6u << 20)
#define ROOM		(1u << 20)

static uint8_t plain[UNPACKED], packed[ROOM];

static size_t gzip(void)
{
	z_stream z = { .next_in = plain, .avail_in = UNPACKED,
		       .next_out = packed, .avail_out = ROOM };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return ROOM - z.avail_out;
}

static size_t xz(void)
{
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL,
						 plain, UNPACKED, packed, &n,
						 ROOM), LZMA_OK);
	return n;
}

static size_t zstd(void)
{
	size_t n = ZSTD_compress(packed, ROOM, plain, UNPACKED, 1);

	assert_false(ZSTD_isError(n));
	return n;
}

typedef size_t pack_fn(void);

static pack_fn *const packers[] = { gzip, xz, zstd };
#define NR_PACKERS (sizeof(packers) / sizeof(packers[0]))

static const char *ramdisk(struct fixture *f, const void *data, size_t size)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/ramdisk", f->dir);
	fixture_write(path, data, size);
	return path;
}

static uint64_t ask(struct fixture *f, const void *data, size_t size)
{
	int fd = open(ramdisk(f, data, size), O_RDONLY | O_CLOEXEC);
	uint64_t n;

	assert_true(fd >= 0);
	n = chaos__initramfs_unpacked(fd, size);
	close(fd);
	return n;
}

static void test_each_format(void **state)
{
	static const uint8_t cpio[] = { '0', '7', '0', '7', '0', '1' };
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < NR_PACKERS; i++)
		assert_int_equal(ask(f, packed, packers[i]()), UNPACKED);
	memcpy(plain, cpio, sizeof(cpio));
	assert_int_equal(ask(f, plain, 512), 512);
	memset(plain, 0, sizeof(cpio));
}

static void test_what_does_not_say(void **state)
{
	struct fixture *f = *state;
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t n;

	assert_int_equal(ask(f, "", 0), 0);
	assert_int_equal(ask(f, "\x1f\x8b", 2), 0);
	assert_int_equal(ask(f, plain, 4096), 0);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	n = ZSTD_compress2(c, packed, ROOM, plain, UNPACKED);
	assert_false(ZSTD_isError(n));
	assert_int_equal(ask(f, packed, n), 0);
	ZSTD_freeCCtx(c);
}

/* It may be cut or changed anywhere; what is impossible is not believed. */
static void test_broken(void **state)
{
	struct fixture *f = *state;
	size_t i, n, at;
	uint64_t said;

	for (i = 0; i < NR_PACKERS; i++) {
		n = packers[i]();
		assert_true(n > 64);
		for (at = 1; at < 60; at++)
			assert_true(ask(f, packed, n - at) <
				    (uint64_t)n << 16);
		for (at = 0; at < 40; at++) {
			n = packers[i]();
			packed[at] ^= 0xff;
			packed[n - 1 - at] ^= 0xff;
			said = ask(f, packed, n);
			assert_true(said <= (uint64_t)n << 16);
		}
	}
}

static void linux_kernel(struct fixture *f, const char *os)
{
	struct elf_file elf;

	elf_make(&elf);
	memset(elf.note.os, 0, sizeof(elf.note.os));
	strcpy(elf.note.os, os);
	elf.note.os_nh.n_descsz = (uint32_t)strlen(os) + 1;
	fixture_write(f->kernel, &elf, sizeof(elf));
}

static int create(struct fixture *f, unsigned int memory, const char *type)
{
	struct chaos_config *cfg;
	char text[512];
	uint32_t domid;
	int rc;

	snprintf(text, sizeof(text), "name = \"web\"\nkernel = \"%s\"\n"
		 "type = \"%s\"\nramdisk = \"%s/ramdisk\"\nmemory = %u\n",
		 f->kernel, type, f->dir, memory);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	rc = chaos_create(f->ctx, cfg, 0, &domid);
	if (!rc)
		assert_int_equal(chaos_destroy(f->ctx, domid), 0);
	chaos_config_free(cfg);
	return rc;
}

static void test_too_little_memory(void **state)
{
	struct fixture *f = *state;
	size_t i;

	linux_kernel(f, "linux");
	for (i = 0; i < NR_PACKERS; i++) {
		ramdisk(f, packed, packers[i]());
		assert_int_equal(create(f, 5, i ? "pvh" : "pv"), -ENOSPC);
		assert_error(f, "check image");
		assert_error(f, "unpack to 6");
		assert_error(f, "more than 5 MB of memory");
		assert_error(f, "raise memory=");
		assert_int_equal(fake_xen_nr_domains(), 0);
		assert_int_equal(fake_xen.nr_builds, 0);
		assert_int_equal(fixture_nr_records(f), 0);
		assert_int_equal(create(f, 8, i ? "pvh" : "pv"), 0);
	}
}

/* Others do with their ramdisk what they like. */
static void test_of_linux_alone(void **state)
{
	struct fixture *f = *state;

	linux_kernel(f, "netbsd");
	ramdisk(f, packed, zstd());
	assert_int_equal(create(f, 5, "pvh"), 0);
}

int main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_each_format), T(test_what_does_not_say), T(test_broken),
		T(test_too_little_memory), T(test_of_linux_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
