// SPDX-License-Identifier: BSD-2-Clause
/*
 * The toolstack's side of the power device.
 *
 * Its back area changes with each command and there is no process behind it,
 * so nothing is kept here between two commands: the device is looked up, the
 * command is published, the guest's area is looked at until the answer is
 * there.  The event channel's end in dom0 belongs to Xen and wakes nobody;
 * a guest answers from its interrupt handler, so the first looks come quickly
 * and later ones less and less often.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <noxs/noxs.h>

#include "power.h"

#define STEP		"ask the guest"
#define GENERATION	1u	/* of the offer: made once per domain */
#define LOOK_FIRST_NS	200000u		/* 0.2 ms */
#define LOOK_LAST_NS	20000000u	/* 20 ms */
/* A driver that is on its way up is waited for so long. */
#define CONNECT_NS	1000000000u

struct power {
	struct chaos *ctx;
	const struct chaos__found *f;
	uint64_t serial;
	struct noxs_mapping *map;
	const struct xen_noxs_power_front *front;	/* the guest writes it */
};

static const char *const what[] = {
	[XEN_NOXS_POWER_NONE] = "",
	[XEN_NOXS_POWER_POWEROFF] = "shut down",
	[XEN_NOXS_POWER_REBOOT] = "reboot",
	[XEN_NOXS_POWER_SUSPEND] = "suspend",
	[XEN_NOXS_POWER_MEMORY] = "change its memory",
};

static void fill_back(struct xen_noxs_power_back *back, uint32_t state,
		      uint32_t cmd, uint32_t cmd_id, uint64_t arg)
{
	memset(back, 0, sizeof(*back));
	back->hdr.magic = XEN_NOXS_BACK_MAGIC;
	back->hdr.version = XEN_NOXS_VERSION;
	back->hdr.size = sizeof(*back);
	back->hdr.state = state;
	back->hdr.generation = GENERATION;
	back->hdr.features = XEN_NOXS_POWER_F_ALL;
	back->cmd = cmd;
	back->cmd_id = cmd_id;
	back->arg = arg;
}

int chaos__power_add(struct chaos *ctx, uint32_t domid)
{
	struct xen_noxs_power_back back;
	struct xen_noxs_add add = {
		.domid = (uint16_t)domid,
		.type = XEN_NOXS_TYPE_POWER,
		.nr_ports = 1,
	};
	int rc;

	rc = chaos__need_noxs(ctx);
	if (rc)
		return rc;
	add.backend = noxs_version(ctx->nx)->domid;
	fill_back(&back, XEN_NOXS_STATE_INIT, XEN_NOXS_POWER_NONE, 0, 0);
	memcpy(add.back, &back, sizeof(back));
	return noxs_add(ctx->nx, &add);
}

int chaos__power_lock(struct chaos *ctx, const struct chaos__found *f,
		      struct chaos__name_lock *lock)
{
	int rc;

	if (!f->rec)
		return chaos__fail(ctx, -ENOENT, f->object, "lock its name", "",
				   "it was not made by chaos");
	rc = chaos__name_take(ctx, f->rec->name, f->rec->uuid, f->dom.domid,
			      lock);
	if (rc == -EBUSY)
		return chaos__fail(ctx, rc, f->object, "lock its name",
				   "try again",
				   "another process is at work on it");
	if (rc == -ENOENT)
		return chaos__fail(ctx, rc, f->object, "lock its name",
				   "try again", "it has no name any more");
	if (rc == -ESTALE)
		return chaos__fail(ctx, -ESRCH, f->object, "lock its name",
				   "try again", "it was made anew meanwhile");
	return rc ? chaos__fail(ctx, rc, f->object, "lock its name", "", NULL) :
		    0;
}

static int power_failed(const struct power *p, int rc, const char *doing)
{
	return chaos__fail(p->ctx, rc, p->f->object, STEP, "", "%s: %s", doing,
			   strerror(-rc));
}

/* 1: found; 0: there is none. */
static int find_device(const struct power *p, struct xen_noxs_list_entry *out)
{
	struct xen_noxs_list list = {
		.domid = (uint16_t)p->f->dom.domid,
		.backend = XEN_NOXS_ANY,
	};
	unsigned int calls;
	uint32_t i;
	int rc;

	for (calls = 0; calls <= XEN_NOXS_MAX_SLOTS; calls++) {
		rc = noxs_list(p->ctx->nx, &list);
		if (rc)
			return rc;
		for (i = 0; i < list.nr && i < XEN_NOXS_LIST_MAX; i++) {
			if (list.entry[i].type != XEN_NOXS_TYPE_POWER)
				continue;
			*out = list.entry[i];
			return 1;
		}
		if (list.next_domid == XEN_NOXS_END)
			break;
	}
	return 0;
}

/* Gone, or another has its number: the one that was found is meant. */
static int look_at_domain(const struct power *p, struct chaos__xen_dom *dom)
{
	int rc = chaos__xen_get(p->ctx->xen, p->f->dom.domid, dom);

	if (!rc && (dom->dying ||
		    memcmp(dom->uuid, p->f->dom.uuid, sizeof(dom->uuid))))
		rc = -ESRCH;
	if (rc == -ESRCH)
		return chaos__fail(p->ctx, rc, p->f->object, STEP, "",
				   "it has gone");
	return rc ? chaos__fail(p->ctx, rc, p->f->object, STEP, "", "%s",
				chaos__xen_reason(p->ctx, rc)) : 0;
}

static int no_device(const struct power *p)
{
	return chaos__fail(p->ctx, -EOPNOTSUPP, p->f->object, STEP,
			   "create it anew, or chaos destroy",
			   "it has no power device");
}

static int open_device(struct power *p)
{
	struct xen_noxs_list_entry e = { 0 };
	struct chaos__xen_dom dom;
	const void *page;
	int rc;

	rc = chaos__need_noxs(p->ctx);
	if (rc == -ENOSYS)
		return chaos__fail(p->ctx, -EOPNOTSUPP, p->f->object, STEP,
				   "boot the extended Xen, or chaos destroy",
				   "this Xen has no noxs extension");
	if (rc)
		return power_failed(p, rc, "open noxs");
	rc = find_device(p, &e);
	if (rc == -ESRCH)
		return look_at_domain(p, &dom);
	if (rc < 0)
		return power_failed(p, rc, "list its devices");
	if (!rc || e.pair >= XEN_NOXS_MAX_PAIRS ||
	    e.offset > CHAOS__PAGE_SIZE - XEN_NOXS_AREA_SIZE ||
	    e.offset % XEN_NOXS_AREA_SIZE)
		return no_device(p);
	rc = noxs_map(p->ctx->nx, e.domid, XEN_NOXS_PAGE_FRONT(e.pair), 1,
		      &p->map, &page);
	if (rc)
		return power_failed(p, rc, "map its page");
	/* It was there before the list and it is now: the serial is its own. */
	rc = look_at_domain(p, &dom);
	if (rc) {
		noxs_unmap(p->ctx->nx, p->map);
		return rc;
	}
	p->serial = e.serial;
	p->front = (const void *)((const char *)page + e.offset);
	return 0;
}

/*
 * The guest's words, copied once.  It writes ack_id after ack_error, and state
 * after all else, so these two are read before the rest.
 */
static void copy_front(const struct power *p, struct xen_noxs_power_front *out)
{
	const struct xen_noxs_power_front *in = p->front;

	memset(out, 0, sizeof(*out));
	out->ack_id = __atomic_load_n(&in->ack_id, __ATOMIC_ACQUIRE);
	out->hdr.state = __atomic_load_n(&in->hdr.state, __ATOMIC_ACQUIRE);
	out->ack_error = __atomic_load_n(&in->ack_error, __ATOMIC_RELAXED);
	out->hdr.magic = __atomic_load_n(&in->hdr.magic, __ATOMIC_RELAXED);
	out->hdr.version = __atomic_load_n(&in->hdr.version, __ATOMIC_RELAXED);
	out->hdr.size = __atomic_load_n(&in->hdr.size, __ATOMIC_RELAXED);
	out->hdr.seq = __atomic_load_n(&in->hdr.seq, __ATOMIC_RELAXED);
	out->hdr.generation = __atomic_load_n(&in->hdr.generation,
					      __ATOMIC_RELAXED);
	out->hdr.features = __atomic_load_n(&in->hdr.features,
					    __ATOMIC_RELAXED);
	out->hdr.pad = __atomic_load_n(&in->hdr.pad, __ATOMIC_RELAXED);
}

static bool is_connected(const struct xen_noxs_power_front *front)
{
	const struct xen_noxs_area_hdr *hdr = &front->hdr;

	return hdr->magic == XEN_NOXS_FRONT_MAGIC &&
	       hdr->version == XEN_NOXS_VERSION &&
	       hdr->size >= sizeof(*front) && hdr->size <= XEN_NOXS_AREA_SIZE &&
	       hdr->state == XEN_NOXS_STATE_CONNECTED && !hdr->seq &&
	       !hdr->pad && hdr->generation == GENERATION;
}

static int publish(const struct power *p, uint32_t cmd, uint32_t cmd_id,
		   uint64_t arg)
{
	struct xen_noxs_publish op = {
		.domid = (uint16_t)p->f->dom.domid,
		.type = XEN_NOXS_TYPE_POWER,
		.size = sizeof(struct xen_noxs_power_back),
		.serial = p->serial,
		.flags = cmd ? XEN_NOXS_PUBLISH_NOTIFY : 0,
	};
	struct xen_noxs_power_back back;

	fill_back(&back, XEN_NOXS_STATE_CONNECTED, cmd, cmd_id, arg);
	memcpy(op.data, &back, sizeof(back));
	return noxs_publish(p->ctx->nx, &op);
}

/* Sleeps a while that grows with each call; false: there is no time left. */
static bool sleep_a_while(uint64_t *ns, uint64_t deadline)
{
	struct timespec ts = { 0 };
	uint64_t now = chaos__now_ns();

	if (now >= deadline)
		return false;
	ts.tv_nsec = (long)(deadline - now < *ns ? deadline - now : *ns);
	nanosleep(&ts, NULL);
	*ns += *ns / 2;
	if (*ns > LOOK_LAST_NS)
		*ns = LOOK_LAST_NS;
	return true;
}

static int interrupted(const struct power *p)
{
	return chaos__fail(p->ctx, -ECANCELED, p->f->object, STEP, "",
			   "interrupted");
}

static int await_driver(const struct power *p, uint32_t cmd, uint64_t deadline,
			uint32_t *last_id)
{
	uint64_t ns = LOOK_FIRST_NS, end = chaos__now_ns() + CONNECT_NS;
	struct xen_noxs_power_front front;

	for (;;) {
		copy_front(p, &front);
		if (is_connected(&front))
			break;
		if (p->ctx->cancelled)
			return interrupted(p);
		if (!sleep_a_while(&ns, end < deadline ? end : deadline))
			return chaos__fail(p->ctx, -EOPNOTSUPP, p->f->object,
				STEP, "load one, wait for it, or chaos destroy",
				"it has no power driver that answers");
	}
	if (!(front.hdr.features & XEN_NOXS_POWER_F(cmd)))
		return chaos__fail(p->ctx, -EOPNOTSUPP, p->f->object, STEP, "",
				   "its power driver cannot %s",
				   what[cmd]);
	*last_id = front.ack_id;
	return 0;
}

static int new_id(const struct power *p, uint32_t last_id, uint32_t *id)
{
	do {
		if (getrandom(id, sizeof(*id), 0) != sizeof(*id))
			return power_failed(p, -EIO, "make a command's number");
	} while (!*id || *id == last_id);
	return 0;
}

/* 1: answered; *front is valid then. */
static int has_answer(const struct power *p, uint32_t id,
		      struct xen_noxs_power_front *front)
{
	copy_front(p, front);
	return front->ack_id == id;
}

/* 1: answered; 0: it has shut down; -errno. */
static int await_answer(const struct power *p, uint32_t id, uint64_t deadline,
			struct xen_noxs_power_front *front)
{
	uint64_t ns = LOOK_FIRST_NS;
	struct chaos__xen_dom dom;
	int rc;

	while (!has_answer(p, id, front)) {
		/* Not while an answer is still a matter of microseconds. */
		if (ns == LOOK_LAST_NS) {
			rc = look_at_domain(p, &dom);
			if (rc)
				return rc;
			if (dom.shutdown)
				return has_answer(p, id, front);
		}
		if (p->ctx->cancelled)
			return interrupted(p);
		if (!sleep_a_while(&ns, deadline))
			return chaos__fail(p->ctx, -ETIMEDOUT, p->f->object,
					   STEP, "try again, or chaos destroy",
					   "it did not answer in time");
	}
	return 1;
}

static int command(const struct power *p, uint32_t cmd, uint64_t arg,
		   uint64_t deadline)
{
	struct xen_noxs_power_front front;
	uint32_t id = 0, last_id = 0;
	int rc;

	rc = await_driver(p, cmd, deadline, &last_id);
	if (!rc)
		rc = new_id(p, last_id, &id);
	if (rc)
		return rc;
	rc = publish(p, cmd, id, arg);
	if (rc)
		return power_failed(p, rc, "publish the command");
	rc = await_answer(p, id, deadline, &front);
	/* The driver that a guest loads next shall not find it. */
	publish(p, XEN_NOXS_POWER_NONE, 0, 0);
	if (rc <= 0 || !front.ack_error)
		return rc < 0 ? rc : 0;
	return chaos__fail(p->ctx, -ECONNREFUSED, p->f->object, STEP, "",
			   "it will not %s: %s", what[cmd],
			   front.ack_error <= 4095 ?
			   strerror((int)front.ack_error) : "no known reason");
}

int chaos__power_command(struct chaos *ctx, const struct chaos__found *f,
			 uint32_t cmd, uint64_t arg, int timeout_ms)
{
	struct power p = { .ctx = ctx, .f = f };
	uint64_t deadline = chaos__now_ns() + (uint64_t)timeout_ms * 1000000u;
	int rc;

	rc = open_device(&p);
	if (rc)
		return rc;
	rc = command(&p, cmd, arg, deadline);
	noxs_unmap(ctx->nx, p.map);
	return rc;
}

int chaos__power_withdraw(struct chaos *ctx, const struct chaos__found *f)
{
	struct power p = { .ctx = ctx, .f = f };
	int rc;

	rc = open_device(&p);
	if (rc)
		return rc;
	rc = publish(&p, XEN_NOXS_POWER_NONE, 0, 0);
	noxs_unmap(ctx->nx, p.map);
	return rc ? power_failed(&p, rc, "withdraw the command") : 0;
}
