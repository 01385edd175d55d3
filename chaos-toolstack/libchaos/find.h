/* SPDX-License-Identifier: BSD-2-Clause */
/* A living domain together with what we know of it. */
#ifndef CHAOS_FIND_H
#define CHAOS_FIND_H

#include "store.h"

struct chaos__found {
	struct chaos__xen_dom dom;
	struct chaos__record *rec;	/* NULL: not made by libchaos */
	char object[CHAOS_NAME_MAX + 1]; /* for errors: name or "domain 7" */
};

#define CHAOS__WHY	256

/*
 * chaos_lookup() in the middle of another call: why gets the reason.  -ESRCH,
 * -EAGAIN, others.  Needs chaos__need_xen().
 */
int chaos__lookup(struct chaos *ctx, const char *name, uint32_t *domid,
		  char why[CHAOS__WHY]);

/* Begins a public call: forgets the errors of the one before. */
int chaos__find(struct chaos *ctx, uint32_t domid, struct chaos__found *f);
void chaos__found_fini(struct chaos__found *f);

/*
 * The domain that was made with a UUID and never ran, by looking at all: -ESRCH
 * none.  For repairs.  One that ran is another: the same guest in another run
 * directory of this host, from which it migrates here.
 */
int chaos__find_uuid(struct chaos *ctx, const uint8_t uuid[16],
		     struct chaos__xen_dom *dom);

/*
 * destroy.c: the domain and all it has; the first error.  The name, whose lock is
 * held, stays, and stays locked: for the domain that comes after.
 */
int chaos__destroy_found(struct chaos *ctx, const struct chaos__found *f,
			 struct chaos__name_lock *held);

/* wait.c: chaos_wait() for one that was found; leaves a cancel standing. */
int chaos__wait_found(struct chaos *ctx, const struct chaos__found *f,
		      unsigned int states, int timeout_ms,
		      unsigned int *reached);

/* list.c.  uuid holds the text that out->uuid points at; name NULL: none. */
void chaos__describe(const struct chaos__xen_dom *dom, const char *name,
		     char uuid[CHAOS__UUID_LEN + 1], struct chaos_domain *out);

#endif
