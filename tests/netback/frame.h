/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.h owns what tests know of Ethernet frames, apart from the code under test. */
#ifndef NETBACK_FRAME_H
#define NETBACK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define HEAD4	54u		/* Ethernet, IPv4, TCP */
#define HEAD6	74u

/* Big endian. */
uint16_t at16(const uint8_t *p);
void put16(uint8_t *p, uint32_t v);

/* One's complement sum of RFC 1071, from sum on; 0xffff: it is as it should be. */
uint16_t rfc1071(const uint8_t *p, size_t n, uint32_t sum);

/* HEAD4 bytes: of a TCP frame of len, both checksums and the MACs blank. */
void make_head4(uint8_t *f, uint32_t len);
/* All of it; where len is less, the header is whole nevertheless. */
void make4(uint8_t *f, uint32_t len);
void make6(uint8_t *f, uint32_t len);

#endif
