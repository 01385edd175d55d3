// SPDX-License-Identifier: GPL-2.0-only
/*
 * netfront_info.c owns what user space can look at: statistics, and the
 * address that the toolstack wants the interface to have.
 */
#include <linux/ethtool.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "netfront.h"

/* What the toolstack said last. */
static void info_get(struct net_device *dev, struct noxs_net_info *to)
{
	struct nxf *p = netdev_priv(dev);

	/* Not rtnl: the files of sysfs go while it is held. */
	spin_lock_bh(&p->queue[0].lock);
	*to = p->info;
	spin_unlock_bh(&p->queue[0].lock);
}

/* --- statistics ------------------------------------------------------------- */

/* Of all queues. */
struct sums {
	struct noxs_netfront_stats core;
	u64 rx_no_memory;
	u64 rx_bad_tag;
	u64 rx_bad_checksum;
	u64 tx_refused;
};

static void queue_add(struct nxf_queue *q, struct sums *to)
{
	struct noxs_netfront_stats s;

	spin_lock_bh(&q->lock);
	if (q->q) {
		noxs_netq_stats(q->q, &s);
		to->core.rx_packets += s.rx_packets;
		to->core.rx_bytes += s.rx_bytes;
		to->core.rx_errors += s.rx_errors;
		to->core.tx_packets += s.tx_packets;
		to->core.tx_bytes += s.tx_bytes;
		to->core.tx_errors += s.tx_errors;
		to->core.tx_full += s.tx_full;
	}
	to->rx_no_memory += q->rx_no_memory;
	to->rx_bad_tag += q->rx_bad_tag;
	to->rx_bad_checksum += q->rx_bad_checksum;
	to->tx_refused += q->tx_refused;
	spin_unlock_bh(&q->lock);
}

static void stats_get(struct nxf *p, struct sums *to)
{
	struct nxf_queue *q;

	memset(to, 0, sizeof(*to));
	nxf_for_each_queue(p, q)
		queue_add(q, to);
}

void nxf_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *to)
{
	struct nxf *p = netdev_priv(dev);
	struct sums s;

	stats_get(p, &s);
	to->rx_packets = s.core.rx_packets;
	to->rx_bytes = s.core.rx_bytes;
	to->rx_errors = s.core.rx_errors;
	to->rx_dropped = s.rx_no_memory + s.rx_bad_tag + s.rx_bad_checksum;
	to->tx_packets = s.core.tx_packets;
	to->tx_bytes = s.core.tx_bytes;
	to->tx_errors = s.core.tx_errors;
	to->tx_dropped = s.tx_refused;
}

static const char names[][ETH_GSTRING_LEN] = {
	"rx_packets", "rx_bytes", "rx_errors", "rx_no_memory",
	"rx_bad_tag", "rx_bad_checksum", "tx_packets", "tx_bytes", "tx_errors",
	"tx_ring_full", "tx_refused", "link_ups",
};

static int get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? ARRAY_SIZE(names) : -EOPNOTSUPP;
}

static void get_strings(struct net_device *dev, u32 set, u8 *to)
{
	if (set == ETH_SS_STATS)
		memcpy(to, names, sizeof(names));
}

static void get_ethtool_stats(struct net_device *dev,
			      struct ethtool_stats *stats, u64 *to)
{
	struct nxf *p = netdev_priv(dev);
	struct sums s;

	stats_get(p, &s);
	*to++ = s.core.rx_packets;
	*to++ = s.core.rx_bytes;
	*to++ = s.core.rx_errors;
	*to++ = s.rx_no_memory;
	*to++ = s.rx_bad_tag;
	*to++ = s.rx_bad_checksum;
	*to++ = s.core.tx_packets;
	*to++ = s.core.tx_bytes;
	*to++ = s.core.tx_errors;
	*to++ = s.core.tx_full;
	*to++ = s.tx_refused;
	*to++ = p->link_ups;
}

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, dev_name(dev->dev.parent),
		sizeof(info->bus_info));
}

/* As many as were agreed on; only a new connection has others. */
static void get_channels(struct net_device *dev, struct ethtool_channels *to)
{
	struct nxf *p = netdev_priv(dev);

	to->max_combined = p->max_queues;
	to->combined_count = dev->real_num_tx_queues;
}

/* --- by which queue a frame comes ------------------------------------------- */

static bool info_hash(struct net_device *dev, struct noxs_net_info *to)
{
	info_get(dev, to);
	return to->features & XEN_NOXS_NET_F_HASH;
}

static u32 get_rxfh_key_size(struct net_device *dev)
{
	struct noxs_net_info info;

	return info_hash(dev, &info) ? sizeof(info.hash_key) : 0;
}

/*
 * Whoever reads the table takes the hash modulo its size; the backend its lower 16
 * bits, which is the same for two queues or four, and cannot be said for three.
 */
static u32 get_rxfh_indir_size(struct net_device *dev)
{
	struct noxs_net_info info;

	return info_hash(dev, &info) && is_power_of_2(info.queues) ?
	       info.queues : 0;
}

/* The backend's, all of it: it can be looked at, not changed. */
static int get_rxfh(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc)
{
	struct noxs_net_info info;
	unsigned int i;

	if (!info_hash(dev, &info))
		return -EOPNOTSUPP;
	for (i = 0; indir && i < info.queues; i++)
		indir[i] = i;
	if (key)
		memcpy(key, info.hash_key, sizeof(info.hash_key));
	if (hfunc)
		*hfunc = ETH_RSS_HASH_TOP;
	return 0;
}

static int get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *to,
		     u32 *rules)
{
	if (to->cmd != ETHTOOL_GRXRINGS)
		return -EOPNOTSUPP;
	to->data = dev->real_num_rx_queues;
	return 0;
}

const struct ethtool_ops nxf_ethtool_ops = {
	.get_channels = get_channels,
	.get_rxfh_key_size = get_rxfh_key_size,
	.get_rxfh_indir_size = get_rxfh_indir_size,
	.get_rxfh = get_rxfh,
	.get_rxnfc = get_rxnfc,
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};

/* --- addresses ---------------------------------------------------------------- */

static ssize_t mode_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	static const char *const modes[] = {
		[XEN_NOXS_NET_IP_NONE] = "none",
		[XEN_NOXS_NET_IP_STATIC] = "static",
		[XEN_NOXS_NET_IP_DHCP] = "dhcp",
	};
	struct noxs_net_info info;

	info_get(to_net_dev(dev), &info);
	/* The core has checked it. */
	return sysfs_emit(buf, "%s\n", modes[info.ip_mode]);
}
static DEVICE_ATTR_RO(mode);

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct noxs_net_info info;

	info_get(to_net_dev(dev), &info);
	if (info.ip_mode != XEN_NOXS_NET_IP_STATIC)
		return 0;
	return sysfs_emit(buf, "%pI4/%u\n", info.ip, info.prefix);
}
static DEVICE_ATTR_RO(address);

static ssize_t gateway_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	static const u8 none[4];
	struct noxs_net_info info;

	info_get(to_net_dev(dev), &info);
	if (!memcmp(info.gateway, none, sizeof(none)))
		return 0;
	return sysfs_emit(buf, "%pI4\n", info.gateway);
}
static DEVICE_ATTR_RO(gateway);

static struct attribute *attrs[] = {
	&dev_attr_mode.attr,
	&dev_attr_address.attr,
	&dev_attr_gateway.attr,
	NULL,
};

const struct attribute_group nxf_attr_group = {
	.name = "noxs",
	.attrs = attrs,
};
