/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.h owns rtnetlink: which bridge, and putting a TAP on it.  The seam that
 * tests replace.  One socket; one caller at a time; blocks for the kernel's
 * work only.  Errors are 0 or -errno.
 */
#ifndef NBL_LINK_H
#define NBL_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct nbl_link;

int nbl_link_open(struct nbl_link **out);
void nbl_link_close(struct nbl_link *link);	/* NULL is allowed */

/* Index and MTU of a device.  -ENODEV: no such device. */
int nbl_link_find(struct nbl_link *link, const char *ifname, int *ifindex,
		  unsigned int *mtu);

/*
 * In one RTM_NEWLINK: onto the bridge (master, or 0 for none), MTU, a MAC
 * that never becomes the bridge's own, and up.  -EOPNOTSUPP: master is not a
 * bridge.  A device that could not be attached is down.  Tells its index.
 */
int nbl_link_attach(struct nbl_link *link, const char *ifname, int master,
		    unsigned int mtu, int *ifindex);
/*
 * The same, but nothing is flooded to it from before it is up: in three steps,
 * since the kernel wants a port to be one first.
 */
int nbl_link_attach_quiet(struct nbl_link *link, const char *ifname,
			  int master, unsigned int mtu, int *ifindex);

/*
 * The same as nbl_link_attach, and in VLAN vlan alone, untagged, from before it
 * is up; pvid as nbl_link_vlan_bridge told.
 */
int nbl_link_attach_vlan(struct nbl_link *link, const char *ifname, int master,
			 unsigned int mtu, uint16_t pvid, uint16_t vlan,
			 int *ifindex);
/*
 * Does the bridge filter by VLAN, and in which are new ports (0: in none)?
 * -EOPNOTSUPP: it is no bridge.  -EPROTONOSUPPORT: it does not.
 */
int nbl_link_vlan_bridge(struct nbl_link *link, int ifindex, uint16_t *pvid);
/*
 * A port goes from one VLAN, of which it is an untagged member, to another; 0:
 * none.  When it fails it is in none of them, or where it was.
 */
int nbl_link_vlan(struct nbl_link *link, int ifindex, uint16_t from,
		  uint16_t to);

/*
 * In one RTM_SETLINK: do frames for nobody in particular (broadcasts,
 * multicasts, unknown addresses) go out of this port of a bridge?  If not, it
 * costs the bridge nothing.  -EOPNOTSUPP: it is on no bridge.
 */
int nbl_link_flood(struct nbl_link *link, int ifindex, bool on);
/*
 * Without a queueing discipline, to be said before it is up.  What is sent to a TAP
 * waits in its own queues, which never hold up a sender, so nothing would ever wait in
 * one.  The kernel would give it fq_codel, which has 68 kB of flows, and if it has many
 * queues 256 disciplines, which are 6 MB (Linux 6.1).
 */
int nbl_link_no_qdisc(struct nbl_link *link, const char *ifname);
int nbl_link_set_mtu(struct nbl_link *link, const char *ifname,
		     unsigned int mtu);

#endif
