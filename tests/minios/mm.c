// SPDX-License-Identifier: BSD-2-Clause
/*
 * The page allocator and malloc on memory at low addresses of the process.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "minios/panic.h"

#define malloc mm_malloc
#define calloc mm_calloc
#define free mm_free
#include "minios/mm.h"

struct boot_info boot;

/* NOLINTNEXTLINE(bugprone-suspicious-include): under other names */
#include "../../minios-port/mm/page.c"
#undef WORD_BITS
/* NOLINTNEXTLINE(bugprone-suspicious-include): under other names */
#include "../../minios-port/mm/malloc.c"
#undef malloc
#undef calloc
#undef free

#define BASE	0x10000000ul	/* first range */
#define BASE2	0x10200000ul	/* second */
#define TOP	(BASE + 0x800000)

static unsigned int nr_maps;
static bool map_fails;

uintptr_t pv_mapped_end(uintptr_t from, uintptr_t to)
{
	(void)from;
	return to;
}

int pv_map_memory(uintptr_t start, uintptr_t end)
{
	assert_true(start < end && end - start <= 0x200000);
	nr_maps++;
	return map_fails ? -ENOMEM : 0;
}

void panic(const char *fmt, ...)
{
	(void)fmt;
	mock_assert(false, "panic", __FILE__, __LINE__);
	abort();
}

/* Ranges of a PVH guest with 6 MB above the image, of which mapped_end counts. */
static int reset(uintptr_t low_end, uintptr_t end, uintptr_t mapped_end)
{
	munmap((void *)BASE, TOP - BASE);
	if (mmap((void *)BASE, TOP - BASE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
	    MAP_FAILED)
		return -1;
	boot = (struct boot_info){
		.nr_ranges = 2,
		.range = { { BASE, low_end }, { BASE2, end } },
		.mapped_end = mapped_end,
	};
	nr_free = nr_total = nr_mapped_free = 0;
	memset(partial, 0, sizeof(partial));
	nr_maps = 0;
	map_fails = false;
	page_init();
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return reset(BASE + 0x20000, BASE2 + 0x100000, BASE2 + 0x100000);
}

static void pages_all(void **state)
{
	unsigned long total = page_nr_total(), n = 0;
	void *first = NULL, *p;

	(void)state;
	/* Two ranges, less the page that the bitmap takes. */
	assert_int_equal(total, 0x20 + 0x100 - PAGE_UP(map_end / 8) / PAGE_SIZE);
	while ((p = page_alloc(1))) {
		uintptr_t va = (uintptr_t)p;

		assert_true((va >= BASE && va < BASE + 0x20000) ||
			    (va >= BASE2 && va < BASE2 + 0x100000));
		*(void **)p = first;
		first = p;
		n++;
	}
	assert_int_equal(n, total);
	assert_int_equal(page_nr_free(), 0);
	while (first) {
		p = first;
		first = *(void **)p;
		page_free(p, 1);
	}
	assert_int_equal(page_nr_free(), total);
}

static void pages_in_a_row(void **state)
{
	char *a, *b, *c;

	(void)state;
	a = page_alloc(0x1f);
	assert_non_null(a);
	/* One page is left in the low range: two do not fit there. */
	b = page_alloc(2);
	assert_true((uintptr_t)b >= BASE2);
	c = page_alloc(1);
	assert_ptr_equal(c, (char *)BASE + 0x1f000);
	page_free(a + 4 * PAGE_SIZE, 3);
	assert_ptr_equal(page_alloc(3), a + 4 * PAGE_SIZE);
	assert_null(page_alloc(0x1000));
	assert_null(page_alloc(0));
	page_free(NULL, 1);
}

static void pages_freed_are_clear(void **state)
{
	char *p = page_alloc(2);
	unsigned int i;

	(void)state;
	memset(p, 0x5a, 2 * PAGE_SIZE);
	page_free(p, 2);
	assert_ptr_equal(page_alloc(2), p);
	for (i = 0; i < 2 * PAGE_SIZE; i++)
		assert_int_equal(p[i], 0);
}

static void pages_are_mapped_when_needed(void **state)
{
	unsigned long n = 0;

	(void)state;
	assert_int_equal(reset(BASE, BASE2 + 0x600000, BASE2 + 0x100000), 0);
	while (page_alloc(1))
		n++;
	assert_int_equal(n, page_nr_total());
	/* The rest of the first 2 MB, and two more. */
	assert_int_equal(nr_maps, 3);

	assert_int_equal(reset(BASE, BASE2 + 0x600000, BASE2 + 0x100000), 0);
	map_fails = true;
	n = 0;
	while (page_alloc(1))
		n++;
	assert_int_equal(n, 0x100 - PAGE_UP(map_end / 8) / PAGE_SIZE);
}

static void malloc_sizes(void **state)
{
	size_t size;

	(void)state;
	assert_null(mm_malloc(0));
	for (size = 1; size < 20000; size = size * 5 / 4 + 1) {
		char *p = mm_malloc(size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		assert_true(malloc_size(p) >= size);
		memset(p, 0x77, size);
		mm_free(p);
	}
	assert_null(mm_malloc(SIZE_MAX));
	assert_null(mm_malloc(SIZE_MAX - 100));
	assert_null(mm_calloc(SIZE_MAX / 2, 3));
	mm_free(NULL);
}

struct obj {
	unsigned char *p;
	size_t size;
	unsigned char fill;
};

static void obj_check(const struct obj *o)
{
	size_t i;

	for (i = 0; i < o->size; i++)
		assert_int_equal(o->p[i], o->fill);
}

static void malloc_random(void **state)
{
	static struct obj objs[300];
	unsigned long before = page_nr_free();
	unsigned int round, i;

	(void)state;
	srand(1);
	memset(objs, 0, sizeof(objs));
	for (round = 0; round < 20000; round++) {
		struct obj *o = &objs[rand() % 300];

		if (o->p) {
			obj_check(o);
			mm_free(o->p);
			o->p = NULL;
			continue;
		}
		o->size = 1 + rand() % (rand() % 8 ? 600 : 5000);
		o->fill = rand();
		o->p = mm_malloc(o->size);
		if (o->p)
			memset(o->p, o->fill, o->size);
	}
	for (i = 0; i < 300; i++) {
		if (objs[i].p)
			obj_check(&objs[i]);
		mm_free(objs[i].p);
	}
	/* At most one page of each size stays. */
	assert_true(before - page_nr_free() <= NR_CLASSES);
}

static void malloc_bad_free(void **state)
{
	char *p = mm_malloc(40);
	struct header *h = (struct header *)((uintptr_t)p & PAGE_MASK);

	(void)state;
	h->magic = 0;
	expect_assert_failure(mm_free(p));
}

static void malloc_exhausted(void **state)
{
	void *list = NULL, *p;
	unsigned int n = 0;

	(void)state;
	while ((p = mm_malloc(2000))) {
		*(void **)p = list;
		list = p;
		n++;
	}
	assert_int_equal(n, page_nr_total() * 2);
	while (list) {
		p = list;
		list = *(void **)p;
		mm_free(p);
	}
	assert_int_equal(page_nr_free(), page_nr_total() - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pages_all, setup),
		cmocka_unit_test_setup(pages_in_a_row, setup),
		cmocka_unit_test_setup(pages_freed_are_clear, setup),
		cmocka_unit_test_setup(pages_are_mapped_when_needed, setup),
		cmocka_unit_test_setup(malloc_sizes, setup),
		cmocka_unit_test_setup(malloc_random, setup),
		cmocka_unit_test_setup(malloc_bad_free, setup),
		cmocka_unit_test_setup(malloc_exhausted, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("minios-mm", tests, NULL, NULL);
}
