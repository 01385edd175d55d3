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
	rc = chaos__name_take(ctx, f->rec->name, f->rec->uuid, &lock);
	if (!rc)
		rc = chaos__name_mark(&lock, CHAOS__TASK_DESTROY);
	chaos__name_unlock(&lock);
	return rc == -ENOENT || rc == -EBUSY ? 0 : rc;
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

static int forget(struct chaos *ctx, const struct chaos__found *f,
		  struct chaos__name_lock *held)
{
	int rc = 0, rc2;

	if (ctx->names_fd < 0)
		return 0;
	/* Without a record: killed before it was written, or not ours. */
	if (!f->rec)
		rc = chaos__name_remove_all(ctx, f->dom.uuid);
	else if (!held)
		rc = chaos__name_remove(ctx, f->rec->name, f->rec->uuid);
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
		/* Gone before us: what we were about to do. */
		if (!rc || (rc == -ESRCH && steps[i].run != destroy))
			continue;
		chaos__fail(ctx, rc, f->object, steps[i].name, "", NULL);
		if (!err)
			err = rc;
	}
	return err;
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
	chaos__found_fini(&f);
	return rc;
}
