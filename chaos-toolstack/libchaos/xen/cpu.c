// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest's CPU policy: the CPUID leaves and MSRs that it sees.  A domain that
 * is made anew gets what this host and this Xen give; where that is what the
 * saved one had, which is the rule, nothing is to be done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "state.h"

_Static_assert(sizeof(xen_cpuid_leaf_t) == sizeof(struct chaos__chunk_leaf) &&
	       sizeof(xen_msr_entry_t) == sizeof(struct chaos__chunk_msr),
	       "what Xen writes is what a chunk holds");

struct policy {
	uint32_t nr_leaves, nr_msrs;
	xen_cpuid_leaf_t *leaves;
	xen_msr_entry_t *msrs;
};

static void policy_fini(struct policy *p)
{
	free(p->leaves);
	free(p->msrs);
	memset(p, 0, sizeof(*p));
}

static int policy_alloc(struct policy *p, uint32_t nr_leaves, uint32_t nr_msrs)
{
	p->nr_leaves = nr_leaves;
	p->nr_msrs = nr_msrs;
	p->leaves = calloc(nr_leaves + 1, sizeof(*p->leaves));
	p->msrs = calloc(nr_msrs + 1, sizeof(*p->msrs));
	if (p->leaves && p->msrs)
		return 0;
	policy_fini(p);
	return -ENOMEM;
}

/* Of a domain, or what the system has at most. */
#define OF_SYSTEM ~0u

static int policy_read(struct chaos__xen *xen, uint32_t domid,
		       unsigned int system, struct policy *p)
{
	uint32_t nr_leaves = 0, nr_msrs = 0;
	xc_cpu_policy_t *policy;
	int rc;

	policy = xc_cpu_policy_init();
	if (!policy)
		return -ENOMEM;
	if (xc_cpu_policy_get_size(xen->xch, &nr_leaves, &nr_msrs) ||
	    (domid == OF_SYSTEM ?
	     xc_cpu_policy_get_system(xen->xch, system, policy) :
	     xc_cpu_policy_get_domain(xen->xch, domid, policy))) {
		rc = chaos__xen_errno(xen);
		goto out;
	}
	rc = policy_alloc(p, nr_leaves, nr_msrs);
	if (rc)
		goto out;
	if (xc_cpu_policy_serialise(xen->xch, policy, p->leaves, &nr_leaves,
				    p->msrs, &nr_msrs)) {
		rc = chaos__xen_errno(xen);
		policy_fini(p);
	} else {
		p->nr_leaves = nr_leaves;
		p->nr_msrs = nr_msrs;
	}
out:
	xc_cpu_policy_destroy(policy);
	return rc;
}

int chaos__state_put_cpu(struct chaos__xen *xen, uint32_t domid,
			 const struct chaos__sink *sink)
{
	struct chaos__chunk_cpu head;
	struct policy p = { 0 };
	struct iovec iov[3];
	int rc;

	rc = policy_read(xen, domid, 0, &p);
	if (rc)
		return rc;
	head.nr_leaves = p.nr_leaves;
	head.nr_msrs = p.nr_msrs;
	iov[0].iov_base = &head;
	iov[0].iov_len = sizeof(head);
	iov[1].iov_base = p.leaves;
	iov[1].iov_len = p.nr_leaves * sizeof(*p.leaves);
	iov[2].iov_base = p.msrs;
	iov[2].iov_len = p.nr_msrs * sizeof(*p.msrs);
	rc = sink->put(sink->arg, CHAOS__CHUNK_CPU, iov, 3);
	policy_fini(&p);
	return rc;
}

static int policy_from_chunk(struct policy *p, const void *chunk)
{
	const uint8_t *from = chunk;
	struct chaos__chunk_cpu head;
	size_t size;
	int rc;

	memcpy(&head, from, sizeof(head));
	rc = policy_alloc(p, head.nr_leaves, head.nr_msrs);
	if (rc)
		return rc;
	from += sizeof(head);
	size = head.nr_leaves * sizeof(*p->leaves);
	memcpy(p->leaves, from, size);
	memcpy(p->msrs, from + size, head.nr_msrs * sizeof(*p->msrs));
	return 0;
}

static bool policy_same(const struct policy *a, const struct policy *b)
{
	return a->nr_leaves == b->nr_leaves && a->nr_msrs == b->nr_msrs &&
	       !memcmp(a->leaves, b->leaves,
		       a->nr_leaves * sizeof(*a->leaves)) &&
	       !memcmp(a->msrs, b->msrs, a->nr_msrs * sizeof(*a->msrs));
}

static int fits_host(struct chaos__xen *xen, bool pvh, const struct policy *want)
{
	struct policy have = { 0 };
	char missing[160];
	int rc;

	rc = policy_read(xen, OF_SYSTEM, pvh ? XEN_SYSCTL_cpu_policy_hvm_max :
			 XEN_SYSCTL_cpu_policy_pv_max, &have);
	if (rc)
		return rc;
	rc = chaos__chunk_cpu_fits((const void *)want->leaves, want->nr_leaves,
				   (const void *)have.leaves, have.nr_leaves,
				   missing, sizeof(missing));
	if (rc == -EOPNOTSUPP)
		snprintf(xen->detail, sizeof(xen->detail),
			 "the guest was told of CPU features that this host "
			 "lacks: %s", missing);
	policy_fini(&have);
	return rc;
}

static int apply(struct chaos__xen *xen, uint32_t domid, struct policy *p)
{
	uint32_t leaf = ~0u, subleaf = ~0u, msr = ~0u;

	if (!xc_set_domain_cpu_policy(xen->xch, domid, p->nr_leaves, p->leaves,
				      p->nr_msrs, p->msrs, &leaf, &subleaf,
				      &msr))
		return 0;
	snprintf(xen->detail, sizeof(xen->detail),
		 "Xen refuses the guest's CPU (leaf %#x.%#x, MSR %#x): %s",
		 leaf, subleaf, msr, strerror(errno));
	return chaos__xen_errno(xen);
}

int chaos__state_get_cpu(struct chaos__xen *xen, uint32_t domid, bool pvh,
			 const void *chunk)
{
	struct policy want = { 0 }, here = { 0 };
	int rc;

	rc = policy_from_chunk(&want, chunk);
	if (rc)
		return rc;
	rc = policy_read(xen, domid, 0, &here);
	if (rc)
		goto out;
	if (!policy_same(&want, &here)) {
		rc = fits_host(xen, pvh, &want);
		if (!rc && pvh)
			rc = apply(xen, domid, &want);
	}
	policy_fini(&here);
out:
	policy_fini(&want);
	return rc;
}
