// SPDX-License-Identifier: BSD-2-Clause
/*
 * Small objects out of pages, one size per page; large ones are pages.
 *
 * Every page in use starts with a header, and an object starts in its first
 * page, so the header is found from the object's address.  A page whose last
 * object goes is given back, unless it is the only one of its size.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "minios/mm.h"
#include "minios/panic.h"

#define MAGIC		0x4d414c43u	/* a small object's page */
#define MAGIC_LARGE	0x4d414c4cu
#define HEADER		64

struct header {
	uint32_t magic;
	uint16_t size_class;
	uint16_t nr_used;
	uint32_t nr_pages;		/* large only */
	uint32_t pad;
	void *free;			/* list through the free objects */
	struct header *prev, *next;	/* pages of the class with free objects */
};

_Static_assert(sizeof(struct header) <= HEADER, "header fits");

/* As many as fit behind the header: 252, 126, 63, 31, 15, 8, 4, 2. */
static const uint16_t sizes[] = { 16, 32, 64, 128, 256, 496, 1008, 2016 };

#define NR_CLASSES	(sizeof(sizes) / sizeof(sizes[0]))

static struct header *partial[NR_CLASSES];

static void unlink_page(struct header *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		partial[h->size_class] = h->next;
	if (h->next)
		h->next->prev = h->prev;
}

static void link_page(struct header *h)
{
	h->prev = NULL;
	h->next = partial[h->size_class];
	if (h->next)
		h->next->prev = h;
	partial[h->size_class] = h;
}

static struct header *new_page(unsigned int size_class)
{
	struct header *h = page_alloc(1);
	unsigned int size = sizes[size_class];
	uintptr_t obj;

	if (!h)
		return NULL;
	*h = (struct header){ .magic = MAGIC, .size_class = size_class };
	for (obj = (uintptr_t)h + HEADER;
	     obj + size <= (uintptr_t)h + PAGE_SIZE; obj += size) {
		*(void **)obj = h->free;
		h->free = (void *)obj;
	}
	link_page(h);
	return h;
}

static void *alloc_large(size_t size)
{
	struct header *h;
	size_t n;

	if (size > SIZE_MAX / 2)
		return NULL;
	n = PAGE_UP(size + HEADER) >> PAGE_SHIFT;
	if (n > UINT32_MAX)
		return NULL;
	h = page_alloc(n);
	if (!h)
		return NULL;
	*h = (struct header){ .magic = MAGIC_LARGE, .nr_pages = n };
	return (char *)h + HEADER;
}

void *malloc(size_t size)
{
	struct header *h;
	unsigned int c;
	void *obj;

	if (!size)
		return NULL;
	for (c = 0; c < NR_CLASSES && sizes[c] < size; c++)
		;
	if (c == NR_CLASSES)
		return alloc_large(size);
	h = partial[c];
	if (!h)
		h = new_page(c);
	if (!h)
		return NULL;
	obj = h->free;
	if (!obj)
		panic("a page of the wrong list, or written over");
	h->free = *(void **)obj;
	h->nr_used++;
	if (!h->free)
		unlink_page(h);
	return obj;
}

void *calloc(size_t n, size_t size)
{
	size_t bytes;
	void *obj;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	obj = malloc(bytes);
	if (obj)
		memset(obj, 0, bytes);
	return obj;
}

size_t malloc_size(const void *obj)
{
	const struct header *h =
		(const struct header *)((uintptr_t)obj & PAGE_MASK);

	if (h->magic == MAGIC_LARGE)
		return (size_t)h->nr_pages * PAGE_SIZE - HEADER;
	return sizes[h->size_class];
}

void free(void *obj)
{
	struct header *h = (struct header *)((uintptr_t)obj & PAGE_MASK);

	if (!obj)
		return;
	if (h->magic == MAGIC_LARGE) {
		page_free(h, h->nr_pages);
		return;
	}
	if (h->magic != MAGIC || !h->nr_used)
		panic("free of %p, which malloc did not give", obj);
	if (!h->free)
		link_page(h);
	*(void **)obj = h->free;
	h->free = obj;
	if (--h->nr_used || (!h->prev && !h->next))
		return;
	unlink_page(h);
	h->magic = 0;
	page_free(h, 1);
}
