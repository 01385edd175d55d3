// SPDX-License-Identifier: BSD-2-Clause
/* The calls of libxc that saving and restoring makes, pretended. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "state_xc.h"

#include <xenguest.h>

#include "fail.h"

struct xc_world xc;
struct chaos__xen the_xen;

#define ON_DEMAND 2	/* populated, but Xen has no page for it yet */

struct xc_cpu_policy {
	uint32_t features;
};

struct xc_guest *xc_guest(uint32_t domid)
{
	assert_true(domid == XC_FROM || domid == XC_TO);
	return &xc.guest[domid - XC_FROM];
}

void xc_world_reset(bool pvh)
{
	unsigned int i;

	fail_never();
	memset(&xc, 0, sizeof(xc));
	memset(&the_xen, 0, sizeof(the_xen));
	xc.pvh = pvh;
	xc.flags = XEN_DOMINF_paused;
	xc.host = 0xff;
	xc.fail_write_at = ~(size_t)0;
	xc.fail_read_at = ~(size_t)0;
	xc.read_same = true;
	for (i = 0; i < 2; i++) {
		xc.guest[i].fd = memfd_create("guest", 0);
		assert_int_equal(ftruncate(xc.guest[i].fd,
					   (off_t)XC_PAGES * XC_PAGE), 0);
	}
}

void xc_world_close(void)
{
	close(xc.guest[0].fd);
	close(xc.guest[1].fd);
}

static int failed(int error)
{
	errno = error;
	return -1;
}

int chaos__xen_errno(struct chaos__xen *xen)
{
	(void)xen;
	return errno > 0 ? -errno : -EIO;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first, unsigned int max,
			  xc_domaininfo_t *info)
{
	(void)xch;
	(void)max;
	if (fail_here("getinfo"))
		return failed(EPERM);
	if (first > XC_FROM)
		return 0;
	memset(info, 0, sizeof(*info));
	info->domain = XC_FROM;
	info->flags = xc.flags | (xc.pvh ? XEN_DOMINF_hvm_guest : 0);
	info->max_vcpu_id = 1;
	info->tot_pages = xc.guest[0].nr_pages;
	return 1;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
	(void)xch;
	(void)arg;
	assert_int_equal(cmd, XENVER_version);
	return fail_here("version") ? failed(EPERM) : 4 << 16 | 17;
}

xc_cpu_policy_t *xc_cpu_policy_init(void)
{
	return calloc(1, sizeof(struct xc_cpu_policy));
}

void xc_cpu_policy_destroy(xc_cpu_policy_t *policy)
{
	free(policy);
}

int xc_cpu_policy_get_size(xc_interface *xch, uint32_t *leaves, uint32_t *msrs)
{
	(void)xch;
	*leaves = 9;
	*msrs = 3;
	return fail_here("policy size") ? failed(EPERM) : 0;
}

int xc_cpu_policy_get_system(xc_interface *xch, unsigned int index,
			     xc_cpu_policy_t *policy)
{
	(void)xch;
	assert_int_equal(index, xc.pvh ? XEN_SYSCTL_cpu_policy_hvm_max :
					 XEN_SYSCTL_cpu_policy_pv_max);
	policy->features = xc.host;
	return fail_here("system policy") ? failed(EPERM) : 0;
}

int xc_cpu_policy_get_domain(xc_interface *xch, uint32_t domid,
			     xc_cpu_policy_t *policy)
{
	(void)xch;
	policy->features = xc_guest(domid)->policy;
	return fail_here("domain policy") ? failed(ESRCH) : 0;
}

int xc_cpu_policy_serialise(xc_interface *xch, const xc_cpu_policy_t *policy,
			    xen_cpuid_leaf_t *leaves, uint32_t *nr_leaves,
			    xen_msr_entry_t *msrs, uint32_t *nr_msrs)
{
	(void)xch;
	if (fail_here("serialise"))
		return failed(ENOBUFS);
	assert_true(*nr_leaves >= 2 && *nr_msrs >= 1);
	memset(leaves, 0, 2 * sizeof(*leaves));
	memset(msrs, 0, sizeof(*msrs));
	leaves[1].leaf = 1;
	leaves[1].subleaf = ~0u;
	leaves[1].c = policy->features;
	msrs[0].idx = 0xce;
	*nr_leaves = 2;
	*nr_msrs = 1;
	return 0;
}

int xc_set_domain_cpu_policy(xc_interface *xch, uint32_t domid,
			     uint32_t nr_leaves, xen_cpuid_leaf_t *leaves,
			     uint32_t nr_msrs, xen_msr_entry_t *msrs,
			     uint32_t *leaf, uint32_t *subleaf, uint32_t *msr)
{
	(void)xch;
	(void)msrs;
	(void)leaf;
	(void)subleaf;
	(void)msr;
	assert_int_equal(nr_leaves, 2);
	assert_int_equal(nr_msrs, 1);
	if (fail_here("set policy"))
		return failed(EINVAL);
	xc_guest(domid)->policy = leaves[1].c;
	return 0;
}

int xc_domain_get_tsc_info(xc_interface *xch, uint32_t domid, uint32_t *mode,
			   uint64_t *nsec, uint32_t *khz, uint32_t *incarnation)
{
	struct xc_guest *g = xc_guest(domid);

	(void)xch;
	*mode = g->tsc.mode;
	*nsec = g->tsc.nsec;
	*khz = g->tsc.khz;
	*incarnation = g->tsc.incarnation;
	return fail_here("get tsc") ? failed(EPERM) : 0;
}

int xc_domain_set_tsc_info(xc_interface *xch, uint32_t domid, uint32_t mode,
			   uint64_t nsec, uint32_t khz, uint32_t incarnation)
{
	struct xc_guest *g = xc_guest(domid);

	(void)xch;
	if (fail_here("set tsc"))
		return failed(EPERM);
	g->tsc.mode = mode;
	g->tsc.nsec = nsec;
	g->tsc.khz = khz;
	g->tsc.incarnation = incarnation;
	return 0;
}

void *xc_map_foreign_bulk(xc_interface *xch, uint32_t domid, int prot,
			  const xen_pfn_t *pfn, int *err, unsigned int nr)
{
	struct xc_guest *g = xc_guest(domid);
	unsigned int i;
	uint8_t *area;

	(void)xch;
	if (fail_here("map")) {
		errno = ENOMEM;
		return NULL;
	}
	area = mmap(NULL, (size_t)nr * XC_PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	for (i = 0; i < nr; i++) {
		err[i] = -EINVAL;
		if (pfn[i] >= XC_PAGES || !g->populated[pfn[i]])
			continue;
		assert_int_not_equal(g->populated[pfn[i]], ON_DEMAND);
		err[i] = fail_here("map page") ? -ENOMEM : 0;
		assert_ptr_not_equal(mmap(area + (size_t)i * XC_PAGE, XC_PAGE,
					  prot, MAP_SHARED | MAP_FIXED, g->fd,
					  (off_t)pfn[i] * XC_PAGE),
				     MAP_FAILED);
	}
	xc.nr_mapped += nr;
	return area;
}

void *xc_map_foreign_pages(xc_interface *xch, uint32_t domid, int prot,
			   const xen_pfn_t *pfn, int nr)
{
	int err[2048], i;
	void *area;

	area = xc_map_foreign_bulk(xch, domid, prot, pfn, err,
				   (unsigned int)nr);
	for (i = 0; area && i < nr; i++) {
		if (!err[i])
			continue;
		munmap(area, (size_t)nr * XC_PAGE);
		errno = -err[i];
		return NULL;
	}
	return area;
}

int __real_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size)
{
	assert_true(xc.nr_mapped >= size / XC_PAGE);
	xc.nr_mapped -= (unsigned int)(size / XC_PAGE);
	return __real_munmap(p, size);
}

int xc_domain_populate_physmap(xc_interface *xch, uint32_t domid,
			       unsigned long nr, unsigned int order,
			       unsigned int flags, xen_pfn_t *extent)
{
	struct xc_guest *g = xc_guest(domid);
	unsigned long i;
	uint64_t k;

	(void)xch;
	if (fail_here("populate") ||
	    (flags == XENMEMF_populate_on_demand && xc.no_demand))
		return failed(ENOMEM);
	if (flags)
		xc.nr_demanded += nr << order;
	for (i = 0; i < nr; i++)
		for (k = extent[i]; k < extent[i] + (1ull << order); k++) {
			assert_true(k < XC_PAGES);
			g->populated[k] = flags ? ON_DEMAND : 1;
			g->nr_pages++;
		}
	return (int)nr;
}

/* All that are due, and they are clear: as if touched. */
int xc_domain_set_pod_target(xc_interface *xch, uint32_t domid,
			     uint64_t target_pages, uint64_t *tot_pages,
			     uint64_t *cache_pages, uint64_t *entries)
{
	struct xc_guest *g = xc_guest(domid);
	uint64_t i;

	(void)xch;
	assert_true(!tot_pages && !cache_pages && !entries);
	if (fail_here("pod target"))
		return failed(ENOMEM);
	for (i = 0; i < XC_PAGES; i++) {
		if (g->populated[i] != ON_DEMAND)
			continue;
		assert_int_equal(fallocate(g->fd, FALLOC_FL_PUNCH_HOLE |
					   FALLOC_FL_KEEP_SIZE,
					   (off_t)i * XC_PAGE, XC_PAGE), 0);
		g->populated[i] = 1;
		xc.nr_cleared++;
	}
	assert_int_equal(g->nr_pages, target_pages);
	return 0;
}

int xc_hvm_param_get(xc_interface *xch, uint32_t domid, uint32_t param,
		     uint64_t *value)
{
	(void)xch;
	if (fail_here("get param"))
		return failed(EPERM);
	*value = xc_guest(domid)->params[param];
	return 0;
}

int xc_hvm_param_set(xc_interface *xch, uint32_t domid, uint32_t param,
		     uint64_t value)
{
	(void)xch;
	if (fail_here("set param"))
		return failed(EINVAL);
	xc_guest(domid)->params[param] = value;
	return 0;
}

int xc_domain_hvm_getcontext(xc_interface *xch, uint32_t domid, uint8_t *buf,
			     uint32_t size)
{
	struct xc_guest *g = xc_guest(domid);

	(void)xch;
	if (fail_here("get context"))
		return failed(ENODATA);
	if (!buf)
		return (int)g->context_size + 100;	/* at most */
	assert_true(size >= g->context_size);
	memcpy(buf, g->context, g->context_size);
	return (int)g->context_size;
}

int xc_domain_hvm_setcontext(xc_interface *xch, uint32_t domid, uint8_t *buf,
			     uint32_t size)
{
	struct xc_guest *g = xc_guest(domid);

	(void)xch;
	if (fail_here("set context"))
		return failed(EINVAL);
	assert_true(size <= sizeof(g->context));
	memcpy(g->context, buf, size);
	g->context_size = size;
	return 0;
}

int xc_vcpu_getcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
		       vcpu_guest_context_any_t *c)
{
	(void)xch;
	assert_int_equal(vcpu, 0);
	c->x64.user_regs.rax = xc_guest(domid)->rax;
	return fail_here("get vcpu") ? failed(EPERM) : 0;
}

int xc_vcpu_setcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
		       vcpu_guest_context_any_t *c)
{
	(void)xch;
	assert_int_equal(vcpu, 0);
	if (fail_here("set vcpu"))
		return failed(EPERM);
	xc_guest(domid)->rax = c->x64.user_regs.rax;
	return 0;
}

int xc_domain_resume(xc_interface *xch, uint32_t domid, int fast)
{
	(void)xch;
	/* libxc has its own way to return 1, for PV alone. */
	assert_int_equal(fast, !xc.pvh);
	if (fail_here("resume"))
		return failed(EPERM);
	xc_guest(domid)->resumed++;
	return 0;
}

/* Threads run these two: no counting points, which are for one thread. */
int xc_domain_save(xc_interface *xch, int fd, uint32_t domid, uint32_t flags,
		   struct save_callbacks *callbacks, xc_stream_type_t type,
		   int recv_fd)
{
	size_t at = 0, n, step = xc.write_size ? xc.write_size : xc.stream_size;

	(void)xch;
	(void)recv_fd;
	if (domid != XC_FROM || flags || type != XC_STREAM_PLAIN ||
	    callbacks->suspend(callbacks->data) != 1)
		return failed(EINVAL);
	while (at < xc.stream_size) {
		if (at >= xc.fail_write_at)
			return failed(ENOMEM);
		n = xc.stream_size - at < step ? xc.stream_size - at : step;
		if (write(fd, xc.stream + at, n) != (ssize_t)n)
			return -1;
		at += n;
	}
	return 0;
}

int xc_domain_restore(xc_interface *xch, int fd, uint32_t domid,
		      unsigned int store_evtchn, unsigned long *store_mfn,
		      uint32_t store_domid, unsigned int console_evtchn,
		      unsigned long *console_mfn, uint32_t console_domid,
		      xc_stream_type_t type, struct restore_callbacks *callbacks,
		      int send_back_fd)
{
	uint8_t buf[1000];
	ssize_t n;

	(void)xch;
	(void)store_evtchn;
	(void)store_domid;
	(void)console_domid;
	(void)send_back_fd;
	if (domid != XC_TO || !callbacks || type != XC_STREAM_PLAIN ||
	    console_evtchn != 3)
		return failed(EINVAL);
	while (xc.nr_read < xc.stream_size) {
		if (xc.nr_read >= xc.fail_read_at)
			return failed(ENOEXEC);
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return failed(n ? errno : EPIPE);
		xc.read_same &= xc.nr_read + (size_t)n <= xc.stream_size &&
				!memcmp(buf, xc.stream + xc.nr_read, (size_t)n);
		xc.nr_read += (size_t)n;
	}
	*store_mfn = 5;
	*console_mfn = 6;
	return 0;
}

/* What makes a domain; pvh.c of this folder is about that. */
int xc_domain_setmaxmem(xc_interface *xch, uint32_t domid, uint64_t kb)
{
	(void)xch;
	(void)domid;
	(void)kb;
	return 0;
}

int xc_evtchn_alloc_unbound(xc_interface *xch, uint32_t domid, uint32_t remote)
{
	(void)xch;
	(void)domid;
	(void)remote;
	return 3;
}

int xc_get_paging_mempool_size(xc_interface *xch, uint32_t domid, uint64_t *size)
{
	(void)xch;
	(void)domid;
	*size = ~0ull;
	return 0;
}

int xc_set_paging_mempool_size(xc_interface *xch, uint32_t domid, uint64_t size)
{
	(void)xch;
	(void)domid;
	(void)size;
	return 0;
}
