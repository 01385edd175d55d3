/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netfront.h owns what the files of noxs_netfront.ko share: one interface.
 *
 * lock is the one that noxs_netfront.h asks for around send and poll; it also
 * covers up and port.  The core's callbacks of these two (rx, tx_room) come
 * with it held, those of the bus (link_up, link_down) without.
 */
#ifndef NOXS_LINUX_NETFRONT_H
#define NOXS_LINUX_NETFRONT_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <net/page_pool.h>

#include "noxs_linux.h"
#include "noxs_netfront.h"

struct nxf {
	struct net_device *dev;
	struct noxs_netfront *nf;
	struct napi_struct napi;
	struct page_pool *pool;		/* for frames longer than NXF_LINEAR */
	spinlock_t lock;		/* bottom halves off */
	bool up;			/* send and poll may be called */
	struct noxs_port *port;		/* while up */
	struct delayed_work watch;	/* after packets that were sent */
	struct sk_buff_head received;	/* lock; of the present poll */
	bool woken;			/* lock; the present poll made room */
	bool registered;		/* bus lock */
	/* What the toolstack said last; bus lock to write, and lock. */
	struct noxs_net_info info;
	/* Statistics of this side. */
	u64 rx_no_memory;		/* lock */
	u64 rx_bad_tag;			/* lock */
	u64 rx_bad_checksum;		/* lock */
	u64 tx_refused;			/* lock */
	u64 link_ups;			/* bus lock */
};

/* Frames up to this length are copied to one piece of memory. */
#define NXF_LINEAR	1792
/* Of a longer one, this much is; the rest is in pages. */
#define NXF_HEADER	256

/* How long after a packet it is looked whether there is a backend. */
#define NXF_WATCH	(2 * HZ)

/* netfront_data.c: packets */
netdev_tx_t nxf_start_xmit(struct sk_buff *skb, struct net_device *dev);
netdev_features_t nxf_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features);
int nxf_poll(struct napi_struct *napi, int budget);
/* The core's callbacks. */
void nxf_rx(void *priv, const struct noxs_net_frame *frame);
void nxf_tx_room(void *priv);
void nxf_event(void *priv);

/* netfront_info.c: what user space can look at */
extern const struct ethtool_ops nxf_ethtool_ops;
extern const struct attribute_group nxf_attr_group;
void nxf_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *to);

#endif
