/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evtchn.h owns netback-lite's use of event channels: one handle for all
 * ports of the process.  The seam that tests replace.
 *
 * Call order: open -> { alloc -> (pending -> unmask)*, notify -> free } ->
 * close.  A port that was reported pending is masked until unmask; events
 * that come meanwhile are latched, not counted.  Not after fork().  Nothing
 * blocks, nothing is logged.  Errors are 0 or -errno.
 */
#ifndef NBL_EVTCHN_H
#define NBL_EVTCHN_H

#include <stdint.h>

struct nbl_evtchn;

/* -ENOENT, -EACCES: no /dev/xen/evtchn, not root. */
int nbl_evtchn_open(struct nbl_evtchn **out);
void nbl_evtchn_close(struct nbl_evtchn *ec);	/* NULL is allowed */

/* Readable while a port is pending. */
int nbl_evtchn_fd(const struct nbl_evtchn *ec);

/* A port that domid may bind.  -ENOSPC: no port left. */
int nbl_evtchn_alloc(struct nbl_evtchn *ec, uint16_t domid, uint32_t *port);
/*
 * A port of ours, bound to domid's remote port, which waits for our domain; it
 * is pending at once.  -EINVAL: it does not wait, or is none.
 */
int nbl_evtchn_bind(struct nbl_evtchn *ec, uint16_t domid, uint32_t remote,
		    uint32_t *port);
int nbl_evtchn_free(struct nbl_evtchn *ec, uint32_t port);

/*
 * Takes one pending port, which is masked now.  -EAGAIN: none.  To be called
 * until it says so: what is left then makes the descriptor readable again.
 */
int nbl_evtchn_pending(struct nbl_evtchn *ec, uint32_t *port);
int nbl_evtchn_unmask(struct nbl_evtchn *ec, uint32_t port);
int nbl_evtchn_notify(struct nbl_evtchn *ec, uint32_t port);

#endif
