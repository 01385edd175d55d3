// SPDX-License-Identifier: BSD-2-Clause
/* Reading a saved domain; nothing of it is trusted. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc.h"
#include "saved.h"
#include "stream.h"

/* A file up to this size is read once, whoever reads it twice. */
#define SMALL_FILE	(16u << 20)

__attribute__((format(printf, 2, 3)))
static int broken(struct chaos__saved_reader *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->why, sizeof(r->why), format, ap);
	va_end(ap);
	return -EPROTO;
}

/* *all: how much there was, up to size. */
static int read_some(struct chaos__saved_reader *r, void *to, size_t size,
		     size_t *all)
{
	size_t got = 0;
	ssize_t n;
	int rc;

	if (r->all) {
		got = r->all_size - (size_t)r->bytes;
		got = got < size ? got : size;
		memcpy(to, r->all + r->bytes, got);
		r->bytes += got;
		*all = got;
		return 0;
	}
	while (got < size) {
		rc = r->timeout_ms ? chaos__stream_wait(r->fd, POLLIN,
							r->timeout_ms,
							r->cancelled) : 0;
		if (rc < 0)
			return rc;
		n = read(r->fd, (unsigned char *)to + got, size - got);
		if (n < 0 && (errno == EINTR ||
			      (errno == EAGAIN && r->timeout_ms)))
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += (size_t)n;
	}
	r->bytes += got;
	*all = got;
	return 0;
}

static int read_all(struct chaos__saved_reader *r, void *to, size_t size)
{
	uint64_t at = r->bytes;
	size_t n = 0;
	int rc = read_some(r, to, size, &n);

	if (rc)
		return rc;
	r->ended = n < size;
	if (r->ended)
		return broken(r, "cut off behind byte %llu",
			      (unsigned long long)at + (unsigned long long)n);
	return 0;
}

static int read_header(struct chaos__saved_reader *r)
{
	struct chaos__saved_header header = { 0 };
	int rc = read_all(r, &header, sizeof(header));

	if (rc)
		return rc;
	if (memcmp(header.magic, CHAOS__SAVED_MAGIC, sizeof(header.magic)))
		return broken(r, "not a saved domain of chaos");
	if (header.version != CHAOS__SAVED_VERSION || header.flags)
		return broken(r, "of version %u, this reads version %u",
			      header.version, CHAOS__SAVED_VERSION);
	return 0;
}

/* At the start of a file, not in the middle of one. */
static int load_small(struct chaos__saved_reader *r)
{
	unsigned char *all;
	struct stat st;
	size_t n = 0;
	int rc;

	if (fstat(r->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		r->timeout_ms = CHAOS__SAVED_TIMEOUT_MS;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    st.st_size > SMALL_FILE || lseek(r->fd, 0, SEEK_CUR) != 0)
		return 0;
	all = malloc((size_t)st.st_size);
	if (!all)
		return -ENOMEM;
	rc = read_some(r, all, (size_t)st.st_size, &n);
	r->bytes = 0;
	r->all = all;
	r->all_size = n;
	return rc;
}

int chaos__saved_reader_init(struct chaos__saved_reader *r, int fd,
			     const volatile int *cancelled)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->cancelled = cancelled;
	r->buf = malloc(CHAOS__SAVED_MAX + 8);
	rc = r->buf ? load_small(r) : -ENOMEM;
	if (!rc)
		rc = read_header(r);
	if (rc)
		chaos__saved_reader_fini(r);
	return rc;
}

void chaos__saved_reader_fini(struct chaos__saved_reader *r)
{
	free(r->buf);
	free(r->all);
	r->buf = r->all = NULL;
}

int chaos__saved_rewind(struct chaos__saved_reader *r)
{
	if (!r->all && lseek(r->fd, 0, SEEK_SET) < 0)
		return -errno;
	r->bytes = 0;
	r->number = 0;
	return read_header(r);
}

int chaos__saved_next(struct chaos__saved_reader *r, uint32_t *type,
		      const void **data, size_t *size)
{
	struct chaos__saved_record record = { 0 };
	size_t padding;
	uint32_t crc;
	int rc;

	rc = read_all(r, &record, sizeof(record));
	if (rc)
		return rc;
	if (record.number != r->number || record.size > CHAOS__SAVED_MAX)
		return broken(r, "record %u is damaged", r->number);
	padding = -(size_t)record.size & 7;
	rc = read_all(r, r->buf, record.size + padding);
	if (rc)
		return rc;
	crc = chaos__crc32c(0, &record,
			    offsetof(struct chaos__saved_record, crc));
	crc = chaos__crc32c(crc, r->buf, record.size);
	if (crc != record.crc ||
	    memcmp(r->buf + record.size, "\0\0\0\0\0\0\0", padding))
		return broken(r, "record %u is damaged", r->number);
	r->number++;
	*type = record.type;
	*data = r->buf;
	*size = record.size;
	return 0;
}

int chaos__saved_expect(struct chaos__saved_reader *r, uint32_t type,
			const void **data, size_t *size)
{
	size_t least = *size;
	uint32_t got = 0;
	int rc = chaos__saved_next(r, &got, data, size);

	if (!rc && (got != type || *size < least))
		rc = broken(r, "record %u is of type %u, not %u",
			    r->number - 1, got, type);
	return rc;
}

int chaos__saved_end(struct chaos__saved_reader *r)
{
	struct chaos__saved_trailer trailer = { 0 };
	size_t size = sizeof(trailer);
	const void *data;
	size_t more = 0;
	char byte;
	int rc;

	rc = chaos__saved_expect(r, CHAOS__SAVED_TRAILER, &data, &size);
	if (rc)
		return rc;
	memcpy(&trailer, r->buf, sizeof(trailer));
	if (size != sizeof(trailer) || trailer.nr_records != r->number - 1)
		return broken(r, "its trailer does not fit");
	if (!r->all && lseek(r->fd, 0, SEEK_CUR) < 0)
		return 0;	/* a stream goes on with something else */
	rc = read_some(r, &byte, 1, &more);
	return !rc && more ? broken(r, "something is behind its end") : rc;
}
