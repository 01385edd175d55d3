// SPDX-License-Identifier: BSD-2-Clause
/* Writing a saved domain. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc.h"
#include "saved.h"
#include "stream.h"

#define BUF_SIZE (sizeof(struct chaos__saved_record) + CHAOS__SAVED_MAX)

static int write_all(struct chaos__saved_writer *w, const void *data,
		     size_t size)
{
	const unsigned char *p = data;
	ssize_t n;
	int rc;

	while (size) {
		if (w->cancelled && *w->cancelled)
			return -ECANCELED;
		rc = w->timeout_ms ? chaos__stream_wait(w->fd, POLLOUT,
							w->timeout_ms,
							w->cancelled) : 0;
		if (rc)
			return rc;
		n = write(w->fd, p, size);
		if (n < 0 && (errno == EINTR ||
			      (errno == EAGAIN && w->timeout_ms)))
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		size -= (size_t)n;
		w->bytes += (uint64_t)n;
	}
	return 0;
}

int chaos__saved_writer_init(struct chaos__saved_writer *w, int fd)
{
	struct chaos__saved_header header = {
		.version = CHAOS__SAVED_VERSION,
	};
	int rc;

	memset(w, 0, sizeof(*w));
	w->fd = fd;
	memcpy(header.magic, CHAOS__SAVED_MAGIC, sizeof(header.magic));
	w->buf = malloc(BUF_SIZE);
	if (!w->buf)
		return -ENOMEM;
	rc = write_all(w, &header, sizeof(header));
	if (rc)
		chaos__saved_writer_fini(w);
	return rc;
}

void chaos__saved_writer_fini(struct chaos__saved_writer *w)
{
	free(w->buf);
	w->buf = NULL;
}

/* The pieces may change under our eyes: the CRC is that of what is written. */
int chaos__saved_put(struct chaos__saved_writer *w, uint32_t type,
		     const struct iovec *iov, unsigned int n)
{
	struct chaos__saved_record record = {
		.type = type,
		.number = w->number,
	};
	unsigned char *p = w->buf + sizeof(record);
	size_t size = 0, padding;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > CHAOS__SAVED_MAX - size)
			return -EMSGSIZE;
		size += iov[i].iov_len;
	}
	record.size = (uint32_t)size;
	record.crc = chaos__crc32c(0, &record,
				   offsetof(struct chaos__saved_record, crc));
	for (i = 0; i < n; i++) {
		record.crc = chaos__crc32c_copy(record.crc, p, iov[i].iov_base,
						iov[i].iov_len);
		p += iov[i].iov_len;
	}
	memcpy(w->buf, &record, sizeof(record));
	padding = -size & 7;
	memset(p, 0, padding);
	w->number++;
	return write_all(w, w->buf, sizeof(record) + size + padding);
}

int chaos__saved_put_one(struct chaos__saved_writer *w, uint32_t type,
			 const void *data, size_t size)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data,
			     .iov_len = size };

	return chaos__saved_put(w, type, &iov, 1);
}

int chaos__saved_put_trailer(struct chaos__saved_writer *w)
{
	struct chaos__saved_trailer trailer = { .nr_records = w->number };

	return chaos__saved_put_one(w, CHAOS__SAVED_TRAILER, &trailer,
				    sizeof(trailer));
}
