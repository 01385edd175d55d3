/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend core joined with netback-lite in one process: the one guest and the one
 * backend of a test, and what is asked of either.  A step that fails fails the test.
 */
#ifndef PAIR_H
#define PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/virtio_net.h>

#include "guest.h"
#include "nbl.h"

#define PAIR_DOMID	5
#define PAIR_FEATURES	(XEN_NOXS_NET_F_SG | XEN_NOXS_NET_F_CSUM4 | \
			 XEN_NOXS_NET_F_CSUM6 | XEN_NOXS_NET_F_STATIC)
#define HDR		sizeof(struct virtio_net_hdr)	/* before a TAP's frames */

struct pair {
	struct nbl *nb;
	struct guest guest;
	struct fake_domain *dom;
	unsigned int queues;	/* of what is attached from now on */
};

extern struct pair pair;

/* A host with a bridge and a backend, and a domain; of cmocka. */
int pair_setup(void **state);
int pair_teardown(void **state);
/* A backend more, after nbl_close() of the one before. */
void pair_open(void);
/* Until neither side has anything to do. */
void pair_settle(void);

/* NOXS_NETBACK_*; returns reply->rc. */
int pair_request(uint16_t op, uint16_t vif, uint16_t mtu,
		 struct noxs_netback_reply *reply);
void pair_attach(uint16_t vif, uint16_t mtu);
void pair_detach(uint16_t vif);
/* The host's end of a vif's TAP. */
int pair_tap(uint16_t vif);
/* XEN_NOXS_STATE_* */
void pair_expect_state(uint16_t vif, uint32_t state);
void pair_expect_connected(uint16_t vif);

/* The guest gives back all it has. */
void pair_leave(void);
/* It leaves before the backend does, or after; then nothing is left. */
void pair_finish(bool frontend_first);

/*
 * A life of a vif with so many queues for each call of the host that can fail; how
 * many there are, and in how many it was connected all the same.
 */
unsigned int pair_failing_calls(unsigned int nr_queues, unsigned int *connected);

#endif
