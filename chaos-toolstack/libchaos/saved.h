/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A saved domain as a stream of bytes: docs/saved-state.md.
 *
 *   header   magic, version
 *   record   type, size, number, CRC; payload; zeroes up to 8 bytes   ...
 *
 * in this order: CONFIG, IDENTITY, the chunks of chunk.h up to their END,
 * TRAILER.  A record's CRC covers its type, size and number too, so that none
 * can be lost or change places.  Nothing that is read is used before its CRC
 * was right.  No Xen in here.
 */
#ifndef CHAOS_SAVED_H
#define CHAOS_SAVED_H

#include "chunk.h"

#define CHAOS__SAVED_MAGIC	"chaosimg"	/* without the 0 */
#define CHAOS__SAVED_VERSION	1u

#define CHAOS__SAVED_CONFIG	1u	/* JSON text, no 0 at its end */
#define CHAOS__SAVED_IDENTITY	2u	/* struct chaos__saved_identity */
#define CHAOS__SAVED_TRAILER	3u	/* struct chaos__saved_trailer */

/* Bytes of a payload, whatever its type. */
#define CHAOS__SAVED_MAX	CHAOS__CHUNK_MAX
#define CHAOS__SAVED_MAX_CONFIG	(256u << 10)

struct chaos__saved_header {
	char magic[8];
	uint32_t version;
	uint32_t flags;			/* 0 */
};
CHAOS__CHUNK_ASSERT(chaos__saved_header, 16);

struct chaos__saved_record {
	uint32_t type;
	uint32_t size;			/* of the payload, without padding */
	uint32_t number;		/* 0, 1, ... */
	uint32_t crc;			/* of the three above and the payload */
};
CHAOS__CHUNK_ASSERT(chaos__saved_record, 16);

struct chaos__saved_identity {
	uint32_t generation;		/* of the device page, when it was saved */
	uint32_t pad;			/* 0 */
	uint64_t created;		/* seconds since 1970 */
};
CHAOS__CHUNK_ASSERT(chaos__saved_identity, 16);

struct chaos__saved_trailer {
	uint64_t nr_records;		/* before this one */
};
CHAOS__CHUNK_ASSERT(chaos__saved_trailer, 8);

/* Writing.  Calls return 0 or -errno; after a failure only fini is allowed. */
struct chaos__saved_writer {
	int fd;				/* borrowed; may be a pipe or a socket */
	uint32_t number;
	uint64_t bytes;			/* written so far */
	unsigned char *buf;
	const volatile int *cancelled;	/* NULL, or != 0: -ECANCELED */
	int timeout_ms;			/* for the other end; 0: for ever */
};

int chaos__saved_writer_init(struct chaos__saved_writer *w, int fd);
void chaos__saved_writer_fini(struct chaos__saved_writer *w);
int chaos__saved_put(struct chaos__saved_writer *w, uint32_t type,
		     const struct iovec *iov, unsigned int n);
int chaos__saved_put_one(struct chaos__saved_writer *w, uint32_t type,
			 const void *data, size_t size);
int chaos__saved_put_trailer(struct chaos__saved_writer *w);

/* How long a stream's other end may say nothing, unless it is set. */
#define CHAOS__SAVED_TIMEOUT_MS	600000

/* Reading.  A stream is read once; a file can be begun anew. */
struct chaos__saved_reader {
	int fd;				/* borrowed */
	int timeout_ms;			/* for more of a stream; 0: a file */
	const volatile int *cancelled;	/* may be NULL; not of a file */
	uint32_t number;
	uint64_t bytes;			/* read so far */
	unsigned char *buf;		/* one record */
	unsigned char *all;		/* of a small file, or NULL */
	size_t all_size;
	char why[160];			/* of -EPROTO */
	bool ended;			/* it was cut off: the reason of that */
};

/* Reads the header.  -EPROTO not a saved domain, or of another version. */
int chaos__saved_reader_init(struct chaos__saved_reader *r, int fd,
			     const volatile int *cancelled);
void chaos__saved_reader_fini(struct chaos__saved_reader *r);
/* To the first record again.  -ESPIPE a stream. */
int chaos__saved_rewind(struct chaos__saved_reader *r);
/*
 * The next record; its payload is valid, and aligned to 8, until the next
 * call.  -EPROTO it is damaged or cut off, why says how; other -errno of the
 * read.
 */
int chaos__saved_next(struct chaos__saved_reader *r, uint32_t *type,
		      const void **data, size_t *size);
/* The next one, which must be of this type.  *size: of at least that. */
int chaos__saved_expect(struct chaos__saved_reader *r, uint32_t type,
			const void **data, size_t *size);
/* A trailer that fits, and in a file nothing behind it. */
int chaos__saved_end(struct chaos__saved_reader *r);

#endif
