/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that tries what it must not be able to.  It has no console: the
 * code of its shutdown is the step that went wrong, or STEP_OK.  Shared with
 * tests/lab/noxs-guest.c, which builds it, gives it vif 0, and plays dom0.
 *
 * In the front area of vif 0 it says when it waits: word 0 is HOSTILE_READY,
 * words 1 and 2 are writable grants of the device and of the back page.  Dom0
 * goes on by publishing HOSTILE_MTU with a notification.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#define HOSTILE_READY	0x59444552u
#define HOSTILE_MTU	4321

enum hostile_step {
	STEP_XEN = 16,		/* not on Xen, or no hypercalls */
	STEP_VERSION,
	STEP_FIND,		/* finding and mapping its pages */
	STEP_CONTENT,		/* they do not say what they should */
	STEP_WRITE_DEVICE,	/* it could be written */
	STEP_WRITE_BACK,
	STEP_WRITE_MOVED,	/* the device page, from another address */
	STEP_WRITE_FRONT,	/* it could not */
	STEP_INDEX,		/* an index that is none */
	STEP_CONTROL,		/* an operation that is not its to use */
	STEP_LIST,		/* it saw something */
	STEP_VCPU_INFO,		/* Xen would write into the device page */
	STEP_GRANT,		/* its grant table */
	STEP_EVENT,		/* published, but not notified */
	STEP_GIVE_BACK,
	STEP_TYPE,		/* a page-table or cleared page of it */
	STEP_OK = 200,
};

#ifndef HOSTILE_DOM0

#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/noxs.h>

#define PAGE 4096
#define page_aligned __attribute__((aligned(PAGE)))

/* Negated errnos of Xen. */
enum { EPERM = 1, ENOENT = 2, EINVAL = 22, EOPNOTSUPP = 95 };

extern char hypercall_page[];

/* Of the caller's width. */
long hypercall(unsigned int nr, unsigned long a, unsigned long b,
	       unsigned long c, unsigned long d);

void __attribute__((noreturn)) done(enum hostile_step step);
void check(int good, enum hostile_step step);

/* The guest's pages, once mapped; written through, so volatile. */
struct pages {
	volatile struct xen_noxs_device_page *device;
	volatile uint8_t *back, *front;
	volatile shared_info_t *shared;
	volatile grant_entry_v1_t *grants;
	uint32_t device_frame, back_frame;	/* as a grant names them */
};

/* What both kinds of guest do with them; does not return. */
void __attribute__((noreturn)) common(const struct pages *pages);
/* The last step: each kind's way to be rid of the device page. */
void give_back(void);

#endif
#endif
