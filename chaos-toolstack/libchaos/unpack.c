// SPDX-License-Identifier: BSD-2-Clause
/* Kernels as distributions ship them. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "image.h"
#include "unpack.h"

#define CHUNK		(256u << 10)
/* xz of the kernel's: a dictionary of 32 MB and what goes with it. */
#define LZMA_MEMORY	(256ull << 20)
/* As large as zstd lets a decoder be that was not told to expect more. */
#define ZSTD_WINDOW_LOG	27

/* Of the boot protocol */
#define SETUP_SECTS	0x1f1
#define HEADER_MAGIC	0x202	/* "HdrS" */
#define VERSION		0x206
#define PAYLOAD_OFFSET	0x248
#define PAYLOAD_LENGTH	0x24c
#define HEADER_END	0x250

/* What is read, and what was written. */
struct unpack {
	int in, out;
	uint64_t at, end;	/* of the compressed bytes */
	uint64_t size;		/* so far */
	const char *why;
	uint8_t from[CHUNK], to[CHUNK];
};

static int broken(struct unpack *u, const char *why)
{
	u->why = why;
	return -ENOEXEC;
}

/* The next bytes; 0: there are none left. */
static int64_t refill(struct unpack *u)
{
	uint64_t n = u->end - u->at < CHUNK ? u->end - u->at : CHUNK;
	int rc = n ? chaos__image_read(u->in, u->from, n, u->at) : 0;

	if (rc)
		return rc;
	u->at += n;
	return (int64_t)n;
}

static int drain(struct unpack *u, size_t n)
{
	const uint8_t *p = u->to;
	ssize_t done;

	if (n > CHAOS__UNPACK_MAX - u->size)
		return -EFBIG;
	u->size += n;
	for (; n; p += done, n -= (size_t)done) {
		done = write(u->out, p, n);
		if (done < 0 && errno != EINTR)
			return -errno;
		if (done < 0)
			done = 0;
	}
	return 0;
}

static int unpack_gzip(struct unpack *u)
{
	z_stream z = { 0 };
	int64_t n = 1;
	int rc = 0, r = Z_OK;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	while (!rc && r != Z_STREAM_END) {
		if (!z.avail_in) {
			n = refill(u);
			z.next_in = u->from;
			z.avail_in = n > 0 ? (unsigned int)n : 0;
		}
		z.next_out = u->to;
		z.avail_out = CHUNK;
		if (n > 0)
			r = inflate(&z, Z_NO_FLUSH);
		if (n <= 0 || (r != Z_OK && r != Z_STREAM_END))
			rc = n < 0 ? (int)n :
				     broken(u, "its gzip data is broken");
		else
			rc = drain(u, CHUNK - z.avail_out);
	}
	inflateEnd(&z);
	return rc;
}

/* xz, and the format before it. */
static int unpack_lzma(struct unpack *u)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_ret r = lzma_auto_decoder(&s, LZMA_MEMORY, 0);
	int64_t n = 1;
	int rc = r == LZMA_OK ? 0 : -ENOMEM;

	while (!rc && r != LZMA_STREAM_END) {
		if (!s.avail_in) {
			n = refill(u);
			s.next_in = u->from;
			s.avail_in = n > 0 ? (size_t)n : 0;
		}
		s.next_out = u->to;
		s.avail_out = CHUNK;
		if (n > 0)
			r = lzma_code(&s, LZMA_RUN);
		if (r == LZMA_MEM_ERROR || r == LZMA_MEMLIMIT_ERROR)
			rc = -ENOMEM;
		else if (n <= 0 || (r != LZMA_OK && r != LZMA_STREAM_END))
			rc = n < 0 ? (int)n :
				     broken(u, "its xz data is broken");
		else
			rc = drain(u, CHUNK - s.avail_out);
	}
	lzma_end(&s);
	return rc;
}

static int unpack_zstd(struct unpack *u)
{
	ZSTD_DStream *s = ZSTD_createDStream();
	ZSTD_inBuffer in = { u->from, 0, 0 };
	ZSTD_outBuffer out;
	size_t left = 1;
	int64_t n = 1;
	int rc = 0;

	if (!s)
		return -ENOMEM;
	ZSTD_DCtx_setParameter(s, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	while (!rc && left) {
		if (in.pos == in.size) {
			n = refill(u);
			in.pos = 0;
			in.size = n > 0 ? (size_t)n : 0;
		}
		out = (ZSTD_outBuffer){ u->to, CHUNK, 0 };
		if (n > 0)
			left = ZSTD_decompressStream(s, &out, &in);
		if (n <= 0 || ZSTD_isError(left))
			rc = n < 0 ? (int)n :
				     broken(u, "its zstd data is broken");
		else
			rc = drain(u, out.pos);
	}
	ZSTD_freeDStream(s);
	return rc;
}

static const struct format {
	uint8_t magic[6];
	unsigned int size;
	int (*fn)(struct unpack *u);
	const char *why;	/* it cannot be done */
} formats[] = {
	{ { 0x1f, 0x8b }, 2, unpack_gzip, NULL },
	{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_lzma, NULL },
	{ { 0x5d, 0, 0 }, 3, unpack_lzma, NULL },
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd, NULL },
	{ { 'B', 'Z', 'h' }, 3, NULL,
	  "compressed by bzip2, which is not known here; give its vmlinux" },
	{ { 0x02, 0x21, 0x4c, 0x18 }, 4, NULL,
	  "compressed by lz4, which is not known here; give its vmlinux" },
	{ { 0x89, 'L', 'Z', 'O' }, 4, NULL,
	  "compressed by lzo, which is not known here; give its vmlinux" },
};

static const struct format *find_format(int fd, uint64_t at, uint64_t end)
{
	uint8_t magic[6];
	size_t i;

	if (end - at < sizeof(magic) ||
	    chaos__image_read(fd, magic, sizeof(magic), at))
		return NULL;
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!memcmp(magic, formats[i].magic, formats[i].size))
			return &formats[i];
	return NULL;
}

static uint32_t get_le(const uint8_t *p, unsigned int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

/* Where the payload of a bzImage is; false: it is none. */
static bool find_payload(int fd, uint64_t size, uint64_t *at, uint64_t *end,
			 const char **why)
{
	uint8_t h[HEADER_END];
	uint64_t setup, offset, length;

	*why = NULL;
	if (size < sizeof(h) || chaos__image_read(fd, h, sizeof(h), 0) ||
	    memcmp(h + HEADER_MAGIC, "HdrS", 4))
		return false;
	setup = h[SETUP_SECTS] ? h[SETUP_SECTS] : 4;
	offset = (setup + 1) * 512 + get_le(h + PAYLOAD_OFFSET, 4);
	length = get_le(h + PAYLOAD_LENGTH, 4);
	if (get_le(h + VERSION, 2) < 0x208)
		*why = "a bzImage of before Linux 2.6.26; give its vmlinux";
	else if (offset > size || length > size - offset)
		*why = "truncated: the kernel in the bzImage is cut";
	*at = offset;
	*end = offset + length;
	return true;
}

static int unpack(int fd, uint64_t at, uint64_t end, const struct format *f,
		  int *out, uint64_t *out_size, const char **why)
{
	struct unpack *u = calloc(1, sizeof(*u));
	int rc;

	if (!u)
		return -ENOMEM;
	u->in = fd;
	u->at = at;
	u->end = end;
	u->out = memfd_create("kernel", MFD_CLOEXEC);
	rc = u->out < 0 ? -errno : f->fn(u);
	if (rc) {
		*why = u->why;
		if (u->out >= 0)
			close(u->out);
	} else {
		*out = u->out;
		*out_size = u->size;
	}
	free(u);
	return rc;
}

int chaos__unpack(int fd, uint64_t size, int *out, uint64_t *out_size,
		  const char **why)
{
	uint64_t at = 0, end = size;
	bool bzimage = find_payload(fd, size, &at, &end, why);
	const struct format *f;

	*out = -1;
	if (*why)
		return -ENOEXEC;
	f = find_format(fd, at, end);
	if (!f && bzimage)
		*why = "a bzImage, compressed in a way that is not known here; give its vmlinux";
	else if (f)
		*why = f->why;
	if (*why)
		return -ENOEXEC;
	return f ? unpack(fd, at, end, f, out, out_size, why) : 0;
}
