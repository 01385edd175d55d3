// SPDX-License-Identifier: BSD-2-Clause
/*
 * Grant table and window across a suspend, against a Xen with a grant table and
 * a map of which of its pages are mapped where.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "minios/hypercall.h"
#include <xen/grant_table.h>
#include <xen/memory.h>

#include "minios/gnttab.h"
#include "minios/mm.h"
#include "minios/panic.h"

#define WINDOW		0x20000000ul
#define NR_SLOTS	192
#define PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))
#define NR_REFS		700		/* two frames of the table */

struct boot_info boot;

static unsigned int nr_mapped, max_frames;
static bool mapped[NR_SLOTS];

uint64_t page_frame(const void *page)
{
	return (uintptr_t)page >> PAGE_SHIFT;
}

int pv_prepare(uintptr_t va)
{
	(void)va;
	return 0;
}

void panic(const char *fmt, ...)
{
	(void)fmt;
	mock_assert(false, "panic", __FILE__, __LINE__);
	abort();
}

/* --- Xen ---------------------------------------------------------------------- */

static void set_mapped(unsigned long slot, bool map)
{
	assert_true(slot < NR_SLOTS);
	assert_true(mapped[slot] != map);
	mapped[slot] = map;
	nr_mapped += map ? 1 : -1;
}

static long physmap(unsigned long cmd, const void *arg)
{
	const struct xen_add_to_physmap *add = arg;
	const struct xen_remove_from_physmap *remove = arg;

	if (cmd == XENMEM_remove_from_physmap) {
		set_mapped(remove->gpfn - (WINDOW >> PAGE_SHIFT), false);
		return 0;
	}
	assert_int_equal(cmd, XENMEM_add_to_physmap);
	if (add->space == XENMAPSPACE_grant_table && add->idx >= max_frames)
		return -EINVAL;
	set_mapped(add->gpfn - (WINDOW >> PAGE_SHIFT), true);
	return 0;
}

static long setup_table(struct gnttab_setup_table *op)
{
	unsigned int i;

	op->status = op->nr_frames > max_frames ? GNTST_general_error :
						  GNTST_okay;
	for (i = 0; op->status == GNTST_okay && i < op->nr_frames; i++)
		op->frame_list.p[i] = 0x5000 + i;
	return 0;
}

long fake_hypercall(unsigned int nr, unsigned long a, unsigned long b,
		    unsigned long c)
{
	(void)c;
	switch (nr) {
	case __HYPERVISOR_memory_op:
		assert_false(boot.pv);
		return physmap(a, (const void *)b);
	case __HYPERVISOR_update_va_mapping:
		assert_true(boot.pv);
		set_mapped((a - WINDOW) >> PAGE_SHIFT, b);
		return 0;
	case __HYPERVISOR_grant_table_op:
		return setup_table((void *)b);
	default:
		return -ENOSYS;
	}
}

/* Another domain: its pages are empty, and may be fewer. */
static void move(unsigned int frames)
{
	assert_int_equal(nr_mapped, 0);
	memset((void *)WINDOW, 0, NR_SLOTS * PAGE_SIZE);
	max_frames = frames;
}

/* --- the tests ------------------------------------------------------------------ */

static bool is_used[4 * PER_FRAME];

static uint32_t grant(void)
{
	uint32_t ref = 0;

	assert_int_equal(gnttab_grant(0, (void *)WINDOW, false, &ref), 0);
	assert_true(ref >= GNTTAB_NR_RESERVED_ENTRIES &&
		    ref < 4 * PER_FRAME);
	assert_false(is_used[ref]);
	is_used[ref] = true;
	return ref;
}

static void end(uint32_t ref)
{
	assert_true(is_used[ref]);
	assert_int_equal(gnttab_end(ref), 0);
	is_used[ref] = false;
}

static uint32_t refs[NR_REFS];

static void begin_all(void)
{
	unsigned int i;

	max_frames = 4;
	for (i = 0; i < NR_REFS; i++)
		refs[i] = grant();
	/* Holes, which are free on both sides. */
	for (i = 0; i < NR_REFS; i += 3)
		end(refs[i]);
}

static void end_all(void)
{
	unsigned int i;

	for (i = 0; i < NR_REFS; i++)
		if (i % 3)
			end(refs[i]);
}

static void suspend(bool same, unsigned int frames)
{
	assert_int_equal(gnttab_suspend(), 0);
	window_suspend();
	if (!same)
		move(frames);
	window_resume(same);
	gnttab_resume(same);
}

static void called_off(void **state)
{
	unsigned int before;

	(void)state;
	begin_all();
	before = nr_mapped;
	suspend(true, 0);
	assert_int_equal(nr_mapped, before);
	end_all();
}

/* No reference of before is given out again until it was ended. */
static void elsewhere(void **state)
{
	uint32_t now[100];
	unsigned int i, before;

	(void)state;
	begin_all();
	before = nr_mapped;
	suspend(false, 4);
	assert_int_equal(nr_mapped, before);
	for (i = 0; i < 100; i++)
		now[i] = grant();
	end_all();
	for (i = 0; i < 100; i++)
		end(now[i]);
	/* The reserved entries are the toolstack's. */
	for (i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++)
		is_used[i] = true;
	begin_all();
	end_all();
	memset(is_used, 0, sizeof(is_used));
}

/* Those that the new table has no room for end as if they were there. */
static void smaller_table(void **state)
{
	uint32_t ref;
	unsigned int i;

	(void)state;
	begin_all();
	suspend(false, 1);
	end_all();
	for (i = 0; i < PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES; i++)
		refs[i] = grant();
	assert_int_equal(gnttab_grant(0, (void *)WINDOW, false, &ref),
			 -ENOSPC);
	while (i--)
		end(refs[i]);
}

static void window_forgets(void **state)
{
	void *a, *b, *c;

	(void)state;
	assert_int_equal(window_map_frame(7, true, &a), 0);
	assert_int_equal(window_map_frame(8, false, &b), 0);
	window_suspend();
	window_resume(true);
	window_suspend();
	window_resume(false);
	/* The addresses are still taken ... */
	assert_int_equal(window_map_frame(9, true, &c), 0);
	assert_true(c != a && c != b);
	window_unmap(a);
	window_unmap(b);
	window_unmap(c);
	assert_int_equal(window_map_frame(9, true, &c), 0);
	/* ... until their owner lets go. */
	assert_ptr_equal(c, a);
	window_unmap(c);
}

static int as_pvh(void **state)
{
	(void)state;
	boot = (struct boot_info){ .window = WINDOW };
	return 0;
}

static int as_pv(void **state)
{
	(void)state;
	boot = (struct boot_info){ .window = WINDOW, .pv = true };
	return 0;
}

int main(void)
{
	const struct CMUnitTest pvh[] = {
		cmocka_unit_test(called_off),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(smaller_table),
	};
	const struct CMUnitTest pv[] = {
		cmocka_unit_test(called_off),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(smaller_table),
		/* Last: it leaves the grant table's owner behind. */
		cmocka_unit_test(window_forgets),
	};

	int rc;

	if (mmap((void *)WINDOW, NR_SLOTS * PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
	    MAP_FAILED)
		return 1;
	/* The second finds the table as the first left it. */
	rc = cmocka_run_group_tests_name("pvh", pvh, as_pvh, NULL);
	return rc ? rc : cmocka_run_group_tests_name("pv", pv, as_pv, NULL);
}
