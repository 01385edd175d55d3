// SPDX-License-Identifier: BSD-2-Clause
/*
 * Grant table, version 1.
 */
#include <errno.h>
#include <stdlib.h>

#include "minios/hypercall.h"
#include <xen/grant_table.h>
#include <xen/memory.h>

#include "minios/barrier.h"
#include "minios/boot.h"
#include "minios/gnttab.h"
#include "minios/mm.h"

#define PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAX_FRAMES	64
#define FIRST_REF	GNTTAB_NR_RESERVED_ENTRIES
#define NO_REF		0u

/*
 * frames[i] is frame i of the table.  A free entry has flags 0, and its
 * frame field, which means nothing to Xen then, holds the next free one.
 */
static struct grant_entry_v1 *frames[MAX_FRAMES];
static unsigned int nr_frames;
static uint32_t free_head = NO_REF;
static uint8_t *in_use;		/* while suspended: a bit for each entry */

static struct grant_entry_v1 *entry(uint32_t ref)
{
	return &frames[ref / PER_FRAME][ref % PER_FRAME];
}

static int map_frame(unsigned int i)
{
	xen_pfn_t list[MAX_FRAMES];
	struct gnttab_setup_table op = { .dom = DOMID_SELF,
					 .nr_frames = i + 1 };
	void *page;
	long rc;

	if (boot.pv) {
		set_xen_guest_handle(op.frame_list, list);
		rc = hypercall3(__HYPERVISOR_grant_table_op,
				GNTTABOP_setup_table, &op, 1);
		if (rc || op.status != GNTST_okay)
			return -ENOSPC;
		rc = window_map_frame(list[i], true, &page);
	} else {
		rc = window_map_space(XENMAPSPACE_grant_table, i, &page);
	}
	if (rc)
		return -ENOSPC;
	frames[i] = page;
	return 0;
}

/* The entries of frame i that nobody has; the lowest ends up first. */
static void make_free(unsigned int i)
{
	uint32_t ref;

	for (ref = (i + 1) * PER_FRAME - 1;
	     ref >= i * PER_FRAME && ref >= FIRST_REF; ref--) {
		if (in_use && in_use[ref / 8] >> (ref % 8) & 1)
			continue;
		entry(ref)->frame = free_head;
		free_head = ref;
	}
}

static int grow(void)
{
	int rc;

	if (nr_frames == MAX_FRAMES)
		return -ENOSPC;
	rc = map_frame(nr_frames);
	if (rc)
		return rc;
	make_free(nr_frames);
	nr_frames++;
	return 0;
}

int gnttab_grant(uint16_t domid, const void *page, bool readonly,
		 uint32_t *ref)
{
	struct grant_entry_v1 *e;
	int rc;

	if (free_head == NO_REF) {
		rc = grow();
		if (rc)
			return rc;
	}
	*ref = free_head;
	e = entry(free_head);
	free_head = e->frame;
	e->domid = domid;
	e->frame = page_frame(page);
	/* Xen and the peer see the entry complete once flags say so. */
	xen_wmb();
	WRITE_ONCE(e->flags, GTF_permit_access | (readonly ? GTF_readonly : 0));
	return 0;
}

int gnttab_end(uint32_t ref)
{
	struct grant_entry_v1 *e = entry(ref);
	uint16_t flags;

	/* Of the time before a suspend, and the table is smaller now. */
	if (ref / PER_FRAME >= nr_frames)
		return 0;
	flags = READ_ONCE(e->flags);
	/* Xen sets reading/writing by a compare-and-exchange as well. */
	do {
		if (flags & (GTF_reading | GTF_writing))
			return -EBUSY;
	} while (!__atomic_compare_exchange_n(&e->flags, &flags, 0, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	e->frame = free_head;
	free_head = ref;
	return 0;
}

int gnttab_suspend(void)
{
	const size_t frame_bytes = PER_FRAME / 8;
	uint32_t ref;

	in_use = calloc(nr_frames, frame_bytes);
	if (nr_frames && !in_use)
		return -ENOMEM;
	for (ref = FIRST_REF; ref < nr_frames * PER_FRAME; ref++)
		if (READ_ONCE(entry(ref)->flags))
			in_use[ref / 8] |= 1u << (ref % 8);
	return 0;
}

void gnttab_resume(bool same)
{
	unsigned int i, nr = nr_frames;

	if (!same) {
		for (i = 0; i < nr; i++)
			window_unmap(frames[i]);
		free_head = NO_REF;
		for (nr_frames = 0; nr_frames < nr; nr_frames++)
			if (map_frame(nr_frames))
				break;
		/* The highest frame first, so that low entries are used first. */
		for (i = nr_frames; i; i--)
			make_free(i - 1);
	}
	free(in_use);
	in_use = NULL;
}
