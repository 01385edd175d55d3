/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP is configured to call of ours.  No lwIP header is needed here.
 */
#ifndef MINIOS_NET_LWIP_H
#define MINIOS_NET_LWIP_H

#include <stddef.h>
#include <stdint.h>

/* malloc within a quota: what strangers send cannot use up all memory. */
void *net_mem_alloc(size_t size);
void *net_mem_calloc(size_t n, size_t size);
void net_mem_free(void *ptr);
/* A quarter of what is free now, at least 128 KB. */
void net_mem_init(void);

/*
 * The netif that owns the address src, if it is up: with several vifs on one
 * bridge an answer leaves where the question came in.  NULL: lwIP decides.
 */
struct ip4_addr;
struct netif;
struct netif *net_route_src(const struct ip4_addr *src);

/* The first sequence number of a connection (RFC 6528); network order. */
uint32_t net_tcp_isn(uint32_t local_ip, uint16_t local_port,
		     uint32_t remote_ip, uint16_t remote_port);

#endif
