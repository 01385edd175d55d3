/* SPDX-License-Identifier: BSD-2-Clause */
/* internal.h owns the state of the fake host, shared by its files alone. */
#ifndef FAKE_INTERNAL_H
#define FAKE_INTERNAL_H

#include <stdio.h>
#include <stdlib.h>

#include "fake.h"

#define FAKE_MAX_DOMS		4096
#define FAKE_MAX_TAPS		4096
#define FAKE_MAX_BRIDGES	16
#define FAKE_MAX_VIRQS		32

/* The test itself is broken, not what it tests. */
#define fake_assert(cond)						\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: fake: %s\n", __FILE__,	\
				__LINE__, #cond);			\
			abort();					\
		}							\
	} while (0)

enum fake_port_state { FAKE_PORT_FREE, FAKE_PORT_UNBOUND, FAKE_PORT_BOUND };

struct nbl_evtchn;

struct fake_port {
	enum fake_port_state state;
	uint16_t remote;		/* domid */
	uint32_t remote_port;		/* BOUND */
	bool pending;
	bool masked;			/* backend domain: until unmask */
	struct nbl_evtchn *owner;	/* backend domain: by whom it is heard */
	unsigned int raised;
	fake_handler fn;
	void *data;
};

struct fake_ports {
	struct fake_port port[FAKE_MAX_PORTS];
	uint32_t next;			/* scan for pending from here */
};

struct fake_grant {
	bool used, readonly;
	uint16_t to;
	unsigned int page;		/* of the domain's memory */
	unsigned int maps;
};

struct fake_device {			/* what Xen knows of a slot */
	uint16_t backend;
	unsigned int nr_ports;
	uint32_t backend_port[XEN_NOXS_MAX_PORTS];
	uint32_t guest_port[XEN_NOXS_MAX_PORTS];
};

struct fake_domain {
	struct fake_domain *next;
	uint16_t domid;
	uint64_t serial;
	uint64_t changed;
	bool dying, vanished;
	int memfd, noxsfd;
	uint8_t *mem;			/* the guest's view */
	uint8_t *noxs;			/* Xen's view */
	bool page_used[FAKE_MAX_PAGES];
	unsigned int nr_pairs;
	uint16_t pair_backend[XEN_NOXS_MAX_PAIRS];
	uint8_t pair_areas[XEN_NOXS_MAX_PAIRS];	/* bit map */
	unsigned int max_slots;
	struct fake_device device[XEN_NOXS_MAX_SLOTS];
	struct fake_grant grant[FAKE_MAX_GRANTS];
	struct fake_ports ports;
	struct fake_port virq[FAKE_MAX_VIRQS];
	bool in_run;
};

struct fake_tap {
	char name[16];
	bool used;
	int ifindex;
	bool many;		/* queues */
	/* In the kernel's order, -1: none; no first one: kept, and nobody has it open */
	int fd[FAKE_TAP_QUEUES], peer[FAKE_TAP_QUEUES];
	struct fake_tap_info info;
};

struct fake_bridge {
	char name[16];
	unsigned int mtu;
	bool filters;		/* by VLAN; new ports are in VLAN 1 */
};

struct fake_host {
	bool sync, alias, unprivileged;
	unsigned int fail_at, fail_count;
	bool fail_hit;
	uint64_t next_serial, seq, gone;
	struct fake_domain *doms;
	struct fake_usage usage;
	struct fake_ports ports;	/* of the backend domain */
	uint32_t watch[XEN_NOXS_MAX_WATCHES];	/* ports; 0: none */
	uint32_t watch_flags[XEN_NOXS_MAX_WATCHES];
	unsigned int nr_bridges;
	struct fake_bridge bridge[FAKE_MAX_BRIDGES];
	struct fake_tap tap[FAKE_MAX_TAPS];
	int last_ifindex;
};

extern struct fake_host *fake_host;

/* Zeroed; never NULL, and never made to fail by a test that wraps calloc. */
void *fake_alloc(size_t size);
/* A port of domid, or NULL; of the backend domain: FAKE_BACKEND. */
struct fake_port *fake_port(uint16_t domid, uint32_t port);
/* -ENOSPC */
int fake_port_alloc(uint16_t domid, uint16_t remote, uint32_t *port);
void fake_port_close(uint16_t domid, uint32_t port);
/* Raise a port at its domain. */
void fake_port_raise(uint16_t domid, uint32_t port);
void fake_virq_raise(struct fake_domain *dom, unsigned int virq);
/* A device of the backend domain came or went: raise its watch. */
void fake_devices_changed(void);
/* Some domain changed: raise the watches. */
void fake_changed(struct fake_domain *dom);

/* Ports and their owners; recursive. */
void fake_lock(void);
void fake_unlock(void);

/* As Xen writes into a page that a guest sees; from NULL: zeroes. */
void fake_words_put(void *to, const void *from, size_t size);

/* All that is held; TAPs may be closed meanwhile. */
void fake_taps_usage(struct fake_usage *out);
void fake_taps_close(void);

#endif
