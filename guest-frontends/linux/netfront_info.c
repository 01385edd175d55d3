// SPDX-License-Identifier: GPL-2.0-only
/*
 * netfront_info.c owns what user space can look at: statistics, and the
 * address that the toolstack wants the interface to have.
 */
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "netfront.h"

/* --- statistics ------------------------------------------------------------- */

static void stats_get(struct nxf *p, struct noxs_netfront_stats *to)
{
	spin_lock_bh(&p->lock);
	noxs_netfront_stats(p->nf, to);
	spin_unlock_bh(&p->lock);
}

void nxf_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *to)
{
	struct nxf *p = netdev_priv(dev);
	struct noxs_netfront_stats s;

	stats_get(p, &s);
	to->rx_packets = s.rx_packets;
	to->rx_bytes = s.rx_bytes;
	to->rx_errors = s.rx_errors;
	to->rx_dropped = p->rx_no_memory + p->rx_bad_tag +
			 p->rx_bad_checksum;
	to->tx_packets = s.tx_packets;
	to->tx_bytes = s.tx_bytes;
	to->tx_errors = s.tx_errors;
	to->tx_dropped = p->tx_refused;
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
	struct noxs_netfront_stats s;

	stats_get(p, &s);
	*to++ = s.rx_packets;
	*to++ = s.rx_bytes;
	*to++ = s.rx_errors;
	*to++ = p->rx_no_memory;
	*to++ = p->rx_bad_tag;
	*to++ = p->rx_bad_checksum;
	*to++ = s.tx_packets;
	*to++ = s.tx_bytes;
	*to++ = s.tx_errors;
	*to++ = s.tx_full;
	*to++ = p->tx_refused;
	*to++ = p->link_ups;
}

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, dev_name(dev->dev.parent),
		sizeof(info->bus_info));
}

const struct ethtool_ops nxf_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
	.get_ts_info = ethtool_op_get_ts_info,
};

/* --- addresses ---------------------------------------------------------------- */

static void info_get(struct device *dev, struct noxs_net_info *to)
{
	struct nxf *p = netdev_priv(to_net_dev(dev));

	/* Not rtnl: this file goes while it is held. */
	spin_lock_bh(&p->lock);
	*to = p->info;
	spin_unlock_bh(&p->lock);
}

static ssize_t mode_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	static const char *const modes[] = {
		[XEN_NOXS_NET_IP_NONE] = "none",
		[XEN_NOXS_NET_IP_STATIC] = "static",
		[XEN_NOXS_NET_IP_DHCP] = "dhcp",
	};
	struct noxs_net_info info;

	info_get(dev, &info);
	/* The core has checked it. */
	return sysfs_emit(buf, "%s\n", modes[info.ip_mode]);
}
static DEVICE_ATTR_RO(mode);

static ssize_t address_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct noxs_net_info info;

	info_get(dev, &info);
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

	info_get(dev, &info);
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
