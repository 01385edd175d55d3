/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What noxs-ops stands on: TAP, the raw hypercall (so that bad arguments
 * get through, which libnoxs would refuse), domains without memory, mappings.
 *
 * Everything that fails here and is not under test ends the program: the
 * test's environment is broken then.
 */
#ifndef NOXS_OPS_LIB_H
#define NOXS_OPS_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include <xen/noxs.h>

struct env {
	xc_interface *xch;
	struct xencall_handle *xcall;
	xenevtchn_handle *xce;
	xenforeignmemory_handle *fmem;
	void *buf;		/* two pages that the hypervisor can read */
	struct xen_noxs_version version;
};

extern struct env env;

void env_open(void);
void env_close(void);

/* TAP: one case; prints what on both outcomes. */
void ok(bool pass, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The case passes when rc is what was expected. */
void ok_rc(int rc, int expected, const char *what);
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int tap_done(void);
void __attribute__((noreturn)) die(const char *what);

/* noxs_op(cmd, &arg): 0 or -errno; arg comes back as the hypervisor left it. */
int op(unsigned int cmd, void *arg, size_t size);
/* With any address as the argument. */
int op_raw(unsigned int cmd, unsigned long addr);

/* A paused domain with one vCPU and no memory. */
uint32_t domain_create(bool pvh);
uint32_t domain_create_bare(bool pvh);	/* not even the vCPU */
uint32_t domain_create_as(uint32_t domid, bool pvh); /* with this domid */
void domain_destroy(uint32_t domid);
bool domain_exists(uint32_t domid);	/* dying ones do */
/* Until it is gone; false: it never went. */
bool domain_wait_gone(uint32_t domid);
uint64_t free_pages(void);
/* Event channels of dom0 that are not closed. */
unsigned int dom0_ports(void);

/* Pages of a domain; NULL and errno when refused. */
struct mapping {
	xenforeignmemory_resource_handle *res;
	void *addr;
};
bool map(struct mapping *m, uint32_t domid, unsigned int first,
	 unsigned int nr, int prot);
void unmap(struct mapping *m);

/* A well-formed add of vif id; its backend is dom0, whose port it makes. */
void add_init(struct xen_noxs_add *add, uint32_t domid, unsigned int id);
/* The same, done; the port is in add->port[0]. */
int add_vif(struct xen_noxs_add *add, uint32_t domid, unsigned int id);
int remove_vif(uint32_t domid, unsigned int id);
uint32_t port_for(uint32_t domid);
void port_close(uint32_t port);

#endif
