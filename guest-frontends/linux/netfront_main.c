// SPDX-License-Identifier: GPL-2.0-only
/*
 * netfront_main.c owns noxs_netfront.ko: the life of its interfaces.
 *
 * An interface is made when the backend's first offer was answered (its
 * address is known then) and goes with its device.  In between its carrier
 * says whether there is a connection.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include <xen/xen.h>

#include "netfront.h"

static unsigned int rx_pages = 128;
module_param(rx_pages, uint, 0444);
MODULE_PARM_DESC(rx_pages, "Pages that wait for received packets, of each queue, 1 to 256");

static unsigned int tx_pages = 80;
module_param(tx_pages, uint, 0444);
MODULE_PARM_DESC(tx_pages, "Pages for packets that leave, of each queue, 1 to 256");

static unsigned int max_queues;
module_param(max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues, "Queues of an interface, 1 to 8; 0 (the default): one a CPU");

/* --- the interface ---------------------------------------------------------- */

/* What happened while NAPI was off is looked for at once. */
static int nxf_open(struct net_device *dev)
{
	struct nxf *p = netdev_priv(dev);
	struct nxf_queue *q;

	nxf_for_each_queue(p, q)
		napi_enable(&q->napi);
	netif_tx_start_all_queues(dev);
	local_bh_disable();
	nxf_for_each_queue(p, q)
		napi_schedule(&q->napi);
	local_bh_enable();
	return 0;
}

static int nxf_stop(struct net_device *dev)
{
	struct nxf *p = netdev_priv(dev);
	struct nxf_queue *q;

	netif_tx_stop_all_queues(dev);
	nxf_for_each_queue(p, q) {
		napi_disable(&q->napi);
		spin_lock_bh(&q->lock);
		if (q->up)
			nxf_eoi(q, false);
		spin_unlock_bh(&q->lock);
	}
	return 0;
}

static const struct net_device_ops nxf_netdev_ops = {
	.ndo_open = nxf_open,
	.ndo_stop = nxf_stop,
	.ndo_start_xmit = nxf_start_xmit,
	.ndo_features_check = nxf_features_check,
	.ndo_get_stats64 = nxf_get_stats64,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

/* --- what the toolstack offers ------------------------------------------------ */

static netdev_features_t features_of(const struct noxs_net_info *info)
{
	netdev_features_t features = NETIF_F_RXCSUM;

	if (info->features & XEN_NOXS_NET_F_SG)
		features |= NETIF_F_SG;
	if (info->features & XEN_NOXS_NET_F_CSUM4)
		features |= NETIF_F_IP_CSUM;
	if (info->features & XEN_NOXS_NET_F_CSUM6)
		features |= NETIF_F_IPV6_CSUM;
	if (info->features & XEN_NOXS_NET_F_GSO4)
		features |= NETIF_F_TSO;
	if (info->features & XEN_NOXS_NET_F_GSO6)
		features |= NETIF_F_TSO6;
	return features;
}

/* rtnl, or not registered yet. */
static void info_take(struct nxf *p, const struct noxs_net_info *info)
{
	struct net_device *dev = p->dev;

	dev->hw_features = features_of(info);
	dev->max_mtu = info->mtu;
	/* Who has set an address keeps it, unless another one is offered. */
	if (!p->registered || !ether_addr_equal(p->info.mac, info->mac)) {
		eth_hw_addr_set(dev, info->mac);
		if (p->registered)
			call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
	}
	spin_lock_bh(&p->queue[0].lock);
	p->info = *info;
	spin_unlock_bh(&p->queue[0].lock);
}

static int queues_set(struct nxf *p, unsigned int nr)
{
	return netif_set_real_num_tx_queues(p->dev, nr) ?:
	       netif_set_real_num_rx_queues(p->dev, nr);
}

static int interface_renew(struct nxf *p, const struct noxs_net_info *info)
{
	struct net_device *dev = p->dev;
	netdev_features_t had = dev->hw_features;
	u32 was = dev->max_mtu;
	int rc;

	rtnl_lock();
	rc = queues_set(p, info->queues);
	if (rc)
		netdev_err(dev, "no %u queues: %d\n", info->queues, rc);
	info_take(p, info);
	/* What is new is used; what somebody chose stays, if it can. */
	if (dev->mtu == was || dev->mtu > info->mtu)
		dev_set_mtu(dev, info->mtu);
	dev->wanted_features |= dev->hw_features & ~had;
	netdev_update_features(dev);
	rtnl_unlock();
	return rc;
}

static int interface_register(struct nxf *p, const struct noxs_net_info *info)
{
	struct net_device *dev = p->dev;
	int rc;

	info_take(p, info);
	dev->mtu = info->mtu;
	dev->features = dev->hw_features;
	netif_carrier_off(dev);
	rc = queues_set(p, info->queues) ?: register_netdev(dev);
	if (rc)
		netdev_err(dev, "not registered: %d\n", rc);
	p->registered = !rc;
	return rc;
}

/*
 * A backend that died says nothing, and Xen neither.  It is looked for while
 * there is something to send; who does not send loses nothing but time, and
 * hears of the next backend's offer all the same.
 */
static bool any_stopped(struct nxf *p)
{
	unsigned int i;

	for (i = 0; i < p->dev->real_num_tx_queues; i++)
		if (__netif_subqueue_stopped(p->dev, i))
			return true;
	return false;
}

static void nxf_watch(struct work_struct *work)
{
	struct nxf *p = container_of(to_delayed_work(work), struct nxf, watch);
	struct nxf_queue *q = p->queue;

	spin_lock_bh(&q->lock);
	if (q->up && noxs_port_orphaned(p->port[q->tx_port]))
		noxs_netfront_abandon(p->nf);
	else if (q->up && any_stopped(p))
		schedule_delayed_work(&p->watch, NXF_WATCH);
	spin_unlock_bh(&q->lock);
}

static void nxf_retry(struct work_struct *work)
{
	struct nxf *p = container_of(to_delayed_work(work), struct nxf, retry);

	noxs_netfront_retry(p->nf);
}

/* --- the core's calls --------------------------------------------------------- */

static void queue_fini(struct nxf_queue *q)
{
	netif_napi_del(&q->napi);
	page_pool_destroy(q->pool);
}

static int queue_init(struct nxf *p, unsigned int nr)
{
	struct page_pool_params params = {
		.pool_size = rx_pages,
		.nid = NUMA_NO_NODE,
	};
	struct nxf_queue *q = &p->queue[nr];

	q->pool = page_pool_create(&params);
	if (IS_ERR(q->pool))
		return PTR_ERR(q->pool);
	q->p = p;
	q->nr = nr;
	spin_lock_init(&q->lock);
	__skb_queue_head_init(&q->received);
	netif_napi_add(p->dev, &q->napi, nxf_poll);
	return 0;
}

/* Those that were made so far. */
static void queues_fini(struct nxf *p)
{
	while (p->max_queues)
		queue_fini(&p->queue[--p->max_queues]);
}

static int queues_init(struct nxf *p)
{
	int rc = 0;

	while (!rc && p->max_queues < max_queues) {
		rc = queue_init(p, p->max_queues);
		p->max_queues += !rc;
	}
	if (rc)
		queues_fini(p);
	return rc;
}

static int nxf_probe(void *arg, struct noxs_netfront *nf, uint16_t id,
		     void **priv)
{
	struct net_device *dev;
	struct nxf *p;
	int rc;

	dev = alloc_etherdev_mq(struct_size(p, queue, max_queues),
				max_queues);
	if (!dev)
		return -ENOMEM;
	p = netdev_priv(dev);
	p->dev = dev;
	p->nf = nf;
	INIT_DELAYED_WORK(&p->watch, nxf_watch);
	INIT_DELAYED_WORK(&p->retry, nxf_retry);
	rc = queues_init(p);
	if (rc)
		goto err_dev;
	SET_NETDEV_DEV(dev, noxs_device_linux(noxs_netfront_device(nf)));
	dev->dev_port = id;
	dev->netdev_ops = &nxf_netdev_ops;
	dev->ethtool_ops = &nxf_ethtool_ops;
	dev->sysfs_groups[0] = &nxf_attr_group;
	dev->min_mtu = XEN_NOXS_NET_MIN_MTU;
	/* Linux counts the header of the frame in. */
	netif_set_tso_max_size(dev, NOXS_NET_MAX_GSO_TX);
	/* A line that the core logs comes with the lock held. */
	dev->priv_flags |= IFF_DISABLE_NETPOLL;
	*priv = p;
	return 0;

err_dev:
	free_netdev(dev);
	return rc;
}

static void nxf_remove(void *priv)
{
	struct nxf *p = priv;

	if (p->registered)
		unregister_netdev(p->dev);
	/* They take no lock that is held here. */
	cancel_delayed_work_sync(&p->watch);
	cancel_delayed_work_sync(&p->retry);
	queues_fini(p);
	free_netdev(p->dev);
}

static void queue_up(struct nxf_queue *q)
{
	spin_lock_bh(&q->lock);
	q->q = noxs_netfront_queue(q->p->nf, q->nr);
	noxs_netq_ports(q->q, &q->tx_port, &q->rx_port);
	q->life++;
	q->up = true;
	spin_unlock_bh(&q->lock);
}

static void queue_down(struct nxf_queue *q)
{
	spin_lock_bh(&q->lock);
	if (q->up)
		nxf_eoi(q, false);
	q->up = false;
	spin_unlock_bh(&q->lock);
}

/* Of all that the device has, used or not: bind gave each a handler. */
static void ports_take(struct nxf *p)
{
	struct noxs_device *dev = noxs_netfront_device(p->nf);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p->port); i++)
		WRITE_ONCE(p->port[i], noxs_port_of(dev, i));
}

static int nxf_link_up(void *priv, const struct noxs_net_info *info)
{
	struct nxf *p = priv;
	struct net_device *dev = p->dev;
	unsigned int i;
	int rc;

	rc = p->registered ? interface_renew(p, info) :
			     interface_register(p, info);
	if (rc)
		return rc;
	ports_take(p);
	for (i = 0; i < info->queues; i++)
		queue_up(&p->queue[i]);
	p->link_ups++;
	netif_carrier_on(dev);
	netif_tx_wake_all_queues(dev);
	/* A restored domain may be behind another port of the bridge. */
	if (p->link_ups > 1) {
		netdev_notify_peers(dev);
		kobject_uevent(&dev->dev.kobj, KOBJ_CHANGE);
	}
	local_bh_disable();
	for (i = 0; netif_running(dev) && i < info->queues; i++)
		napi_schedule(&p->queue[i].napi);
	local_bh_enable();
	return 0;
}

static void nxf_link_down(void *priv, unsigned int error)
{
	struct nxf *p = priv;
	struct nxf_queue *q;
	unsigned int i;

	/* From here on nobody polls or sends. */
	nxf_for_each_queue(p, q)
		queue_down(q);
	for (i = 0; i < ARRAY_SIZE(p->port); i++)
		WRITE_ONCE(p->port[i], NULL);
	if (!p->registered)
		return;
	netif_carrier_off(p->dev);
	if (error)
		netdev_warn(p->dev, "connection lost: error %u\n", error);
}

static void nxf_starved(void *priv)
{
	struct nxf *p = priv;

	schedule_delayed_work(&p->retry, NXF_RETRY);
}

/* --- the module ---------------------------------------------------------------- */

static const struct noxs_netfront_ops ops = {
	.probe = nxf_probe,
	.remove = nxf_remove,
	.link_up = nxf_link_up,
	.link_down = nxf_link_down,
	.starved = nxf_starved,
	.event = nxf_event,
	.rx = nxf_rx,
	.tx_room = nxf_tx_room,
};

static struct noxs_netfront_config config = {
	.ops = &ops,
	/* Linux sorts groups out itself, and may want to hear all of them. */
	.features = XEN_NOXS_NET_F_ALL & ~XEN_NOXS_NET_F_MCAST,
};

static struct noxs_driver core_driver;
static struct noxs_linux_driver driver = {
	.driver.name = "noxs_netfront",
	.core = &core_driver,
};

static int __init noxs_netfront_init(void)
{
	if (!rx_pages || !tx_pages || max_queues > XEN_NOXS_NET_MAX_QUEUES)
		return -EINVAL;
	config.nr_rx = rx_pages;
	config.nr_tx = tx_pages;
	if (!max_queues)
		max_queues = min_t(unsigned int, num_online_cpus(),
				   XEN_NOXS_NET_MAX_QUEUES);
	config.max_queues = max_queues;
	return noxs_netfront_driver_init(&core_driver, &config) ?:
	       noxs_driver_register(&driver);
}

static void __exit noxs_netfront_exit(void)
{
	noxs_driver_unregister(&driver);
}

module_init(noxs_netfront_init);
module_exit(noxs_netfront_exit);

MODULE_DESCRIPTION("noxs: Xen devices without XenStore, the network");
MODULE_ALIAS("noxs:t1");
MODULE_LICENSE("GPL");
