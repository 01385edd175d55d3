/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netfront.h owns what the files of noxs_netfront.ko share: one interface, and its
 * queues, each of Linux' being one of the core's.
 *
 * A queue's lock is the one that noxs_netfront.h asks for around send and poll; it
 * also covers up and its ports.  The core's callbacks of these two (rx, tx_room) come
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

struct nxf;

struct nxf_queue {
	struct nxf *p;
	unsigned int nr;
	struct noxs_netq *q;		/* lock; NULL: the link was never up with it */
	struct napi_struct napi;
	struct page_pool *pool;		/* for frames longer than NXF_LINEAR */
	spinlock_t lock;		/* bottom halves off */
	bool up;			/* send and poll may be called */
	unsigned int tx_port, rx_port;	/* while up: of p->port[] */
	u32 life;			/* lock; which connection this is */
	struct sk_buff_head received;	/* lock; of the present poll */
	bool woken;			/* lock; the present poll made room */
	/* Statistics of this side; lock. */
	u64 rx_no_memory;
	u64 rx_bad_tag;
	u64 rx_bad_checksum;
	u64 tx_refused;
};

struct nxf {
	struct net_device *dev;
	struct noxs_netfront *nf;
	struct noxs_port *port[XEN_NOXS_MAX_PORTS];	/* while up */
	struct delayed_work watch;	/* after packets that were sent */
	struct delayed_work retry;	/* there was no memory for rings */
	bool registered;		/* bus lock */
	/* What the toolstack said last; bus lock to write, and that of queue 0. */
	struct noxs_net_info info;
	u64 link_ups;			/* bus lock */
	unsigned int max_queues;	/* entries of queue[] */
	struct nxf_queue queue[];
};

/* All that there could be, whether in use or not. */
#define nxf_for_each_queue(p, q) \
	for ((q) = (p)->queue; (q) < (p)->queue + (p)->max_queues; (q)++)

/* Frames up to this length are copied to one piece of memory. */
#define NXF_LINEAR	1792
/* Of a longer one, this much is; the rest is in pages. */
#define NXF_HEADER	256

/* How long after a packet it is looked whether there is a backend. */
#define NXF_WATCH	(2 * HZ)
/* When rings are tried again. */
#define NXF_RETRY	(5 * HZ)

/* netfront_data.c: packets */
netdev_tx_t nxf_start_xmit(struct sk_buff *skb, struct net_device *dev);
netdev_features_t nxf_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features);
int nxf_poll(struct napi_struct *napi, int budget);
/* The core's callbacks. */
void nxf_rx(void *priv, unsigned int queue, const struct noxs_net_frame *frame);
void nxf_tx_room(void *priv, unsigned int queue);
void nxf_event(void *priv, unsigned int queue, unsigned int port);
/* With its lock: of a port that is held, the end. */
void nxf_eoi(struct nxf_queue *q, bool spurious);

/* netfront_info.c: what user space can look at */
extern const struct ethtool_ops nxf_ethtool_ops;
extern const struct attribute_group nxf_attr_group;
void nxf_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *to);

#endif
