/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch.h owns the way of a frame from one guest to another of the same bridge
 * without a TAP in between (--switch): one copy into memory of ours, one out of it,
 * and no system call for either where buffers stay mapped (mapped.h).
 *
 * Both guests can send from their own MAC address alone (spoof.mac): then nobody
 * gets frames for others by a lie, and an address that is elsewhere, too, is found
 * there, by the bridge.  A guest is known from the first frame that it sends.
 *
 * A frame goes so if it is to one station, a vif on the same bridge and VLAN that
 * takes the frame as it is and now: it is connected, has buffers, credit for its
 * rate, and no frame that waits in its TAP, which this one would overtake.  Whatever
 * else goes into the sender's TAP, and the bridge does what bridges do: frames to
 * groups, to all, with a VLAN tag, to stations that are not known.  So a guest's
 * queue is its TAP's, as without this; a frame that went there because its
 * receiver could not take it is followed by those behind it (the bridge delivers
 * within the write).  Each NBL_SWITCH_SHOW_MS one frame from a station goes by
 * the bridge, which else would forget it (after 300 s) and flood what comes from
 * outside.
 *
 * The host's rules for what passes a bridge (nftables, tc, isolated ports) do not
 * see what goes this way, nor does it matter what else becomes of the TAPs (down,
 * on another bridge, other VLANs by hand).
 */
#ifndef NBL_SWITCH_H
#define NBL_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

struct nbl;
struct nbl_packet;
struct nbl_queue;
struct nbl_station;
struct nbl_switch;
struct nbl_vif;

#ifndef NBL_SWITCH_SHOW_MS
#define NBL_SWITCH_SHOW_MS	60000
#endif

/* From now on; 0 or -errno. */
int nbl_switch_open(struct nbl *nb);
void nbl_switch_close(struct nbl *nb);	/* it is allowed not to be open */
/* vif is no station any more. */
void nbl_switch_forget(struct nbl_vif *vif);

/*
 * A frame that came by from and may be sent, in memory that stays until
 * nbl_switch_flush; true: it is on its way.  False: the TAP's.  The receiver may be closed by what its ring
 * says.
 */
bool nbl_switch_frame(struct nbl_queue *from, const struct nbl_packet *p);
/* What is on its way arrives.  Before the sender's next batch. */
void nbl_switch_flush(struct nbl *nb);

#endif
