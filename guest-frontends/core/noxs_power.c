/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_power.c owns the power device: the answer to the toolstack's offer,
 * and the way of a command from the back area to the OS and of its
 * acknowledgement back.
 */
#include "internal.h"
#include "noxs_power.h"

/* --- acknowledging -------------------------------------------------------- */

static void acknowledge(struct noxs_power *power, uint32_t id, uint32_t error)
{
	power->ack_id = id;
	power->ack_error = error;
	if (!power->dev || !power->answered)
		return;
	/* The toolstack waits for the id: the error is there before it. */
	noxs_device_write_word(power->dev,
			       offsetof(struct xen_noxs_power_front, ack_error),
			       error);
	noxs_device_write_word(power->dev,
			       offsetof(struct xen_noxs_power_front, ack_id),
			       id);
}

void noxs_power_done(struct noxs_power *power, int error)
{
	uint32_t id = power->busy;

	power->busy = 0;
	if (id)
		acknowledge(power, id, (uint32_t)-error);
}

/* --- the offer ------------------------------------------------------------ */

static void answer(struct noxs_power *power, uint32_t generation)
{
	struct xen_noxs_power_front front;

	memset(&front, 0, sizeof(front));
	front.hdr.features = power->cfg->commands;
	front.ack_error = power->ack_error;
	front.ack_id = power->ack_id;
	noxs_device_write_front(power->dev, &front, sizeof(front), generation,
				XEN_NOXS_STATE_CONNECTED);
	power->generation = generation;
	power->answered = true;
}

/* The toolstack's next offer is a new chance. */
static void retire(struct noxs_power *power, uint32_t generation,
		   uint32_t error)
{
	power->answered = false;
	power->due = false;
	noxs_device_set_state(power->dev, generation, XEN_NOXS_STATE_CLOSED,
			      error);
}

/*
 * Is this the device that we know?  A new one, of this domain or of the one
 * that it was restored to, may use its numbers again.
 */
static void recognize(struct noxs_power *power)
{
	const struct noxs_device *dev = power->dev;

	if (power->serial == dev->bus->serial &&
	    power->life == dev->bus->generation &&
	    !memcmp(&power->slot, &dev->slot, sizeof(power->slot)))
		return;
	power->serial = dev->bus->serial;
	power->life = dev->bus->generation;
	power->slot = dev->slot;
	power->taken = 0;
	power->busy = 0;
	power->ack_id = 0;
	power->ack_error = 0;
}

static void look(struct noxs_power *power,
		 const struct xen_noxs_power_back *back)
{
	if (!power->answered || power->generation != back->hdr.generation)
		answer(power, back->hdr.generation);
	/* What was published before this one and not taken is void. */
	power->due = back->hdr.state == XEN_NOXS_STATE_CONNECTED &&
		     back->cmd_id && back->cmd_id != power->taken;
	power->next.cmd = back->cmd;
	power->next.id = back->cmd_id;
	power->next.arg = back->arg;
}

/* --- the bus's calls ------------------------------------------------------ */

static int power_probe(struct noxs_device *dev)
{
	/* The bus hands drivers out as const; this one is ours. */
	const struct noxs_power *ours = dev->drv->arg;
	struct noxs_power *power = ours->self;

	if (dev->slot.id || power->dev)
		return -ENODEV;
	power->dev = dev;
	dev->priv = power;
	return 0;
}

static void power_remove(struct noxs_device *dev)
{
	struct noxs_power *power = dev->priv;

	retire(power, power->generation, 0);
	power->dev = NULL;
	dev->priv = NULL;
}

static void power_changed(struct noxs_device *dev)
{
	struct noxs_power *power = dev->priv;
	struct xen_noxs_power_back back;
	int rc;

	recognize(power);
	rc = noxs_device_read_back(dev, &back, sizeof(back), sizeof(back));
	if (rc == -EAGAIN)
		return;		/* the bus comes back */
	if (rc)
		retire(power, power->generation, EPROTO);
	else if (back.hdr.state == XEN_NOXS_STATE_INIT ||
		 back.hdr.state == XEN_NOXS_STATE_CONNECTED)
		look(power, &back);
	else
		retire(power, back.hdr.generation, 0);
}

static void power_lost(struct noxs_device *dev)
{
	struct noxs_power *power = dev->priv;

	power->answered = false;
	power->due = false;
}

/* --- the OS's calls --------------------------------------------------------- */

int noxs_power_init(struct noxs_power *power,
		    const struct noxs_power_config *cfg)
{
	if (cfg->commands & ~XEN_NOXS_POWER_F_ALL || !cfg->ops ||
	    !cfg->ops->command)
		return -EINVAL;
	memset(power, 0, sizeof(*power));
	power->self = power;
	power->cfg = cfg;
	power->drv.name = "power";
	power->drv.type = XEN_NOXS_TYPE_POWER;
	power->drv.arg = power;
	power->drv.probe = power_probe;
	power->drv.remove = power_remove;
	power->drv.changed = power_changed;
	power->drv.lost = power_lost;
	return 0;
}

bool noxs_power_pending(const struct noxs_power *power)
{
	return power->due;
}

static int check(const struct noxs_power *power,
		 const struct noxs_power_command *c)
{
	const struct noxs_power_config *cfg = power->cfg;

	if (c->cmd == XEN_NOXS_POWER_NONE || c->cmd > XEN_NOXS_POWER_MAX ||
	    !(cfg->commands & XEN_NOXS_POWER_F(c->cmd)))
		return -EOPNOTSUPP;
	if (c->arg && c->cmd != XEN_NOXS_POWER_MEMORY)
		return -EINVAL;
	return cfg->ops->check ? cfg->ops->check(cfg->arg, c->cmd, c->arg) : 0;
}

int noxs_power_poll(struct noxs_power *power)
{
	const struct noxs_power_command c = power->next;
	int rc;

	if (!power->due)
		return 0;
	power->due = false;
	power->taken = c.id;
	power->busy = 0;
	rc = check(power, &c);
	if (rc || c.cmd != XEN_NOXS_POWER_MEMORY)
		acknowledge(power, c.id, (uint32_t)-rc);
	else
		power->busy = c.id;
	if (rc)
		return 0;

	/* From here on the device may be another one, or none. */
	rc = power->cfg->ops->command(power->cfg->arg, c.cmd, c.arg);
	if (rc < 0)
		noxs_os_log(NOXS_OS_WARN, "power: command %u failed: %d\n",
			    c.cmd, rc);
	if (c.cmd == XEN_NOXS_POWER_MEMORY && rc != NOXS_POWER_LATER)
		noxs_power_done(power, rc);
	return power->due ? -EAGAIN : 0;
}
