/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csum.h owns checksums that somebody left blank.  All work is on a private
 * copy of the frame.
 */
#ifndef NBL_CSUM_H
#define NBL_CSUM_H

#include <stdint.h>

#include <linux/virtio_net.h>

/*
 * A guest's frame with a blank TCP or UDP checksum, for the kernel: fills in
 * hdr and the pseudo header's sum (whatever was in its place), and cuts *len
 * to what the IP header says.  features: XEN_NOXS_NET_F_CSUM{4,6}, the
 * families allowed.  Behind IPv6's header there may be options and a routing
 * header that is done with.  -EINVAL: headers that make no sense, -EOPNOTSUPP: not
 * a thing to be checksummed.
 */
int nbl_csum_offload(uint8_t *frame, uint32_t *len, uint32_t features,
		     struct virtio_net_hdr *hdr);

/* XEN_NOXS_NET_F_CSUM4 or 6 by the frame's Ethernet type, 0 for others. */
uint32_t nbl_csum_family(const uint8_t *frame, uint32_t len);

/*
 * Compute what hdr (with NEEDS_CSUM) says is to be computed.  -EINVAL: start
 * or offset outside of the frame.
 */
int nbl_csum_complete(uint8_t *frame, uint32_t len,
		      const struct virtio_net_hdr *hdr);

#endif
