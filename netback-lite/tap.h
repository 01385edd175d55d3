/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tap.h owns TAP devices: open, offloads, close.  The seam that tests
 * replace; frames go through read() and write() on the descriptor, each one
 * packet that begins with struct virtio_net_hdr.
 *
 * Closing a TAP waits for the kernel's RCU (24 emulated ms), so nbl_tap_close
 * belongs to the closer's threads (closer.h).
 */
#ifndef NBL_TAP_H
#define NBL_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/if_tun.h>
#include <linux/virtio_net.h>

/*
 * Make a TAP of this name, not persistent, with a vnet header; out gets a
 * non-blocking O_CLOEXEC descriptor.  many: it may have several queues, this being
 * the first.  -EEXIST: the name is taken.
 */
int nbl_tap_open(const char *ifname, bool many, int *out);
/*
 * Another queue of one with many.  The kernel spreads what comes by flow: over all,
 * and where frames of a flow were written last its others are read.  All else that
 * is said here of a TAP is of all its queues, whichever's descriptor is named.
 */
int nbl_tap_queue(const char *ifname, int *out);
/*
 * Of those, the one that a program says instead (16 bits of what it returns, modulo
 * their number); -1: no more.
 */
int nbl_tap_steer(int fd, int program);
/* Which offloads (TUN_F_*) the reader of the TAP can take. */
int nbl_tap_offload(int fd, unsigned int tun_f);
/*
 * Without one the bridge sends it nothing, from some time within the next second
 * on.  It has one when it is opened.
 */
void nbl_tap_carrier(int fd, bool on);
/* Whatever comes to a deaf TAP is dropped at once; to another, nothing. */
int nbl_tap_deaf(int fd, bool deaf);
/*
 * Instead: what comes for this station, for all, and for nr groups (with more than
 * six of them for others with the same hash, too) is let in.
 */
#define NBL_TAP_GROUPS	64u
int nbl_tap_hear(int fd, const uint8_t own[6], const uint8_t (*group)[6],
		 unsigned int nr);
/*
 * Of what comes, ARP requests for ip (network order; NULL: for any) and frames
 * for mac (NULL: for any single station); or all of it again.
 */
int nbl_tap_filter(int fd, const uint8_t mac[6], const uint8_t ip[4]);
void nbl_tap_no_filter(int fd);
/*
 * Whether it stays, with its index, its bridge and all that was set on it, when
 * it is closed: then nothing is received and what is sent to it is dropped,
 * until somebody adopts it.
 */
int nbl_tap_keep(int fd, bool keep);
/*
 * Whatever another process wanted of it: no filter, no program, no offloads, and a
 * carrier.
 * It stays deaf, or hears what it heard.
 */
int nbl_tap_again(int fd);
/*
 * The same for the kept TAP of this name, which is opened; it stays a kept one.
 * -EBUSY: somebody has it open (of one with many queues that is not known).
 * -EINVAL: it is of the other kind.  Who calls knows that there is one: otherwise
 * it is made.
 */
int nbl_tap_adopt(const char *ifname, bool many, int *out);
/* Blocks for tens of ms.  Thread-safe. */
void nbl_tap_close(int fd);

#endif
