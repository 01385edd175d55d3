// SPDX-License-Identifier: GPL-2.0-only
/*
 * netfront_data.c owns the way of packets between Linux and the core's rings.
 *
 * Both directions copy: the pages of the rings are granted once, and what the
 * backend could still alter is never parsed.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/tcp.h>

#include "netfront.h"

/* --- transmit --------------------------------------------------------------- */

static unsigned int skb_to_frags(const struct sk_buff *skb,
				 struct noxs_net_frag *frags)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int i, nr = 0;

	if (skb_headlen(skb))
		frags[nr++] = (struct noxs_net_frag){ skb->data,
						      skb_headlen(skb) };
	for (i = 0; i < info->nr_frags; i++)
		frags[nr++] = (struct noxs_net_frag){
			skb_frag_address(&info->frags[i]),
			skb_frag_size(&info->frags[i]),
		};
	return nr;
}

/* Segments that are too small for a backend are made here. */
netdev_features_t nxf_features_check(struct sk_buff *skb,
				     struct net_device *dev,
				     netdev_features_t features)
{
	if (skb_is_gso(skb) &&
	    skb_shinfo(skb)->gso_size < XEN_NOXS_NET_MIN_GSO)
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

static u32 tx_flags(const struct sk_buff *skb)
{
	u32 flags = 0;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		flags = NOXS_NET_CSUM_BLANK;
	if (!skb_is_gso(skb))
		return flags;
	return flags | (skb_shinfo(skb)->gso_type & SKB_GSO_TCPV4 ?
			NOXS_NET_GSO4 : NOXS_NET_GSO6);
}

netdev_tx_t nxf_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nxf *p = netdev_priv(dev);
	struct nxf_queue *q = &p->queue[skb_get_queue_mapping(skb)];
	struct noxs_net_frag frags[MAX_SKB_FRAGS + 1];
	unsigned int nr = skb_to_frags(skb, frags);
	u32 flags = tx_flags(skb);
	int rc = -EAGAIN;

	BUILD_BUG_ON(MAX_SKB_FRAGS + 1 > NOXS_NET_MAX_FRAGS);
	spin_lock(&q->lock);
	/* Without a link it waits for one, and Linux drops it in a second. */
	if (q->up)
		rc = noxs_netq_send_gso(q->q, frags, nr, flags,
					skb_shinfo(skb)->gso_size);
	/* Stopped here, it goes on with nxf_tx_room(), or nxf_link_up(). */
	if (rc == -EAGAIN || (!rc && !noxs_netq_tx_room(q->q)))
		netif_stop_subqueue(dev, q->nr);
	if (rc && rc != -EAGAIN)
		q->tx_refused++;
	if (!rc && !delayed_work_pending(&p->watch))
		schedule_delayed_work(&p->watch, NXF_WATCH);
	spin_unlock(&q->lock);
	if (rc == -EAGAIN)
		return NETDEV_TX_BUSY;
	if (rc) {
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	skb_tx_timestamp(skb);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

void nxf_tx_room(void *priv, unsigned int queue)
{
	struct nxf *p = priv;

	p->queue[queue].woken = true;
	netif_wake_subqueue(p->dev, queue);
}

/* --- receive ---------------------------------------------------------------- */

/* A cursor in the frame's fragments. */
struct cursor {
	const struct noxs_net_frag *frag;
	u32 offset;
};

static void copy(void *to, struct cursor *from, u32 len)
{
	while (len) {
		u32 chunk = min(len, from->frag->len - from->offset);

		memcpy(to, (const u8 *)from->frag->data + from->offset, chunk);
		to = (u8 *)to + chunk;
		len -= chunk;
		from->offset += chunk;
		if (from->offset == from->frag->len) {
			from->frag++;
			from->offset = 0;
		}
	}
}

static bool rest_to_pages(struct nxf_queue *q, struct sk_buff *skb,
			  struct cursor *from, u32 len)
{
	while (len) {
		unsigned int i = skb_shinfo(skb)->nr_frags;
		u32 chunk = min_t(u32, len, PAGE_SIZE);
		struct page *page;

		if (i == MAX_SKB_FRAGS)
			return false;
		page = page_pool_dev_alloc_pages(q->pool);
		if (!page)
			return false;
		copy(page_address(page), from, chunk);
		skb_add_rx_frag(skb, i, page, 0, chunk, PAGE_SIZE);
		len -= chunk;
	}
	return true;
}

static struct sk_buff *frame_to_skb(struct nxf_queue *q,
				    const struct noxs_net_frame *frame)
{
	u32 linear = frame->len <= NXF_LINEAR ? frame->len : NXF_HEADER;
	struct cursor from = { .frag = frame->frags };
	struct sk_buff *skb = napi_alloc_skb(&q->napi, linear);

	if (!skb)
		return NULL;
	copy(skb_put(skb, linear), &from, linear);
	if (linear == frame->len)
		return skb;
	skb_mark_for_recycle(skb);
	if (rest_to_pages(q, skb, &from, frame->len - linear))
		return skb;
	dev_kfree_skb_any(skb);
	return NULL;
}

/*
 * What the backend says of a frame of several segments, against what the frame
 * is: skb_checksum_setup() has looked at its headers, and TCP's checksum is
 * where no other protocol's is.
 */
static bool gso_setup(struct sk_buff *skb, const struct noxs_net_frame *frame)
{
	bool v4 = frame->flags & NOXS_NET_GSO4;
	struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int start = skb_transport_offset(skb), headers;

	if (skb->protocol != htons(v4 ? ETH_P_IP : ETH_P_IPV6) ||
	    skb->csum_offset != offsetof(struct tcphdr, check) ||
	    !pskb_may_pull(skb, start + sizeof(struct tcphdr)))
		return false;
	headers = start + tcp_hdrlen(skb);
	if (tcp_hdrlen(skb) < sizeof(struct tcphdr) ||
	    headers + frame->gso_size >= skb->len)
		return false;
	info->gso_size = frame->gso_size;
	info->gso_segs = DIV_ROUND_UP(skb->len - headers, frame->gso_size);
	/* Whoever passes it on to a wire looks at the headers once more. */
	info->gso_type = (v4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6) | SKB_GSO_DODGY;
	return true;
}

static bool checksum_setup(struct sk_buff *skb,
			   const struct noxs_net_frame *frame)
{
	if (frame->flags & NOXS_NET_CSUM_BLANK)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (frame->flags & NOXS_NET_CSUM_VALID)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	/* Where the checksum belongs is not said: it has to be looked for. */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_setup(skb, false))
		return false;
	return !frame->gso_size || gso_setup(skb, frame);
}

/*
 * A VLAN tag leaves the frame here, as it would in the stack: behind one nobody looks
 * for a checksum.
 */
static struct sk_buff *frame_begin(struct nxf *p, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, p->dev);
	skb_reset_network_header(skb);
	return eth_type_vlan(skb->protocol) ? skb_vlan_untag(skb) : skb;
}

void nxf_rx(void *priv, unsigned int queue, const struct noxs_net_frame *frame)
{
	struct nxf *p = priv;
	struct nxf_queue *q = &p->queue[queue];
	struct sk_buff *skb = frame_to_skb(q, frame);

	if (!skb) {
		q->rx_no_memory++;
		return;
	}
	skb = frame_begin(p, skb);
	if (!skb) {
		q->rx_bad_tag++;
		return;
	}
	if (!checksum_setup(skb, frame)) {
		q->rx_bad_checksum++;
		dev_kfree_skb_any(skb);
		return;
	}
	skb_record_rx_queue(skb, q->nr);
	__skb_queue_tail(&q->received, skb);
}

/*
 * The stack may answer at once, by way of nxf_start_xmit: it gets the packets
 * after the lock was let go.
 */
int nxf_poll(struct napi_struct *napi, int budget)
{
	struct nxf_queue *q = container_of(napi, struct nxf_queue, napi);
	struct sk_buff_head received;
	struct sk_buff *skb;
	bool up, woken = false;
	int done = 0;
	u32 life = 0;

	__skb_queue_head_init(&received);
	spin_lock(&q->lock);
	up = q->up;
	if (up) {
		q->woken = false;
		done = noxs_netq_poll(q->q, budget);
		woken = q->woken;
		life = q->life;
		skb_queue_splice_tail_init(&q->received, &received);
	}
	spin_unlock(&q->lock);
	while ((skb = __skb_dequeue(&received)))
		napi_gro_receive(napi, skb);
	if (done == budget && budget)
		return budget;
	if (napi_complete_done(napi, done) && up) {
		spin_lock(&q->lock);
		/* Not of another connection. */
		if (q->up && q->life == life)
			nxf_eoi(q, !done && !woken);
		spin_unlock(&q->lock);
	}
	return done;
}

void nxf_eoi(struct nxf_queue *q, bool spurious)
{
	struct nxf *p = q->p;

	noxs_port_eoi(p->port[q->tx_port], spurious);
	if (q->rx_port != q->tx_port)
		noxs_port_eoi(p->port[q->rx_port], spurious);
}

/* An interrupt. */
void nxf_event(void *priv, unsigned int queue, unsigned int index)
{
	struct nxf *p = priv;
	struct noxs_port *port = READ_ONCE(p->port[index]);

	if (!port)
		return;
	noxs_port_hold(port);
	/*
	 * NAPI is on whenever the interface runs, but for the moments around
	 * nxf_open() and nxf_stop(), which look for a held port themselves.
	 */
	if (netif_running(p->dev))
		napi_schedule(&p->queue[queue].napi);
	else
		noxs_port_eoi(port, true);
}
