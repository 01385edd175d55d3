/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP for a guest of a few megabytes: IPv4 with TCP, UDP, ICMP, ARP, DHCP
 * and DNS, callback interface only, no pools of fixed size.
 *
 * Static pools would be part of the image's zeroed memory, which the domain
 * builder has to map and clear for every guest; instead all comes from malloc
 * within the quota of net/mem.c.
 */
#ifndef MINIOS_LWIPOPTS_H
#define MINIOS_LWIPOPTS_H

#include "minios/net_lwip.h"

#define NO_SYS				1
#define SYS_LIGHTWEIGHT_PROT		0
#define LWIP_TIMERS			0	/* net/timers.c */
#define LWIP_NETCONN			0
#define LWIP_SOCKET			0
#define LWIP_STATS			0

#define MEM_ALIGNMENT			8
#define MEM_LIBC_MALLOC			1
#define MEMP_MEM_MALLOC			1
#define mem_clib_malloc			net_mem_alloc
#define mem_clib_calloc			net_mem_calloc
#define mem_clib_free			net_mem_free

#define LWIP_IPV4			1
#define LWIP_IPV6			0
#define LWIP_ARP			1
#define ARP_QUEUEING			1
#define LWIP_ICMP			1
#define LWIP_UDP			1
#define LWIP_TCP			1
#define LWIP_DHCP			1
#define DHCP_DOES_ARP_CHECK		0
#define LWIP_DNS			0
#define IP_REASSEMBLY			1
#define IP_REASS_MAX_PBUFS		16
#define IP_FORWARD			0

#define TCP_MSL				15000	/* ms; a connection lingers twice that */
#define TCP_MSS				1460
#define TCP_WND				(16 * TCP_MSS)
#define TCP_SND_BUF			(16 * TCP_MSS)
#define TCP_SND_QUEUELEN		64
#define MEMP_NUM_TCP_SEG		64
#define TCP_LISTEN_BACKLOG		1
#define TCP_DEFAULT_LISTEN_BACKLOG	64
#define LWIP_HOOK_TCP_ISN(lip, lport, rip, rport) \
	net_tcp_isn((lip)->addr, lport, (rip)->addr, rport)

#define LWIP_HOOK_IP4_ROUTE_SRC(src, dest) net_route_src(src)

#define LWIP_NETIF_LINK_CALLBACK	0
#define LWIP_NETIF_STATUS_CALLBACK	1
#define LWIP_NETIF_HOSTNAME		0
#define LWIP_SINGLE_NETIF		0
#define LWIP_NETIF_TX_SINGLE_PBUF	0
#define LWIP_CHECKSUM_CTRL_PER_NETIF	1
#define LWIP_CHECKSUM_ON_COPY		1
#define ETH_PAD_SIZE			0

#endif
