/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_netfront.c owns the life of a network device: what the backend offers,
 * what we answer, and when the link is up.
 */
#include "netfront.h"

#define FEATURES_KNOWN	XEN_NOXS_NET_F_ALL

/* --- the offer ------------------------------------------------------------ */

static bool all_zero(const uint8_t *bytes, unsigned int nr)
{
	uint8_t any = 0;

	while (nr--)
		any |= bytes[nr];
	return !any;
}

static int offer_check(const struct xen_noxs_net_back *back)
{
	bool is_static = back->ip_mode == XEN_NOXS_NET_IP_STATIC;

	if (back->pad)
		return -EPROTO;
	if (back->mtu < XEN_NOXS_NET_MIN_MTU ||
	    back->mtu > XEN_NOXS_NET_MAX_MTU)
		return -EPROTO;
	if (!back->max_queues || back->max_queues > XEN_NOXS_NET_MAX_QUEUES)
		return -EPROTO;
	if (back->mac[0] & 1 || all_zero(back->mac, 6))
		return -EPROTO;
	if (back->ip_mode > XEN_NOXS_NET_IP_DHCP || back->prefix > 32)
		return -EPROTO;
	if (!is_static && (!all_zero(back->ip, 4) ||
			   !all_zero(back->gateway, 4) || back->prefix))
		return -EPROTO;
	if (is_static && all_zero(back->ip, 4))
		return -EPROTO;
	return 0;
}

/* GSO stands on the others, and on buffers for the largest frame. */
static uint32_t without_gso(const struct noxs_netfront *nf, uint32_t features)
{
	uint32_t none = 0;

	if (!(features & XEN_NOXS_NET_F_SG) ||
	    nf->first.rx.pool->nr < NF_GSO_SLOTS ||
	    nf->first.tx.pool->nr < NF_GSO_SLOTS)
		return XEN_NOXS_NET_F_GSO4 | XEN_NOXS_NET_F_GSO6;
	if (!(features & XEN_NOXS_NET_F_CSUM4))
		none |= XEN_NOXS_NET_F_GSO4;
	if (!(features & XEN_NOXS_NET_F_CSUM6))
		none |= XEN_NOXS_NET_F_GSO6;
	return none;
}

/* Whatever was offered: what we can take and send. */
static void offer_fit(struct noxs_netfront *nf)
{
	struct noxs_net_info *info = &nf->info;
	uint32_t slots = (info->mtu + NF_MAX_HEADER + NOXS_OS_PAGE_SIZE - 1) /
			 NOXS_OS_PAGE_SIZE;
	uint32_t max = NOXS_OS_PAGE_SIZE;

	/* A backend waits for buffers for the largest frame. */
	if (slots > nf->first.rx.pool->nr)
		info->features &= ~XEN_NOXS_NET_F_SG;
	info->features &= ~without_gso(nf, info->features);
	if (info->features & XEN_NOXS_NET_F_SG)
		max *= nf->first.tx.pool->nr;
	if (info->mtu > max - NF_MAX_HEADER)
		info->mtu = (uint16_t)(max - NF_MAX_HEADER);
}

/* As many as the backend, the OS and the device's ports allow. */
static unsigned int queues_of(const struct noxs_netfront *nf,
			      const struct xen_noxs_net_back *back)
{
	unsigned int nr = nf->cfg->max_queues ?: 1;

	if (nr > back->max_queues)
		nr = back->max_queues;
	return nr < nf->dev->slot.nr_ports ? nr : nf->dev->slot.nr_ports;
}

static void offer_take(struct noxs_netfront *nf,
		       const struct xen_noxs_net_back *back, unsigned int nr)
{
	struct noxs_net_info *info = &nf->info;

	info->id = nf->dev->slot.id;
	info->features = back->hdr.features & nf->cfg->features;
	/* It says nothing where there is no choice, or half a key. */
	if (nr == 1 || back->hdr.size < sizeof(*back))
		info->features &= ~XEN_NOXS_NET_F_HASH;
	info->mtu = back->mtu;
	info->queues = (uint8_t)nr;
	memcpy(info->hash_key, back->hash_key, sizeof(info->hash_key));
	offer_fit(nf);
	memcpy(info->mac, back->mac, sizeof(info->mac));
	info->ip_mode = back->ip_mode;
	info->prefix = back->prefix;
	memcpy(info->ip, back->ip, sizeof(info->ip));
	memcpy(info->gateway, back->gateway, sizeof(info->gateway));
}

/* --- up and down ---------------------------------------------------------- */

static void link_down(struct noxs_netfront *nf, unsigned int error)
{
	nf->connected = false;
	if (!nf->up)
		return;
	nf->cfg->ops->link_down(nf->priv, error);
	nf_ring_disconnect(nf);
}

static void say_closed(struct noxs_netfront *nf, unsigned int error)
{
	if (nf->closed_sent)
		return;
	nf->closed_sent = true;
	noxs_device_set_state(nf->dev, nf->generation, XEN_NOXS_STATE_CLOSED,
			      error);
	noxs_device_notify(nf->dev, 0);
}

/* Give up this connection.  The backend's next offer is a new chance. */
static void fail(struct noxs_netfront *nf, unsigned int error)
{
	link_down(nf, error);
	say_closed(nf, error);
}

static void answer(struct noxs_netfront *nf, struct xen_noxs_net_front *front)
{
	size_t size = offsetof(struct xen_noxs_net_front, list);

	front->hdr.features = nf->info.features;
	if (nf->info.features & XEN_NOXS_NET_F_STATIC)
		size = sizeof(*front);
	nf->closed_sent = false;
	noxs_device_write_front(nf->dev, front, size, nf->generation,
				XEN_NOXS_STATE_CONNECTED);
	noxs_device_notify(nf->dev, 0);
}

/*
 * Whoever drove the device before, or we in an earlier life, answered this
 * offer with grants that are gone.  The backend may be late and take that
 * answer yet, so this offer is never answered again: CLOSED asks for another.
 */
static bool answered_before(struct noxs_netfront *nf, uint32_t generation)
{
	if (nf->answered || noxs_device_echo(nf->dev) != generation)
		return false;
	nf->generation = generation;
	say_closed(nf, 0);
	return true;
}

static void refuse(struct noxs_netfront *nf, int rc)
{
	if (!noxs_flag_get(&nf->complained))
		noxs_os_log(NOXS_OS_ERROR, "vif%u: cannot connect: %d\n",
			    nf->dev->slot.id, rc);
	noxs_flag_set(&nf->complained);
	fail(nf, (unsigned int)-rc);
}

/*
 * For want of something that there may be later.  Until then the OS decides when it
 * is tried again, not the backend, who might have another offer at once.
 */
static void starve(struct noxs_netfront *nf, int rc)
{
	refuse(nf, rc);
	if (!nf->cfg->ops->starved)
		return;
	nf->starved = true;
	nf->cfg->ops->starved(nf->priv);
}

/* The backend is in INIT. */
static void connect(struct noxs_netfront *nf,
		    const struct xen_noxs_net_back *back)
{
	struct xen_noxs_net_front front;
	unsigned int nr = queues_of(nf, back);
	int rc;

	/* Answered already, or refused already: there is one try per offer. */
	if (nf->answered && nf->generation == back->hdr.generation)
		return;
	if (answered_before(nf, back->hdr.generation))
		return;
	link_down(nf, 0);
	nf->generation = back->hdr.generation;
	nf->answered = true;
	nf->closed_sent = false;
	rc = offer_check(back);
	if (rc) {
		refuse(nf, rc);
		return;
	}
	rc = nf_ring_init(nf, &nr);
	if (rc) {
		starve(nf, rc);
		return;
	}
	offer_take(nf, back, nr);
	memset(&front, 0, sizeof(front));
	nf_ring_connect(nf, &front);
	answer(nf, &front);
	rc = nf->cfg->ops->link_up(nf->priv, &nf->info);
	if (rc) {
		nf_ring_disconnect(nf);
		starve(nf, rc);
	}
}

/*
 * The backend is in INIT, and we were starved until now.  CLOSED without an error
 * asks for another offer, if this one was refused.
 */
static void connect_again(struct noxs_netfront *nf,
			  const struct xen_noxs_net_back *back)
{
	nf->starved = false;
	if (nf->generation != back->hdr.generation) {
		connect(nf, back);
		return;
	}
	nf->closed_sent = false;
	say_closed(nf, 0);
}

void noxs_netfront_retry(struct noxs_netfront *nf)
{
	noxs_flag_set(&nf->retry);
	noxs_device_poke(nf->dev);
}

/* --- the bus's calls ------------------------------------------------------ */

static int nf_probe(struct noxs_device *dev)
{
	const struct noxs_netfront_config *cfg = dev->drv->arg;
	struct noxs_netfront *nf = noxs_os_alloc(sizeof(*nf));
	int rc;

	if (!nf)
		return -ENOMEM;
	nf->dev = dev;
	nf->cfg = cfg;
	nf->first.nf = nf;
	nf->queue[0] = &nf->first;
	nf->nr_queues = 1;
	/* What it answered before us stays to be seen, until we answer. */
	nf->generation = noxs_device_echo(dev);
	rc = cfg->ops->probe(cfg->arg, nf, dev->slot.id, &nf->priv);
	if (rc) {
		noxs_os_free(nf);
		return rc;
	}
	dev->priv = nf;
	return 0;
}

static void nf_remove(struct noxs_device *dev)
{
	struct noxs_netfront *nf = dev->priv;
	unsigned int i;

	fail(nf, 0);
	nf->cfg->ops->remove(nf->priv);
	nf_ring_fini(nf);
	for (i = 1; i < XEN_NOXS_NET_MAX_QUEUES; i++)
		noxs_os_free(nf->queue[i]);
	noxs_os_free(nf);
	dev->priv = NULL;
}

static void nf_changed(struct noxs_device *dev)
{
	struct noxs_netfront *nf = dev->priv;
	const struct noxs_netq *dead = nf_ring_dead(nf);
	struct xen_noxs_net_back back;
	bool ours;
	int rc;

	if (dead)
		fail(nf, dead->error);
	rc = noxs_device_read_back(dev, &back, sizeof(back),
				   XEN_NOXS_NET_BACK_LEAST);
	if (rc == -EAGAIN)
		return;		/* the bus comes back */
	if (rc) {
		fail(nf, EPROTO);
		return;
	}
	ours = nf->answered && nf->generation == back.hdr.generation;
	switch (back.hdr.state) {
	case XEN_NOXS_STATE_INIT:
		if (!nf->starved)
			connect(nf, &back);
		else if (noxs_flag_take(&nf->retry))
			connect_again(nf, &back);
		break;
	case XEN_NOXS_STATE_CONNECTED:
		/*
		 * Not with us: it still talks to whoever drove the device
		 * before.  It begins anew when it sees CLOSED.
		 */
		if (!ours)
			fail(nf, 0);
		else
			nf->connected = nf->up;
		break;
	case XEN_NOXS_STATE_CLOSING:
	case XEN_NOXS_STATE_CLOSED:
		fail(nf, back.hdr.error);
		break;
	}
}

static void nf_lost(struct noxs_device *dev)
{
	struct noxs_netfront *nf = dev->priv;

	link_down(nf, 0);
	/* In the same area: it reads CLOSED before what it names is gone. */
	if (nf->answered && noxs_device_echo(nf->dev) == nf->generation)
		noxs_device_set_state(nf->dev, nf->generation,
				      XEN_NOXS_STATE_CLOSED, 0);
	nf_ring_fini(nf);
	nf->starved = false;
	nf->answered = false;
	nf->closed_sent = false;
}

/* Event context. */
static void nf_event(struct noxs_device *dev, unsigned int index)
{
	struct noxs_netfront *nf = dev->priv;
	unsigned int nr = __atomic_load_n(&nf->nr_queues, __ATOMIC_ACQUIRE);
	unsigned int i = nf_ports_split(nf) ? index / 2 : index;

	/* Of a port that nobody names nothing is to be heard. */
	if (i >= nr)
		i = 0;
	noxs_flag_set(&nf->queue[i]->pending);
	nf->cfg->ops->event(nf->priv, i, index);
}

/* --- the OS's calls --------------------------------------------------------- */

int noxs_netfront_driver_init(struct noxs_driver *drv,
			      const struct noxs_netfront_config *cfg)
{
	if (cfg->nr_rx > NF_MAX_PAGES || cfg->nr_tx > NF_MAX_PAGES ||
	    cfg->max_queues > XEN_NOXS_NET_MAX_QUEUES ||
	    cfg->features & ~FEATURES_KNOWN)
		return -EINVAL;
	memset(drv, 0, sizeof(*drv));
	drv->name = "vif";
	drv->type = XEN_NOXS_TYPE_NET;
	drv->arg = cfg;
	drv->probe = nf_probe;
	drv->remove = nf_remove;
	drv->changed = nf_changed;
	drv->lost = nf_lost;
	drv->event = nf_event;
	return 0;
}

struct noxs_device *noxs_netfront_device(const struct noxs_netfront *nf)
{
	return nf->dev;
}

const struct noxs_net_info *noxs_netfront_info(const struct noxs_netfront *nf)
{
	return &nf->info;
}

bool noxs_netfront_connected(const struct noxs_netfront *nf)
{
	return nf->connected;
}

struct noxs_netq *noxs_netfront_queue(struct noxs_netfront *nf, unsigned int i)
{
	return i < nf->nr_queues ? nf->queue[i] : NULL;
}

void noxs_netq_ports(const struct noxs_netq *q, unsigned int *tx,
		     unsigned int *rx)
{
	*tx = q->tx_port;
	*rx = q->rx_port;
}
