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
MODULE_PARM_DESC(rx_pages, "Pages that wait for received packets, 1 to 256");

static unsigned int tx_pages = 80;
module_param(tx_pages, uint, 0444);
MODULE_PARM_DESC(tx_pages, "Pages for packets that leave, 1 to 256");

/* --- the interface ---------------------------------------------------------- */

/* What happened while NAPI was off is looked for at once. */
static int nxf_open(struct net_device *dev)
{
	struct nxf *p = netdev_priv(dev);

	napi_enable(&p->napi);
	netif_start_queue(dev);
	local_bh_disable();
	napi_schedule(&p->napi);
	local_bh_enable();
	return 0;
}

static int nxf_stop(struct net_device *dev)
{
	struct nxf *p = netdev_priv(dev);

	netif_stop_queue(dev);
	napi_disable(&p->napi);
	spin_lock_bh(&p->lock);
	if (p->port)
		noxs_port_eoi(p->port, false);
	spin_unlock_bh(&p->lock);
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
	spin_lock_bh(&p->lock);
	p->info = *info;
	spin_unlock_bh(&p->lock);
}

static void interface_renew(struct nxf *p, const struct noxs_net_info *info)
{
	struct net_device *dev = p->dev;
	netdev_features_t had = dev->hw_features;
	u32 was = dev->max_mtu;

	rtnl_lock();
	info_take(p, info);
	/* What is new is used; what somebody chose stays, if it can. */
	if (dev->mtu == was || dev->mtu > info->mtu)
		dev_set_mtu(dev, info->mtu);
	dev->wanted_features |= dev->hw_features & ~had;
	netdev_update_features(dev);
	rtnl_unlock();
}

static int interface_register(struct nxf *p, const struct noxs_net_info *info)
{
	struct net_device *dev = p->dev;
	int rc;

	info_take(p, info);
	dev->mtu = info->mtu;
	dev->features = dev->hw_features;
	netif_carrier_off(dev);
	rc = register_netdev(dev);
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
static void nxf_watch(struct work_struct *work)
{
	struct nxf *p = container_of(to_delayed_work(work), struct nxf, watch);

	spin_lock_bh(&p->lock);
	if (p->up && noxs_port_orphaned(p->port))
		noxs_netfront_abandon(p->nf);
	else if (p->up && netif_queue_stopped(p->dev))
		schedule_delayed_work(&p->watch, NXF_WATCH);
	spin_unlock_bh(&p->lock);
}

/* --- the core's calls --------------------------------------------------------- */

static int pool_create(struct nxf *p)
{
	struct page_pool_params params = {
		.pool_size = rx_pages,
		.nid = NUMA_NO_NODE,
	};

	p->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(p->pool);
}

static int nxf_probe(void *arg, struct noxs_netfront *nf, uint16_t id,
		     void **priv)
{
	struct net_device *dev = alloc_etherdev(sizeof(struct nxf));
	struct nxf *p;
	int rc;

	if (!dev)
		return -ENOMEM;
	p = netdev_priv(dev);
	p->dev = dev;
	p->nf = nf;
	spin_lock_init(&p->lock);
	__skb_queue_head_init(&p->received);
	INIT_DELAYED_WORK(&p->watch, nxf_watch);
	rc = pool_create(p);
	if (rc)
		goto err_dev;
	netif_napi_add(dev, &p->napi, nxf_poll);
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
	/* It takes no lock that is held here. */
	cancel_delayed_work_sync(&p->watch);
	netif_napi_del(&p->napi);
	page_pool_destroy(p->pool);
	free_netdev(p->dev);
}

static void nxf_link_up(void *priv, const struct noxs_net_info *info)
{
	struct nxf *p = priv;
	struct net_device *dev = p->dev;

	if (p->registered)
		interface_renew(p, info);
	else if (interface_register(p, info))
		return;
	spin_lock_bh(&p->lock);
	WRITE_ONCE(p->port, noxs_port_of(noxs_netfront_device(p->nf), 0));
	p->up = true;
	spin_unlock_bh(&p->lock);
	p->link_ups++;
	netif_carrier_on(dev);
	netif_wake_queue(dev);
	/* A restored domain may be behind another port of the bridge. */
	if (p->link_ups > 1) {
		netdev_notify_peers(dev);
		kobject_uevent(&dev->dev.kobj, KOBJ_CHANGE);
	}
	local_bh_disable();
	if (netif_running(dev))
		napi_schedule(&p->napi);
	local_bh_enable();
}

static void nxf_link_down(void *priv, unsigned int error)
{
	struct nxf *p = priv;

	/* From here on nobody polls or sends. */
	spin_lock_bh(&p->lock);
	p->up = false;
	if (p->port)
		noxs_port_eoi(p->port, false);
	WRITE_ONCE(p->port, NULL);
	spin_unlock_bh(&p->lock);
	if (!p->registered)
		return;
	netif_carrier_off(p->dev);
	if (error)
		netdev_warn(p->dev, "connection lost: error %u\n", error);
}

/* --- the module ---------------------------------------------------------------- */

static const struct noxs_netfront_ops ops = {
	.probe = nxf_probe,
	.remove = nxf_remove,
	.link_up = nxf_link_up,
	.link_down = nxf_link_down,
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
	if (!rx_pages || !tx_pages)
		return -EINVAL;
	config.nr_rx = rx_pages;
	config.nr_tx = tx_pages;
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
