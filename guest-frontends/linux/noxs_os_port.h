/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noxs_os_port.h owns Linux's side of noxs_os.h: types, error numbers,
 * barriers, and Xen's headers under the names that Xen gives them.
 */
#ifndef NOXS_OS_PORT_H
#define NOXS_OS_PORT_H

#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#include <asm/barrier.h>

#include <xen/interface/xen.h>
#include <xen/interface/io/netif.h>
#include <xen/interface/io/ring.h>
#include <xen/noxs.h>

/* Against another CPU even where this kernel has but one. */
#define xen_mb()	virt_mb()
#define xen_rmb()	virt_rmb()
#define xen_wmb()	virt_wmb()

/* Linux has the rings of <xen/io/netif.h> with a prefix of its own. */
#define netif_tx_request	xen_netif_tx_request
#define netif_tx_response	xen_netif_tx_response
#define netif_rx_request	xen_netif_rx_request
#define netif_rx_response	xen_netif_rx_response
#define netif_extra_info	xen_netif_extra_info
#define netif_tx_sring		xen_netif_tx_sring
#define netif_rx_sring		xen_netif_rx_sring
#define netif_tx_front_ring	xen_netif_tx_front_ring
#define netif_rx_front_ring	xen_netif_rx_front_ring

#define NETTXF_csum_blank	XEN_NETTXF_csum_blank
#define NETTXF_data_validated	XEN_NETTXF_data_validated
#define NETTXF_more_data	XEN_NETTXF_more_data
#define NETTXF_extra_info	XEN_NETTXF_extra_info
#define NETRXF_csum_blank	XEN_NETRXF_csum_blank
#define NETRXF_data_validated	XEN_NETRXF_data_validated
#define NETRXF_more_data	XEN_NETRXF_more_data
#define NETRXF_extra_info	XEN_NETRXF_extra_info
#define NETIF_RSP_NULL		XEN_NETIF_RSP_NULL
#define NETIF_RSP_DROPPED	XEN_NETIF_RSP_DROPPED
#define NETIF_RSP_ERROR		XEN_NETIF_RSP_ERROR
#define NETIF_RSP_OKAY		XEN_NETIF_RSP_OKAY

#endif
