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
static int mark(struct chaos *ctx, const struct chaos__found *f)
{
	struct chaos__name_lock lock = { .fd = -1 };
	int rc;

	if (!f->rec)
		return 0;
	rc = chaos__name_take(ctx, f->rec->name, f->rec->uuid, &lock);
	if (!rc)
		rc = chaos__name_mark(&lock, CHAOS__TASK_DESTROY);
	chaos__name_unlock(&lock);
	return rc == -ENOENT || rc == -EBUSY ? 0 : rc;
}

static int pause_it(struct chaos *ctx, const struct chaos__found *f)
{
	return f->dom.dying ? 0 : chaos__xen_pause(ctx->xen, f->dom.domid);
}

/* Without a record it may still have vifs: of a create that was killed. */
static int detach(struct chaos *ctx, const struct chaos__found *f)
{
	if (f->rec && !f->rec->nr_vifs)
		return 0;
	return chaos__devices_detach(ctx, f->dom.domid, NULL);
}

static int destroy(struct chaos *ctx, const struct chaos__found *f)
{
	return chaos__xen_destroy(ctx->xen, f->dom.domid);
}

static int forget(struct chaos *ctx, const struct chaos__found *f)
{
	int rc, rc2;

	if (ctx->names_fd < 0)
		return 0;
	/* Without a record: killed before it was written, or not ours. */
	rc = f->rec ? chaos__name_remove(ctx, f->rec->name, f->rec->uuid) :
		      chaos__name_remove_all(ctx, f->dom.uuid);
	rc2 = chaos__record_remove(ctx, f->dom.uuid);
	return rc ? rc : rc2;
}

static const struct step {
	const char *name;
	int (*run)(struct chaos *ctx, const struct chaos__found *f);
} steps[] = {
	{ "mark", mark },
	{ "pause", pause_it },
	{ "detach vifs", detach },
	{ "destroy domain", destroy },
	{ "remove record", forget },
};

int chaos_destroy(struct chaos *ctx, uint32_t domid)
{
	uint64_t begin, end;
	struct chaos__found f;
	int rc, err;
	size_t i;

	begin = chaos__now_ns();
	err = chaos__find(ctx, domid, &f);
	if (err)
		return err;
	if (!domid) {
		err = chaos__fail(ctx, -EPERM, f.object, "destroy domain", "",
				  "it is the one this runs in");
		goto out;
	}
	end = chaos__now_ns();
	chaos__step(ctx, "find", end - begin);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin = end;
		rc = steps[i].run(ctx, &f);
		end = chaos__now_ns();
		chaos__step(ctx, steps[i].name, end - begin);
		/* Gone before us: what we were about to do. */
		if (!rc || (rc == -ESRCH && steps[i].run != destroy))
			continue;
		chaos__fail(ctx, rc, f.object, steps[i].name, "", NULL);
		if (!err)
			err = rc;
	}
out:
	chaos__found_fini(&f);
	return err;
}
