/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_device.c owns the two areas of a device: how the backend's is read and
 * how ours is written.
 */
#include "internal.h"

/*
 * A publish is one short copy by Xen on another CPU.  If this many readings
 * in a row fail, the backend republishes in a loop and has to wait.
 */
#define MAX_READS	64

void noxs_copy_in(void *to, const volatile void *from, size_t size)
{
	const volatile uint32_t *src = from;
	uint8_t *dst = to;
	size_t i;

	for (i = 0; i < size / sizeof(*src); i++) {
		uint32_t word = src[i];

		memcpy(dst + i * sizeof(word), &word, sizeof(word));
	}
}

static uint32_t back_seq_load(const struct noxs_device *dev)
{
	const volatile struct xen_noxs_area_hdr *hdr = dev->back;

	return hdr->seq;
}

bool noxs_device_stale(const struct noxs_device *dev)
{
	return back_seq_load(dev) !=
	       __atomic_load_n(&dev->back_seq, __ATOMIC_RELAXED);
}

/* Event context. */
void noxs_device_event(void *data)
{
	struct noxs_device_port *port = data;
	struct noxs_device *dev = port->dev;

	if (noxs_device_stale(dev))
		noxs_device_poke(dev);
	if (dev->drv->event)
		dev->drv->event(dev, (unsigned int)(port - dev->port));
}

void noxs_device_poke(struct noxs_device *dev)
{
	struct noxs_bus *bus = dev->bus;

	/* noxs_bus_poll takes the two flags in the other order. */
	noxs_flag_set(&dev->pending);
	noxs_flag_set(&bus->pending);
	if (bus->ops && bus->ops->wake)
		bus->ops->wake(bus->arg);
}

/* What is behind its end belongs to something else, or nothing. */
static int back_check(void *area, size_t size, size_t least)
{
	const struct xen_noxs_area_hdr *hdr = area;

	if (hdr->magic != XEN_NOXS_BACK_MAGIC ||
	    hdr->version != XEN_NOXS_VERSION || hdr->size < least ||
	    hdr->size > XEN_NOXS_AREA_SIZE ||
	    hdr->state > XEN_NOXS_STATE_MAX || hdr->pad)
		return -EPROTO;
	if (hdr->size < size)
		memset((uint8_t *)area + hdr->size, 0, size - hdr->size);
	return 0;
}

int noxs_device_read_back(struct noxs_device *dev, void *area, size_t size,
			  size_t least)
{
	unsigned int i;

	if (least < sizeof(struct xen_noxs_area_hdr) || size < least ||
	    size > XEN_NOXS_AREA_SIZE || size % 4)
		return -EINVAL;
	for (i = 0; i < MAX_READS; i++) {
		uint32_t seq = back_seq_load(dev);

		if (seq & 1)
			continue;
		/* We see seq before the area: a publish that begins later ... */
		xen_rmb();
		noxs_copy_in(area, dev->back, size);
		/* ... is seen in the second look at seq, after the area. */
		xen_rmb();
		if (back_seq_load(dev) != seq)
			continue;
		__atomic_store_n(&dev->back_seq, seq, __ATOMIC_RELAXED);
		return back_check(area, size, least);
	}
	noxs_flag_set(&dev->pending);
	noxs_flag_set(&dev->bus->pending);
	return -EAGAIN;
}

void noxs_device_write_front(struct noxs_device *dev, const void *area,
			     size_t size, uint32_t generation, uint32_t state)
{
	volatile struct xen_noxs_area_hdr *front = dev->front;
	volatile uint32_t *dst = dev->front;
	const uint8_t *src = area;
	struct xen_noxs_area_hdr hdr;
	size_t i;

	if (dev->gone || size < sizeof(hdr) || size > XEN_NOXS_AREA_SIZE ||
	    size % 8)
		return;
	memcpy(&hdr, area, sizeof(hdr));
	/* The backend sees the area as not valid before it sees it change. */
	front->state = XEN_NOXS_STATE_CLOSED;
	xen_wmb();
	for (i = sizeof(hdr) / sizeof(*dst); i < size / sizeof(*dst); i++) {
		uint32_t word;

		memcpy(&word, src + i * sizeof(word), sizeof(word));
		dst[i] = word;
	}
	front->magic = XEN_NOXS_FRONT_MAGIC;
	front->version = XEN_NOXS_VERSION;
	front->size = (uint16_t)size;
	dev->front_used = true;
	front->seq = 0;
	front->features = hdr.features;
	/* Half written it must not read as an answer that is taken back. */
	front->error = EAGAIN;
	front->pad = 0;
	/* The backend sees all of the answer before it sees which offer ... */
	xen_wmb();
	front->generation = generation;
	/* ... it answers, and that before it sees the state. */
	xen_wmb();
	front->state = state;
	xen_wmb();
	front->error = hdr.error;
}

void noxs_device_set_state(struct noxs_device *dev, uint32_t generation,
			   uint32_t state, uint32_t error)
{
	volatile struct xen_noxs_area_hdr *front = dev->front;

	if (dev->gone)
		return;
	/* The backend sees the old answer end before it sees another echo. */
	front->state = state;
	xen_wmb();
	if (!dev->front_used) {
		front->magic = XEN_NOXS_FRONT_MAGIC;
		front->version = XEN_NOXS_VERSION;
		front->size = sizeof(*front);
		dev->front_used = true;
	}
	front->error = error;
	front->generation = generation;
	xen_wmb();
}

uint32_t noxs_device_echo(const struct noxs_device *dev)
{
	const volatile struct xen_noxs_area_hdr *front = dev->front;

	return dev->gone ? 0 : front->generation;
}

void noxs_device_write_word(struct noxs_device *dev, size_t offset,
			    uint32_t value)
{
	volatile uint32_t *dst = dev->front;

	if (dev->gone || offset < sizeof(struct xen_noxs_area_hdr) ||
	    offset > XEN_NOXS_AREA_SIZE - sizeof(value) ||
	    offset % sizeof(value))
		return;
	/* The backend sees what this word is about before it sees the word. */
	xen_wmb();
	dst[offset / sizeof(value)] = value;
}

void noxs_device_notify(struct noxs_device *dev, unsigned int index)
{
	if (!dev->gone && index < dev->slot.nr_ports)
		noxs_os_evtchn_notify(dev->slot.port[index]);
}
