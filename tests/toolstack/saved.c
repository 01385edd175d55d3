// SPDX-License-Identifier: BSD-2-Clause
/* Saved domains as bytes: written, read, cut off and damaged everywhere. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crc.h"
#include "saved.h"

/* The way without the CPU's instruction, beside the one with it. */
#define CHAOS__CRC_BY_BITS
#define chaos__crc32c		slow_crc32c
#define chaos__crc32c_copy	slow_crc32c_copy
uint32_t slow_crc32c(uint32_t crc, const void *data, size_t size);
uint32_t slow_crc32c_copy(uint32_t crc, void *to, const void *from, size_t size);
#include "../../chaos-toolstack/libchaos/crc.c"
#undef chaos__crc32c
#undef chaos__crc32c_copy

/* RFC 3720, B.4, and the usual check value. */
static void test_crc(void **state)
{
	unsigned char data[64], copy[64];
	size_t i, n;

	(void)state;
	assert_int_equal(chaos__crc32c(0, "123456789", 9), 0xe3069283u);
	assert_int_equal(slow_crc32c(0, "123456789", 9), 0xe3069283u);
	memset(data, 0, sizeof(data));
	assert_int_equal(chaos__crc32c(0, data, 32), 0x8a9136aau);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 37 + 11);
	for (n = 0; n <= sizeof(data); n++) {
		uint32_t whole = chaos__crc32c(0, data, n);

		assert_int_equal(slow_crc32c(0, data, n), whole);
		assert_int_equal(chaos__crc32c(chaos__crc32c(0, data, n / 3),
					       data + n / 3, n - n / 3), whole);
		memset(copy, 0, sizeof(copy));
		assert_int_equal(chaos__crc32c_copy(0, copy, data, n), whole);
		assert_memory_equal(copy, data, n);
		assert_int_equal(slow_crc32c_copy(0, copy, data, n), whole);
	}
}

static const char *const payload[] = { "{\"name\":\"web\"}", "", "12345678",
				       "a longer one, of odd size" };
#define NR (sizeof(payload) / sizeof(payload[0]))

/* An image in a file of memory, read from its start. */
static int image(void)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct chaos__saved_writer w;
	struct iovec iov[2];
	size_t i, half;

	assert_true(fd >= 0);
	assert_int_equal(chaos__saved_writer_init(&w, fd), 0);
	for (i = 0; i < NR; i++) {
		half = strlen(payload[i]) / 2;
		iov[0] = (struct iovec){ (void *)(uintptr_t)payload[i], half };
		iov[1] = (struct iovec){ (void *)(uintptr_t)(payload[i] + half),
					 strlen(payload[i]) - half };
		assert_int_equal(chaos__saved_put(&w, (uint32_t)i + 1, iov, 2), 0);
	}
	assert_int_equal(chaos__saved_put_trailer(&w), 0);
	assert_int_equal(w.bytes, lseek(fd, 0, SEEK_CUR));
	chaos__saved_writer_fini(&w);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* 0: all of it was read, and was right. */
static int read_records(struct chaos__saved_reader *r)
{
	const void *data;
	uint32_t type;
	size_t size, i;
	int rc;

	for (i = 0; i < NR; i++) {
		rc = chaos__saved_next(r, &type, &data, &size);
		if (rc)
			return rc;
		if (type != i + 1 || size != strlen(payload[i]) ||
		    memcmp(data, payload[i], size))
			fail_msg("a damaged record was let through");
	}
	return chaos__saved_end(r);
}

static int read_image(int fd, char why[160])
{
	struct chaos__saved_reader r;
	int rc = chaos__saved_reader_init(&r, fd, NULL);

	if (!rc)
		rc = read_records(&r);
	snprintf(why, 160, "%s", r.why);
	chaos__saved_reader_fini(&r);
	return rc;
}

static void test_round_trip(void **state)
{
	int fd = image();
	struct chaos__saved_reader r;

	(void)state;
	assert_int_equal(chaos__saved_reader_init(&r, fd, NULL), 0);
	assert_int_equal(read_records(&r), 0);
	assert_int_equal(chaos__saved_rewind(&r), 0);
	assert_int_equal(read_records(&r), 0);
	chaos__saved_reader_fini(&r);
	close(fd);
}

/* The same bytes through a pipe, which cannot be begun anew. */
static void test_stream(void **state)
{
	struct chaos__saved_reader r;
	unsigned char buf[4096];
	int fd = image(), pipefd[2];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)state;
	assert_int_equal(pipe(pipefd), 0);
	assert_int_equal(write(pipefd[1], buf, (size_t)n), n);
	assert_int_equal(write(pipefd[1], "more", 4), 4);
	assert_int_equal(chaos__saved_reader_init(&r, pipefd[0], NULL), 0);
	assert_int_equal(read_records(&r), 0);
	assert_int_equal(read(pipefd[0], buf, 8), 4);
	assert_int_equal(chaos__saved_rewind(&r), -ESPIPE);
	chaos__saved_reader_fini(&r);
	close(pipefd[0]);
	close(pipefd[1]);
	close(fd);
}

/* memfds are files: this walks what is read at once. */
static void test_cut_off(void **state)
{
	char why[160];
	int fd = image();
	off_t size = lseek(fd, 0, SEEK_END);

	(void)state;
	while (size-- > 0) {
		assert_int_equal(ftruncate(fd, size), 0);
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(read_image(fd, why), -EPROTO);
		assert_non_null(strstr(why, "cut off behind byte"));
	}
	close(fd);
}

static void test_every_bit(void **state)
{
	int fd = image();
	off_t size = lseek(fd, 0, SEEK_END), i;
	unsigned char byte, flipped;
	char why[160];
	int bit;

	(void)state;
	for (i = 0; i < size; i++) {
		assert_int_equal(pread(fd, &byte, 1, i), 1);
		for (bit = 0; bit < 8; bit++) {
			flipped = (unsigned char)(byte ^ 1u << bit);
			assert_int_equal(pwrite(fd, &flipped, 1, i), 1);
			lseek(fd, 0, SEEK_SET);
			assert_int_equal(read_image(fd, why), -EPROTO);
			assert_true(*why);
		}
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_image(fd, why), 0);
	assert_int_equal(pwrite(fd, "x", 1, size), 1);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_image(fd, why), -EPROTO);
	assert_non_null(strstr(why, "behind its end"));
	close(fd);
}

static void test_limits(void **state)
{
	static char big[CHAOS__SAVED_MAX + 1];
	int fd = memfd_create("image", MFD_CLOEXEC), cancelled = 0;
	struct chaos__saved_writer w;

	(void)state;
	assert_int_equal(chaos__saved_writer_init(&w, fd), 0);
	assert_int_equal(chaos__saved_put_one(&w, 9, big, sizeof(big)),
			 -EMSGSIZE);
	assert_int_equal(chaos__saved_put_one(&w, 9, big, sizeof(big) - 1), 0);
	w.cancelled = &cancelled;
	cancelled = 1;
	assert_int_equal(chaos__saved_put_one(&w, 9, big, 1), -ECANCELED);
	chaos__saved_writer_fini(&w);
	close(fd);
	assert_int_equal(chaos__saved_writer_init(&w, fd), -EBADF);
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(chaos__saved_writer_init(&w, fd), -ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_stream), cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_every_bit), cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
