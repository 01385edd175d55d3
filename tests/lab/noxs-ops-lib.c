// SPDX-License-Identifier: BSD-2-Clause
/* See noxs-ops-lib.h. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xencall.h>

#include "noxs-ops-lib.h"

#define WAIT_STEP_US	10000
#define WAIT_STEPS	500

struct env env;

static unsigned int nr_cases, nr_failed;

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void ok(bool pass, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", pass ? "" : "not ", ++nr_cases);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	nr_failed += !pass;
}

void ok_rc(int rc, int expected, const char *what)
{
	ok(rc == expected, "%s", what);
	if (rc != expected)
		note("returned %d (%s), expected %d", rc, strerror(-rc),
		     expected);
}

void note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

int tap_done(void)
{
	printf("1..%u\n", nr_cases);
	return nr_failed || !nr_cases;
}

void env_open(void)
{
	env.xch = xc_interface_open(NULL, NULL, 0);
	env.xcall = xencall_open(NULL, 0);
	env.xce = xenevtchn_open(NULL, 0);
	env.fmem = xenforeignmemory_open(NULL, 0);
	if (!env.xch || !env.xcall || !env.xce || !env.fmem)
		die("open");
	env.buf = xencall_alloc_buffer_pages(env.xcall, 2);
	if (!env.buf)
		die("alloc_buffer");
}

void env_close(void)
{
	xencall_free_buffer_pages(env.xcall, env.buf, 2);
	xenforeignmemory_close(env.fmem);
	xenevtchn_close(env.xce);
	xencall_close(env.xcall);
	xc_interface_close(env.xch);
}

int op_raw(unsigned int cmd, unsigned long addr)
{
	int rc = xencall2(env.xcall, __HYPERVISOR_noxs_op, cmd, addr);

	return rc < 0 ? -errno : rc;
}

int op(unsigned int cmd, void *arg, size_t size)
{
	int rc;

	memcpy(env.buf, arg, size);
	rc = op_raw(cmd, (unsigned long)env.buf);
	memcpy(arg, env.buf, size);
	return rc;
}

static uint32_t create(uint32_t domid, bool pvh)
{
	struct xen_domctl_createdomain config = {
		.flags = pvh ? XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap : 0,
		.max_vcpus = 1,
		.max_evtchn_port = -1,
		.max_grant_frames = 4,
		.max_maptrack_frames = 4,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
		.arch.emulation_flags = pvh ? XEN_X86_EMU_LAPIC : 0,
	};
	unsigned int i;

	for (i = 0; i < sizeof(config.handle); i++)
		config.handle[i] = 0xa0 + i;
	if (xc_domain_create(env.xch, &domid, &config))
		die("xc_domain_create");
	/* 1 MB for the P2M. */
	if (pvh && xc_set_paging_mempool_size(env.xch, domid, 1 << 20))
		die("xc_set_paging_mempool_size");
	return domid;
}

uint32_t domain_create_bare(bool pvh)
{
	return create(DOMID_INVALID, pvh);
}

uint32_t domain_create_as(uint32_t domid, bool pvh)
{
	domid = create(domid, pvh);
	if (xc_domain_max_vcpus(env.xch, domid, 1))
		die("xc_domain_max_vcpus");
	return domid;
}

uint32_t domain_create(bool pvh)
{
	return domain_create_as(DOMID_INVALID, pvh);
}

void domain_destroy(uint32_t domid)
{
	if (xc_domain_destroy(env.xch, domid))
		die("xc_domain_destroy");
}

bool domain_exists(uint32_t domid)
{
	xc_dominfo_t info;

	return xc_domain_getinfo(env.xch, domid, 1, &info) == 1 &&
	       info.domid == domid;
}

bool domain_wait_gone(uint32_t domid)
{
	unsigned int i;

	for (i = 0; i < WAIT_STEPS; i++) {
		if (!domain_exists(domid))
			return true;
		usleep(WAIT_STEP_US);
	}
	return false;
}

uint64_t free_pages(void)
{
	xc_physinfo_t info = { 0 };

	if (xc_physinfo(env.xch, &info))
		die("xc_physinfo");
	return info.free_pages;
}

unsigned int dom0_ports(void)
{
	unsigned int n = 0, port;

	for (port = 1; port < 4096; port++) {
		xc_evtchn_status_t status = { .dom = 0, .port = port };

		if (xc_evtchn_status(env.xch, &status))
			break;
		n += status.status != EVTCHNSTAT_closed;
	}
	return n;
}

bool map(struct mapping *m, uint32_t domid, unsigned int first,
	 unsigned int nr, int prot)
{
	m->addr = NULL;
	m->res = xenforeignmemory_map_resource(env.fmem, domid,
			XENMEM_resource_noxs, 0, first, nr, &m->addr, prot, 0);
	return m->res;
}

void unmap(struct mapping *m)
{
	if (m->res && xenforeignmemory_unmap_resource(env.fmem, m->res))
		die("unmap_resource");
	m->res = NULL;
}

void add_init(struct xen_noxs_add *add, uint32_t domid, unsigned int id)
{
	struct xen_noxs_net_back back = {
		.hdr.magic = XEN_NOXS_BACK_MAGIC,
		.hdr.version = XEN_NOXS_VERSION,
		.hdr.size = sizeof(back),
		.hdr.state = XEN_NOXS_STATE_INIT,
		.hdr.generation = 1,
		.mac = { 0, 0x16, 0x3e, 0, 0, id },
		.mtu = 1500,
		.max_queues = 1,
	};

	memset(add, 0, sizeof(*add));
	add->domid = domid;
	add->backend = 0;
	add->id = id;
	add->type = XEN_NOXS_TYPE_NET;
	add->nr_ports = 1;
	memcpy(add->back, &back, sizeof(back));
}

uint32_t port_for(uint32_t domid)
{
	int port = xenevtchn_bind_unbound_port(env.xce, domid);

	if (port < 0)
		die("bind_unbound_port");
	return port;
}

void port_close(uint32_t port)
{
	if (xenevtchn_unbind(env.xce, port))
		die("unbind");
}

int add_vif(struct xen_noxs_add *add, uint32_t domid, unsigned int id)
{
	int rc;

	add_init(add, domid, id);
	add->port[0] = port_for(domid);
	rc = op(XEN_NOXS_OP_add, add, sizeof(*add));
	if (rc)
		port_close(add->port[0]);
	return rc;
}

int remove_vif(uint32_t domid, unsigned int id)
{
	struct xen_noxs_remove rm = {
		.domid = domid,
		.id = id,
		.type = XEN_NOXS_TYPE_NET,
	};

	return op(XEN_NOXS_OP_remove, &rm, sizeof(rm));
}
