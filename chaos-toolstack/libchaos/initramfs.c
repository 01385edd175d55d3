// SPDX-License-Identifier: BSD-2-Clause
/* The size of an initramfs, unpacked. */
#include <string.h>

#include <lzma.h>
#include <zstd.h>

#include "image.h"
#include "initramfs.h"

#define HEAD		32u
/* No format packs better than that many bytes into one. */
#define GZIP_RATIO	1032u
#define MAX_RATIO	(64u << 10)
#define MAX_INDEX	(64u << 10)	/* of xz: some thousand blocks */
#define INDEX_MEMORY	(16ull << 20)

static uint64_t possible(uint64_t unpacked, uint64_t size, unsigned int ratio)
{
	return unpacked / ratio > size ? 0 : unpacked;
}

/* Of its last member, modulo 4 GB. */
static uint64_t gzip_size(int fd, uint64_t size)
{
	uint8_t b[4];

	if (size < 18 || chaos__image_read(fd, b, sizeof(b), size - sizeof(b)))
		return 0;
	return possible(b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 |
			(uint64_t)b[3] << 24, size, GZIP_RATIO);
}

/* Of its first frame. */
static uint64_t zstd_size(const uint8_t *head, uint64_t size)
{
	unsigned long long n = ZSTD_getFrameContentSize(head, HEAD);

	if (n == ZSTD_CONTENTSIZE_UNKNOWN || n == ZSTD_CONTENTSIZE_ERROR)
		return 0;
	return possible(n, size, MAX_RATIO);
}

/* The index stands before the footer, which knows its size. */
static uint64_t xz_size(int fd, uint64_t size)
{
	uint8_t footer[LZMA_STREAM_HEADER_SIZE], index[MAX_INDEX];
	uint64_t memory = INDEX_MEMORY, n = 0;
	lzma_stream_flags flags;
	lzma_index *i = NULL;
	size_t at = 0;

	if (size < 2 * sizeof(footer) ||
	    chaos__image_read(fd, footer, sizeof(footer),
			      size - sizeof(footer)) ||
	    lzma_stream_footer_decode(&flags, footer) != LZMA_OK ||
	    flags.backward_size > MAX_INDEX ||
	    flags.backward_size > size - 2 * sizeof(footer) ||
	    chaos__image_read(fd, index, flags.backward_size,
			      size - sizeof(footer) - flags.backward_size))
		return 0;
	if (lzma_index_buffer_decode(&i, &memory, NULL, index, &at,
				     flags.backward_size) == LZMA_OK)
		n = lzma_index_uncompressed_size(i);
	lzma_index_end(i, NULL);
	return possible(n, size, MAX_RATIO);
}

uint64_t chaos__initramfs_unpacked(int fd, uint64_t size)
{
	uint8_t head[HEAD];

	if (size < sizeof(head) || chaos__image_read(fd, head, sizeof(head), 0))
		return 0;
	/* Linux copies what is not compressed, too. */
	if (!memcmp(head, "070701", 6) || !memcmp(head, "070702", 6))
		return size;
	if (!memcmp(head, "\x1f\x8b", 2))
		return gzip_size(fd, size);
	if (!memcmp(head, "\x28\xb5\x2f\xfd", 4))
		return zstd_size(head, size);
	if (!memcmp(head, "\xfd" "7zXZ", 6))
		return xz_size(fd, size);
	return 0;
}
