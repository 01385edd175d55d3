/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.h owns rtnetlink: which bridge, and putting a TAP on it.  The seam that
 * tests replace.  One socket; one caller at a time; blocks for the kernel's
 * work only.  Errors are 0 or -errno.
 */
#ifndef NBL_LINK_H
#define NBL_LINK_H

#include <stdbool.h>

struct nbl_link;

int nbl_link_open(struct nbl_link **out);
void nbl_link_close(struct nbl_link *link);	/* NULL is allowed */

/* Index and MTU of a device.  -ENODEV: no such device. */
int nbl_link_find(struct nbl_link *link, const char *ifname, int *ifindex,
		  unsigned int *mtu);

/*
 * In one RTM_NEWLINK: onto the bridge (master, or 0 for none), MTU, a MAC
 * that never becomes the bridge's own, and up.  -EOPNOTSUPP: master is not a
 * bridge.  A device that could not be attached is down.
 */
int nbl_link_attach(struct nbl_link *link, const char *ifname, int master,
		    unsigned int mtu);
/*
 * The same, but nothing is flooded to it from before it is up: in three steps,
 * since the kernel wants a port to be one first.  Tells its index.
 */
int nbl_link_attach_quiet(struct nbl_link *link, const char *ifname,
			  int master, unsigned int mtu, int *ifindex);

/*
 * In one RTM_SETLINK: do frames for nobody in particular (broadcasts,
 * multicasts, unknown addresses) go out of this port of a bridge?  If not, it
 * costs the bridge nothing.  -EOPNOTSUPP: it is on no bridge.
 */
int nbl_link_flood(struct nbl_link *link, int ifindex, bool on);
int nbl_link_set_mtu(struct nbl_link *link, const char *ifname,
		     unsigned int mtu);

#endif
