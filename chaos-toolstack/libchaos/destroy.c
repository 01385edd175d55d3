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

/* Somebody who is at work on it (a rename, a save) does not keep it alive. */
static int mark(struct chaos *ctx, const struct chaos__found *f,
		struct chaos__name_lock *held)
{
	struct chaos__name_lock lock = { .fd = -1 };
	int rc;

	if (held)
		return chaos__name_mark(held, CHAOS__TASK_DESTROY);
	if (!f->rec)
		return 0;
	rc = chaos__name_take(ctx, f->rec->name, f->rec->uuid, f->dom.domid,
			      &lock);
	if (!rc)
		rc = chaos__name_mark(&lock, CHAOS__TASK_DESTROY);
	chaos__name_unlock(&lock);
	return rc == -ENOENT || rc == -EBUSY || rc == -ESTALE ? 0 : rc;
}

static int pause_it(struct chaos *ctx, const struct chaos__found *f,
		    struct chaos__name_lock *held)
{
	(void)held;
	return f->dom.dying ? 0 : chaos__xen_pause(ctx->xen, f->dom.domid);
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
static int detach(struct chaos *ctx, const struct chaos__found *f,
		  struct chaos__name_lock *held)
{
	(void)held;
	if (f->rec && !has_ours(f->rec))
		return 0;
	return chaos__devices_detach(ctx, f->dom.domid, NULL);
}

static int destroy(struct chaos *ctx, const struct chaos__found *f,
		   struct chaos__name_lock *held)
{
	(void)held;
	return chaos__xen_destroy(ctx->xen, f->dom.domid);
}

/*
 * Who is at work on it may be making this domain, or the guest's next one, whose
 * name and record these are then (-ESTALE): that is seen behind the lock.
 */
static int forget_named(struct chaos *ctx, const struct chaos__found *f)
{
	struct chaos__name_lock lock = { .fd = -1 };
	uint32_t domid;
	int rc, rc2;

	rc = chaos__name_await(ctx, f->rec->name, f->rec->uuid, &lock, &domid);
	if (!rc && domid != f->dom.domid) {
		chaos__name_unlock(&lock);
		return -ESTALE;
	}
	rc2 = chaos__record_remove(ctx, f->dom.uuid);
	if (rc)
		return rc == -ENOENT ? rc2 : rc;
	chaos__name_drop(ctx, &lock);
	return rc2;
}

static int forget(struct chaos *ctx, const struct chaos__found *f,
		  struct chaos__name_lock *held)
{
	int rc = 0, rc2;

	if (ctx->names_fd < 0)
		return 0;
	if (f->rec && !held)
		return forget_named(ctx, f);
	/* Without a record: killed before it was written, or not ours. */
	if (!f->rec)
		rc = chaos__name_remove_all(ctx, f->dom.uuid, f->dom.domid);
	rc2 = chaos__record_remove(ctx, f->dom.uuid);
	return rc ? rc : rc2;
}

static const struct step {
	const char *name;
	int (*run)(struct chaos *ctx, const struct chaos__found *f,
		   struct chaos__name_lock *held);
} steps[] = {
	{ "mark", mark },
	{ "pause", pause_it },
	{ "detach vifs", detach },
	{ "destroy domain", destroy },
	{ "remove record", forget },
};

int chaos__destroy_found(struct chaos *ctx, const struct chaos__found *f,
			 struct chaos__name_lock *held)
{
	uint64_t begin, end = chaos__now_ns();
	int rc, err = 0;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin = end;
		rc = steps[i].run(ctx, f, held);
		end = chaos__now_ns();
		chaos__step(ctx, steps[i].name, begin, end);
		if (rc == -ESTALE)
			return rc;
		/* Gone before us: what we were about to do. */
		if (!rc || (rc == -ESRCH && steps[i].run != destroy))
			continue;
		chaos__fail(ctx, rc, f->object, steps[i].name, "", NULL);
		if (!err)
			err = rc;
	}
	return err;
}

/*
 * It was made anew under our hands, by who restarts it; what was to end is the
 * guest.  Nobody makes another behind the lock.
 */
static int destroy_next(struct chaos *ctx, const struct chaos__record *rec)
{
	struct chaos__name_lock lock = { .fd = -1 };
	struct chaos__found f;
	uint32_t domid;
	int rc;

	rc = chaos__name_await(ctx, rec->name, rec->uuid, &lock, &domid);
	if (!rc)
		rc = chaos__find(ctx, domid, &f);
	else if (rc != -ENOENT)
		return chaos__fail(ctx, rc, rec->name, "lock its name", "",
				   NULL);
	/* Ended by another, and then its number may be another's. */
	if (rc == -ESRCH || rc == -ENOENT) {
		chaos__clear_errors(ctx);
		rc = 0;
	} else if (!rc) {
		if (!memcmp(f.dom.uuid, rec->uuid, sizeof(rec->uuid)))
			rc = chaos__destroy_found(ctx, &f, &lock);
		if (!rc)
			chaos__name_drop(ctx, &lock);
		chaos__found_fini(&f);
	}
	chaos__name_unlock(&lock);
	return rc;
}

int chaos_destroy(struct chaos *ctx, uint32_t domid)
{
	uint64_t begin = chaos__now_ns();
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	chaos__step(ctx, "find", begin, chaos__now_ns());
	if (domid)
		rc = chaos__destroy_found(ctx, &f, NULL);
	else
		rc = chaos__fail(ctx, -EPERM, f.object, "destroy domain", "",
				 "it is the one this runs in");
	if (rc == -ESTALE)
		rc = destroy_next(ctx, f.rec);
	chaos__found_fini(&f);
	return rc;
}
