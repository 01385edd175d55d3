// SPDX-License-Identifier: BSD-2-Clause
/* The VLAN of a bridge's port. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "link-private.h"

/* What is asked of a bridge; filled in by the answer. */
struct query {
	bool is_bridge, filters;
	uint16_t pvid;
};

static void query_data(struct query *q, struct nlattr *data)
{
	struct nlattr *attr;

	attr = nla_find(nla_data(data), nla_len(data), IFLA_BR_VLAN_FILTERING);
	q->filters = attr && nla_len(attr) >= 1 && nla_get_u8(attr);
	attr = nla_find(nla_data(data), nla_len(data),
			IFLA_BR_VLAN_DEFAULT_PVID);
	if (attr && nla_len(attr) >= 2)
		q->pvid = nla_get_u16(attr);
}

static int query_answer(struct nl_msg *msg, void *arg)
{
	struct nlattr *info, *kind, *data;
	struct query *q = arg;

	info = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct ifinfomsg),
			       IFLA_LINKINFO);
	if (!info)
		return NL_OK;
	kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);
	data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA);
	q->is_bridge = kind && !nla_strcmp(kind, "bridge");
	if (q->is_bridge && data)
		query_data(q, data);
	return NL_OK;
}

static struct nl_msg *new_message(int type, int family, int ifindex)
{
	struct ifinfomsg ifi = {
		.ifi_family = (unsigned char)family,
		.ifi_index = ifindex,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	/* It fits: a message is a page. */
	if (msg)
		nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	return msg;
}

int nbl_link_vlan_bridge(struct nbl_link *link, int ifindex, uint16_t *pvid)
{
	struct nl_sock *sk = nbl_link_sock(link);
	struct query q = { .pvid = 0 };
	struct nl_msg *msg;
	struct nl_cb *cb;
	int rc;

	cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, query_answer, &q);
	msg = new_message(RTM_GETLINK, AF_UNSPEC, ifindex);
	rc = -ENOMEM;
	if (!msg)
		goto out;
	/* The answer shall fit libnl's buffer, and nobody asked for these. */
	nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rc = nl_send_auto(sk, msg);
	nlmsg_free(msg);
	if (rc >= 0)
		rc = nl_recvmsgs(sk, cb);
	/* The acknowledgement, which libnl asks for, comes behind the answer. */
	if (rc >= 0)
		rc = nl_wait_for_ack(sk);
	rc = nbl_link_errno(rc < 0 ? rc : 0);
	if (!rc && !q.is_bridge)
		rc = -EOPNOTSUPP;
	if (!rc && !q.filters)
		rc = -EPROTONOSUPPORT;
	if (!rc)
		*pvid = q.pvid;
out:
	nl_cb_put(cb);
	return rc;
}

static int change_vlan(struct nbl_link *link, int type, int ifindex,
		       uint16_t vlan, uint16_t flags)
{
	struct bridge_vlan_info info = { .flags = flags, .vid = vlan };
	struct nl_msg *msg = new_message(type, AF_BRIDGE, ifindex);
	struct nlattr *nest;

	if (!msg)
		return -ENOMEM;
	nest = nla_nest_start(msg, IFLA_AF_SPEC);
	nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
	nla_nest_end(msg, nest);
	return nbl_link_errno(nl_send_sync(nbl_link_sock(link), msg));
}

int nbl_link_vlan(struct nbl_link *link, int ifindex, uint16_t from,
		  uint16_t to)
{
	int rc = 0;

	if (from == to)
		return 0;
	/* First away from there: never is it in both. */
	if (from)
		rc = change_vlan(link, RTM_DELLINK, ifindex, from, 0);
	if (!rc && to)
		rc = change_vlan(link, RTM_SETLINK, ifindex, to,
				 BRIDGE_VLAN_INFO_PVID |
				 BRIDGE_VLAN_INFO_UNTAGGED);
	return rc;
}
