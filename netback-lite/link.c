// SPDX-License-Identifier: BSD-2-Clause
/* rtnetlink through libnl; the one file that knows what -NLE_* mean. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>

#include "link-private.h"

struct nbl_link {
	struct nl_sock *sk;
	int fd;			/* for ioctl: cheaper than a dump of a link */
};

/* libnl folds several errno values into one; these are the likely ones. */
int nbl_link_errno(int nle)
{
	switch (nle < 0 ? -nle : nle) {
	case NLE_SUCCESS:	return 0;
	case NLE_INTR:		return -EINTR;
	case NLE_AGAIN:		return -EAGAIN;
	case NLE_NOMEM:		return -ENOMEM;
	case NLE_EXIST:		return -EEXIST;
	case NLE_BUSY:		return -EBUSY;
	case NLE_NODEV:		return -ENODEV;
	case NLE_OBJ_NOTFOUND:	return -ENODEV;
	case NLE_PERM:		return -EPERM;
	case NLE_NOACCESS:	return -EACCES;
	case NLE_INVAL:		return -EINVAL;
	case NLE_RANGE:		return -ERANGE;
	case NLE_MSGSIZE:	return -EMSGSIZE;
	case NLE_OPNOTSUPP:	return -EOPNOTSUPP;
	case NLE_AF_NOSUPPORT:	return -EAFNOSUPPORT;
	case NLE_NOADDR:	return -EADDRNOTAVAIL;
	default:		return -EIO;
	}
}

int nbl_link_open(struct nbl_link **out)
{
	struct nbl_link *link;
	int rc;

	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (link->fd < 0) {
		rc = -errno;
		goto err_free;
	}
	link->sk = nl_socket_alloc();
	if (!link->sk) {
		rc = -ENOMEM;
		goto err_fd;
	}
	/* All that comes is acknowledgements, which fit libnl's buffer. */
	nl_socket_disable_msg_peek(link->sk);
	rc = nbl_link_errno(nl_connect(link->sk, NETLINK_ROUTE));
	if (rc)
		goto err_sock;
	*out = link;
	return 0;

err_sock:
	nl_socket_free(link->sk);
err_fd:
	close(link->fd);
err_free:
	free(link);
	return rc;
}

void nbl_link_close(struct nbl_link *link)
{
	if (!link)
		return;
	nl_socket_free(link->sk);
	close(link->fd);
	free(link);
}

struct nl_sock *nbl_link_sock(struct nbl_link *link)
{
	return link->sk;
}

int nbl_link_find(struct nbl_link *link, const char *ifname, int *ifindex,
		  unsigned int *mtu)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };
	int index;

	if (strlen(ifname) >= sizeof(ifr.ifr_name))
		return -ENODEV;
	strcpy(ifr.ifr_name, ifname);
	if (ioctl(link->fd, SIOCGIFINDEX, &ifr))
		return -errno;
	index = ifr.ifr_ifindex;
	if (ioctl(link->fd, SIOCGIFMTU, &ifr))
		return -errno;
	*ifindex = index;
	*mtu = (unsigned int)ifr.ifr_mtu;
	return 0;
}

/* mtu 0: as it is */
static int link_describe(struct rtnl_link *l, int master, unsigned int mtu,
			 bool up)
{
	/*
	 * A bridge takes the lowest MAC of its ports for its own unless it was
	 * given one; nothing is higher than this one.
	 */
	static const unsigned char mac[6] = {
		0xfe, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	struct nl_addr *addr;

	addr = nl_addr_build(AF_LLC, mac, sizeof(mac));
	if (!addr)
		return -ENOMEM;
	rtnl_link_set_addr(l, addr);	/* takes a reference of its own */
	nl_addr_put(addr);
	if (master)
		rtnl_link_set_master(l, master);
	if (mtu)
		rtnl_link_set_mtu(l, mtu);
	if (up)
		rtnl_link_set_flags(l, IFF_UP);
	return 0;
}

/*
 * No IPv6 of the host's on the guest's end of a wire: it would greet each new
 * guest with neighbour and listener messages.  To be said before the device
 * goes up, and the kernel looks at the flags of a message before its address
 * families; so it takes a message of its own, and saves more than it costs.
 */
static void link_no_inet6(struct nbl_link *link, struct rtnl_link *orig)
{
	struct rtnl_link *l = rtnl_link_alloc();

	if (!l)
		return;
	/* Fails where the kernel has no IPv6: all the better. */
	if (!rtnl_link_inet6_set_addr_gen_mode(l, IN6_ADDR_GEN_MODE_NONE))
		rtnl_link_change(link->sk, orig, l, 0);
	rtnl_link_put(l);
}

/* The kernel may have set it up before it found that it cannot be a port. */
static void link_down(struct nbl_link *link, const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	strcpy(ifr.ifr_name, ifname);
	/* Nothing to be done if it fails, and nothing that it breaks. */
	(void)ioctl(link->fd, SIOCSIFFLAGS, &ifr);
}

/* Onto its bridge; up or as it is. */
static int link_attach(struct nbl_link *link, const char *ifname, int master,
		       unsigned int mtu, bool up, int *ifindex)
{
	struct rtnl_link *orig, *l;
	unsigned int old_mtu = 0;
	int rc;

	rc = nbl_link_find(link, ifname, ifindex, &old_mtu);
	if (rc)
		return rc;
	rc = -ENOMEM;
	orig = rtnl_link_alloc();
	if (!orig)
		return rc;
	rtnl_link_set_ifindex(orig, *ifindex);
	l = rtnl_link_alloc();
	if (!l)
		goto out_orig;
	link_no_inet6(link, orig);
	rc = link_describe(l, master, mtu != old_mtu ? mtu : 0, up);
	if (!rc)
		rc = nbl_link_errno(rtnl_link_change(link->sk, orig, l, 0));
	if (rc)
		link_down(link, ifname);
	rtnl_link_put(l);
out_orig:
	rtnl_link_put(orig);
	return rc;
}

int nbl_link_attach(struct nbl_link *link, const char *ifname, int master,
		    unsigned int mtu, int *ifindex)
{
	return link_attach(link, ifname, master, mtu, true, ifindex);
}

static int link_up(struct nbl_link *link, const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP };

	strcpy(ifr.ifr_name, ifname);
	return ioctl(link->fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

int nbl_link_attach_vlan(struct nbl_link *link, const char *ifname, int master,
			 unsigned int mtu, uint16_t pvid, uint16_t vlan,
			 int *ifindex)
{
	int rc;

	rc = link_attach(link, ifname, master, mtu, false, ifindex);
	if (!rc)
		rc = nbl_link_vlan(link, *ifindex, pvid, vlan);
	return rc ? rc : link_up(link, ifname);
}

int nbl_link_attach_quiet(struct nbl_link *link, const char *ifname,
			  int master, unsigned int mtu, int *ifindex)
{
	int rc;

	rc = link_attach(link, ifname, master, mtu, false, ifindex);
	if (!rc)
		rc = nbl_link_flood(link, *ifindex, false);
	return rc ? rc : link_up(link, ifname);
}

/*
 * By the flag for proxy ARP, whose ports the kernel leaves out of every flood
 * (and for which it answers ARP requests that they send, which nobody does on
 * this one).  Those that are named after flooding do not hold for what the
 * host itself sends by its bridge, which is most of it; and to change that of
 * unicast walks all ports.
 */
int nbl_link_flood(struct nbl_link *link, int ifindex, bool on)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_BRIDGE,
		.ifi_index = ifindex,
	};
	struct nlattr *nest;
	struct nl_msg *msg;

	msg = nlmsg_alloc_simple(RTM_SETLINK, 0);
	if (!msg)
		return -ENOMEM;
	/* It fits: a message is a page. */
	nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	/* Without NLA_F_NESTED the kernel takes it for a single byte. */
	nest = nla_nest_start(msg, IFLA_PROTINFO | NLA_F_NESTED);
	nla_put_u8(msg, IFLA_BRPORT_PROXYARP, !on);
	nla_nest_end(msg, nest);
	return nbl_link_errno(nl_send_sync(link->sk, msg));	/* frees it */
}

int nbl_link_no_qdisc(struct nbl_link *link, const char *ifname)
{
	struct tcmsg tc = { .tcm_parent = TC_H_ROOT };
	struct nl_msg *msg;
	unsigned int mtu;
	int rc;

	rc = nbl_link_find(link, ifname, &tc.tcm_ifindex, &mtu);
	if (rc)
		return rc;
	msg = nlmsg_alloc_simple(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
	if (!msg)
		return -ENOMEM;
	nlmsg_append(msg, &tc, sizeof(tc), NLMSG_ALIGNTO);
	nla_put_string(msg, TCA_KIND, "noqueue");
	return nbl_link_errno(nl_send_sync(link->sk, msg));	/* frees it */
}

int nbl_link_set_mtu(struct nbl_link *link, const char *ifname,
		     unsigned int mtu)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu };

	strcpy(ifr.ifr_name, ifname);
	return ioctl(link->fd, SIOCSIFMTU, &ifr) ? -errno : 0;
}
