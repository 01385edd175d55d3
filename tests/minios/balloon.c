// SPDX-License-Identifier: BSD-2-Clause
/*
 * The balloon against a Xen that takes and gives pages one by one, and stops
 * when it is told to.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "minios/hypercall.h"
#include <xen/memory.h>

#include "minios/balloon.h"
#include "minios/mm.h"

#define NR_PAGES	2048u	/* of memory, from IMAGE_BASE */
#define NR_OTHER	5u	/* owned, but not for the allocator */
#define FLOOR		100u
#define NO_FRAME	(~0ull)
#define KIB		4u	/* a page */

struct boot_info boot;

/* By page number from IMAGE_BASE. */
static bool allocated[NR_PAGES], mapped[NR_PAGES], owned[NR_PAGES];
static uint64_t p2m[NR_PAGES];
static unsigned long nr_free, nr_owned;
static long may_take, may_give;		/* pages until Xen has enough */
static uint64_t next_mfn;

static unsigned long number(const void *page)
{
	return ((uintptr_t)page - IMAGE_BASE) >> PAGE_SHIFT;
}

/* --- what the balloon uses ---------------------------------------------------- */

void *page_alloc(unsigned int n)
{
	unsigned long i;

	assert_int_equal(n, 1);
	for (i = 0; i < NR_PAGES; i++) {
		if (allocated[i])
			continue;
		allocated[i] = true;
		nr_free--;
		return (void *)(IMAGE_BASE + (i << PAGE_SHIFT));
	}
	return NULL;
}

void page_free(void *page, unsigned int n)
{
	unsigned long i = number(page);

	assert_int_equal(n, 1);
	assert_true(allocated[i] && owned[i] && mapped[i]);
	allocated[i] = false;
	nr_free++;
}

unsigned long page_nr_free(void)
{
	return nr_free;
}

uint64_t page_frame(const void *page)
{
	return boot.pv ? p2m[number(page)] : (uintptr_t)page >> PAGE_SHIFT;
}

void pv_unmap_page(void *page)
{
	assert_true(boot.pv && mapped[number(page)]);
	mapped[number(page)] = false;
}

void pv_map_page(void *page)
{
	assert_true(boot.pv && !mapped[number(page)]);
	assert_true(owned[number(page)]);
	assert_true(p2m[number(page)] != NO_FRAME);
	mapped[number(page)] = true;
}

/* --- Xen --------------------------------------------------------------------- */

static unsigned long take_number(uint64_t frame)
{
	unsigned long i;

	if (!boot.pv)
		return frame - (IMAGE_BASE >> PAGE_SHIFT);
	for (i = 0; i < NR_PAGES; i++)
		if (p2m[i] == frame)
			return i;
	fail();
	return 0;
}

static long take(const struct xen_memory_reservation *op)
{
	unsigned long n, i;

	for (n = 0; n < op->nr_extents && may_take; n++, may_take--) {
		i = take_number(op->extent_start.p[n]);
		assert_true(owned[i] && allocated[i]);
		/* A frame that is mapped stays with a PV guest. */
		assert_true(!boot.pv || !mapped[i]);
		owned[i] = false;
		nr_owned--;
	}
	return (long)n;
}

static long give(const struct xen_memory_reservation *op)
{
	unsigned long n, i;

	for (n = 0; n < op->nr_extents && may_give; n++, may_give--) {
		i = op->extent_start.p[n];
		if (!boot.pv)
			i -= IMAGE_BASE >> PAGE_SHIFT;
		assert_true(i < NR_PAGES && !owned[i] && allocated[i]);
		assert_true(!boot.pv || p2m[i] == NO_FRAME);
		owned[i] = true;
		nr_owned++;
		if (boot.pv)
			op->extent_start.p[n] = next_mfn++;
	}
	return (long)n;
}

long fake_hypercall(unsigned int nr, unsigned long a, unsigned long b,
		    unsigned long c)
{
	const struct xen_memory_reservation *op = (const void *)b;

	(void)c;
	assert_int_equal(nr, __HYPERVISOR_memory_op);
	switch (a) {
	case XENMEM_current_reservation:
		assert_int_equal(*(const domid_t *)b, DOMID_SELF);
		return (long)(nr_owned + NR_OTHER);
	case XENMEM_decrease_reservation:
		assert_true(op->domid == DOMID_SELF && !op->extent_order);
		return take(op);
	case XENMEM_populate_physmap:
		assert_true(op->domid == DOMID_SELF && !op->extent_order);
		return give(op);
	default:
		return -ENOSYS;
	}
}

/* --- the tests ---------------------------------------------------------------- */

/*
 * All programs of this kind begin with nothing given away, as the balloon's
 * own memory of it is not cleared.
 */
static void begin(bool pv)
{
	unsigned long i;

	boot = (struct boot_info){
		.pv = pv,
		.nr_ranges = 1,
		.range = { { IMAGE_BASE,
			     IMAGE_BASE + NR_PAGES * PAGE_SIZE } },
		.p2m = p2m,
	};
	next_mfn = 0x700000;
	for (i = 0; i < NR_PAGES; i++) {
		allocated[i] = i < FLOOR;
		mapped[i] = owned[i] = true;
		p2m[i] = next_mfn++;
	}
	nr_free = NR_PAGES - FLOOR;
	nr_owned = NR_PAGES;
	may_take = may_give = -1;
}

static int begin_pvh(void **state)
{
	(void)state;
	begin(false);
	return 0;
}

static int begin_pv(void **state)
{
	(void)state;
	begin(true);
	return 0;
}

static uint64_t kib(unsigned long pages)
{
	return (uint64_t)(pages + NR_OTHER) * KIB;
}

static void check_whole(void)
{
	unsigned long i;

	assert_int_equal(nr_owned, NR_PAGES);
	assert_int_equal(nr_free, NR_PAGES - FLOOR);
	for (i = 0; i < NR_PAGES; i++) {
		assert_true(owned[i] && mapped[i]);
		assert_true(allocated[i] == (i < FLOOR));
		assert_true(p2m[i] != NO_FRAME);
	}
}

static void down_and_up(void **state)
{
	unsigned long less;

	(void)state;
	for (less = 1; less < NR_PAGES - FLOOR - 200; less = less * 3 + 1) {
		assert_int_equal(balloon_set(kib(NR_PAGES - less)), 0);
		assert_int_equal(nr_owned, NR_PAGES - less);
		assert_int_equal(nr_free, NR_PAGES - FLOOR - less);
		/* There already. */
		assert_int_equal(balloon_set(kib(NR_PAGES - less)), 0);
		assert_int_equal(nr_owned, NR_PAGES - less);
		/* Half of the way. */
		assert_int_equal(balloon_set(kib(NR_PAGES - less / 2)), 0);
		assert_int_equal(nr_owned, NR_PAGES - less / 2);
		assert_int_equal(balloon_set(kib(NR_PAGES)), 0);
		check_whole();
	}
}

static void never_all(void **state)
{
	(void)state;
	assert_int_equal(balloon_set(0), -ENOMEM);
	assert_int_equal(balloon_set(kib(FLOOR)), -ENOMEM);
	check_whole();
}

static void never_more_than_at_boot(void **state)
{
	(void)state;
	assert_int_equal(balloon_set(kib(NR_PAGES + 1)), -ERANGE);
	assert_int_equal(balloon_set(UINT64_MAX), -ERANGE);
	check_whole();
	assert_int_equal(balloon_set(kib(NR_PAGES - 10)), 0);
	assert_int_equal(balloon_set(kib(NR_PAGES + 1)), -ERANGE);
	assert_int_equal(nr_owned, NR_PAGES - 10);
	assert_int_equal(balloon_set(kib(NR_PAGES)), 0);
	check_whole();
}

/* Xen takes only some: what it took comes back, page for page. */
static void taken_in_part(void **state)
{
	long n;

	(void)state;
	for (n = 0; n < 200; n += 13) {
		may_take = n;
		assert_int_equal(balloon_set(kib(NR_PAGES - 200)), -ENOMEM);
		may_take = -1;
		check_whole();
	}
}

static void given_in_part(void **state)
{
	long n;

	(void)state;
	for (n = 0; n < 200; n += 13) {
		assert_int_equal(balloon_set(kib(NR_PAGES - 200)), 0);
		may_give = n;
		assert_int_equal(balloon_set(kib(NR_PAGES)), -ENOMEM);
		may_give = -1;
		assert_int_equal(nr_owned, NR_PAGES - 200);
		assert_int_equal(nr_free, NR_PAGES - FLOOR - 200);
		assert_int_equal(balloon_set(kib(NR_PAGES)), 0);
		check_whole();
	}
}

/* Last: the floor stays raised. */
static void floor_is_kept(void **state)
{
	static bool raised;

	(void)state;
	if (!raised)
		balloon_floor(NR_PAGES - FLOOR - 64);
	raised = true;
	assert_int_equal(balloon_set(kib(NR_PAGES - 33)), -ENOMEM);
	check_whole();
	assert_int_equal(balloon_set(kib(NR_PAGES - 32)), 0);
	assert_int_equal(balloon_set(kib(NR_PAGES)), 0);
	check_whole();
}

#define BOTH(test) \
	cmocka_unit_test_setup(test, begin_pvh), \
	cmocka_unit_test_setup(test, begin_pv)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(down_and_up),
		BOTH(never_all),
		BOTH(never_more_than_at_boot),
		BOTH(taken_in_part),
		BOTH(given_in_part),
		BOTH(floor_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
