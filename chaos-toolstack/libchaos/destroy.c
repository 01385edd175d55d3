// SPDX-License-Identifier: BSD-2-Clause
/*
 * Destroying a domain.  Its name is marked, so that chaos_gc finishes what a
 * process that is killed has begun.  The guest stops first, so that it cannot
 * answer what follows; the backend lets go of its pages and ports before Xen
 * takes them, so that nothing is left dying.  A step that fails does not keep
 * the others from being done.
 */
#include <errno.h>
#include <string.h>

#include "devices.h"
#include "find.h"

struct destroying {
	struct chaos *ctx;
	const struct chaos__found *f;
	/* Of its name, which stays; NULL: it goes, when nobody is at work on it. */
	struct chaos__name_lock *held;
	/* What was found behind the name: the guest's next domain. */
	struct chaos__name_lock next_lock;
	uint32_t next;
};

/* Somebody who is at work on it (a rename, a save) does not keep it alive. */
static int mark(struct destroying *d)
{
	struct chaos__name_lock lock = { .fd = -1 };
	const struct chaos__record *rec = d->f->rec;
	int rc;

	if (d->held)
		return chaos__name_mark(d->held, CHAOS__TASK_DESTROY);
	if (!rec)
		return 0;
	rc = chaos__name_take(d->ctx, rec->name, rec->uuid, d->f->dom.domid,
			      &lock);
	if (!rc)
		rc = chaos__name_mark(&lock, CHAOS__TASK_DESTROY);
	chaos__name_unlock(&lock);
	return rc == -ENOENT || rc == -EBUSY || rc == -ESTALE ? 0 : rc;
}

static int pause_it(struct destroying *d)
{
	const struct chaos__xen_dom *dom = &d->f->dom;

	return dom->dying ? 0 : chaos__xen_pause(d->ctx->xen, dom->domid);
}

/* Those of other domains go with the guest. */
static bool has_ours(const struct chaos__record *rec)
{
	unsigned int i;

	for (i = 0; i < rec->nr_vifs; i++)
		if (!*rec->vif[i].backend)
			return true;
	return false;
}

/* Without a record it may still have vifs: of a create that was killed. */
static int detach(struct destroying *d)
{
	if (d->f->rec && !has_ours(d->f->rec))
		return 0;
	return chaos__devices_detach(d->ctx, d->f->dom.domid, NULL);
}

static int destroy(struct destroying *d)
{
	return chaos__xen_destroy(d->ctx->xen, d->f->dom.domid);
}

/* Behind the lock: whose are name and record? */
static int forget_locked(struct destroying *d, struct chaos__name_lock *lock,
			 uint32_t owner)
{
	int rc;

	if (owner != d->f->dom.domid) {
		d->next_lock = *lock;
		d->next = owner;
		return 0;
	}
	rc = chaos__record_remove(d->ctx, d->f->dom.uuid);
	chaos__name_drop(d->ctx, lock);
	return rc;
}

/* Without a record: killed before it was written, or being made, or not ours. */
static int forget_unnamed(struct destroying *d)
{
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t owner;
	int rc;

	do {
		rc = chaos__name_await_any(d->ctx, d->f->dom.uuid, &lock,
					   &owner);
		if (!rc)
			rc = forget_locked(d, &lock, owner);
	} while (!rc && d->next_lock.fd < 0);
	return rc == -ENOENT ? chaos__record_remove(d->ctx, d->f->dom.uuid) :
			       rc;
}

/* The name is not its any more: was it renamed?  Then *rec is the present record. */
static bool was_renamed(struct destroying *d, struct chaos__record **rec)
{
	const char *name = *rec ? (*rec)->name : d->f->rec->name;
	struct chaos__record *now = NULL;

	if (chaos__record_load(d->ctx, d->f->dom.uuid, &now))
		return false;
	if (!strcmp(now->name, name)) {
		chaos__record_free(now);
		return false;
	}
	chaos__record_free(*rec);
	*rec = now;
	return true;
}

static int forget_named(struct destroying *d)
{
	struct chaos__name_lock lock = { .fd = -1 };
	struct chaos__record *rec = NULL;
	uint32_t owner;
	int rc;

	do {
		rc = chaos__name_await(d->ctx,
				       rec ? rec->name : d->f->rec->name,
				       d->f->dom.uuid, &lock, &owner);
	} while (rc == -ENOENT && was_renamed(d, &rec));
	chaos__record_free(rec);
	if (rc == -ENOENT)
		return chaos__record_remove(d->ctx, d->f->dom.uuid);
	return rc ? rc : forget_locked(d, &lock, owner);
}

static int forget(struct destroying *d)
{
	if (d->ctx->names_fd < 0)
		return 0;
	if (d->held)
		return chaos__record_remove(d->ctx, d->f->dom.uuid);
	return d->f->rec ? forget_named(d) : forget_unnamed(d);
}

static const struct step {
	const char *name;
	int (*run)(struct destroying *d);
} steps[] = {
	{ "mark", mark },
	{ "pause", pause_it },
	{ "detach vifs", detach },
	{ "destroy domain", destroy },
	{ "remove record", forget },
};

static int take_steps(struct destroying *d)
{
	uint64_t begin, end = chaos__now_ns();
	int rc, err = 0;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin = end;
		rc = steps[i].run(d);
		end = chaos__now_ns();
		chaos__step(d->ctx, steps[i].name, begin, end);
		/* Gone before us: what we were about to do. */
		if (!rc || (rc == -ESRCH && steps[i].run != destroy))
			continue;
		chaos__fail(d->ctx, rc, d->f->object, steps[i].name, "", NULL);
		if (!err)
			err = rc;
	}
	return err;
}

int chaos__destroy_found(struct chaos *ctx, const struct chaos__found *f,
			 struct chaos__name_lock *held)
{
	struct destroying d = {
		.ctx = ctx, .f = f, .held = held, .next_lock.fd = -1,
	};

	return take_steps(&d);
}

/*
 * It was made anew under our hands, by who restarts it; what was to end is the
 * guest.  Nobody makes another behind the lock.
 */
static int destroy_next(struct destroying *before)
{
	struct chaos__name_lock *lock = &before->next_lock;
	const uint8_t *uuid = before->f->dom.uuid;
	struct chaos *ctx = before->ctx;
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, before->next, &f);
	if (!rc && !memcmp(f.dom.uuid, uuid, sizeof(f.dom.uuid))) {
		rc = chaos__destroy_found(ctx, &f, lock);
	} else if (!rc || rc == -ESRCH) {
		/* Ended by another; its number may be in use again. */
		chaos__clear_errors(ctx);
		rc = chaos__record_remove(ctx, uuid);
	}
	chaos__found_fini(&f);
	if (!rc)
		chaos__name_drop(ctx, lock);
	chaos__name_unlock(lock);
	return rc;
}

int chaos_destroy(struct chaos *ctx, uint32_t domid)
{
	struct destroying d = { .ctx = ctx, .next_lock.fd = -1 };
	uint64_t begin = chaos__now_ns();
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	chaos__step(ctx, "find", begin, chaos__now_ns());
	d.f = &f;
	if (domid)
		rc = take_steps(&d);
	else
		rc = chaos__fail(ctx, -EPERM, f.object, "destroy domain", "",
				 "it is the one this runs in");
	if (d.next_lock.fd >= 0)
		rc = destroy_next(&d);
	chaos__found_fini(&f);
	return rc;
}
