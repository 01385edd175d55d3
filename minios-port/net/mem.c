// SPDX-License-Identifier: BSD-2-Clause
/*
 * lwIP's memory: malloc within a quota.
 */
#include <stdlib.h>
#include <string.h>

#include "minios/balloon.h"
#include "minios/mm.h"
#include "minios/net_lwip.h"

#define MIN_QUOTA	(128u << 10)

static size_t quota = MIN_QUOTA, used;

void net_mem_init(void)
{
	quota = page_nr_free() * PAGE_SIZE / 4;
	if (quota < MIN_QUOTA)
		quota = MIN_QUOTA;
	balloon_floor(quota >> PAGE_SHIFT);
}

void *net_mem_alloc(size_t size)
{
	void *ptr;

	if (size > quota - used)
		return NULL;
	ptr = malloc(size);
	if (ptr)
		used += malloc_size(ptr);
	/* Rounding may pass the quota once, not more. */
	if (used > quota) {
		net_mem_free(ptr);
		return NULL;
	}
	return ptr;
}

void *net_mem_calloc(size_t n, size_t size)
{
	size_t bytes;
	void *ptr;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	ptr = net_mem_alloc(bytes);
	if (ptr)
		memset(ptr, 0, bytes);
	return ptr;
}

void net_mem_free(void *ptr)
{
	if (!ptr)
		return;
	used -= malloc_size(ptr);
	free(ptr);
}
