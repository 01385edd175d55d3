// SPDX-License-Identifier: BSD-2-Clause
/*
 * Renaming a domain.
 *
 * 1. The old name is locked, so that nobody else renames or replaces it.
 * 2. The new one is claimed and bound to the domain: from here both lead to it.
 * 3. The record is replaced by rename: it says which of the two is the name.
 * 4. The old name goes.
 *
 * A crash after 2 or 3 leaves two names that both find the domain; chaos_gc
 * removes the one that the record does not say.
 */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "find.h"

#define STEP "rename"

static int lock_old(struct chaos *ctx, struct chaos__found *f,
		    struct chaos__name_lock *lock)
{
	struct chaos__record *rec;
	int rc;

	rc = chaos__name_take(ctx, f->rec->name, f->rec->uuid, f->dom.domid,
			      lock);
	if (rc == -EBUSY)
		return chaos__fail(ctx, rc, f->object, STEP, "",
				   "another process is at work on it");
	if (rc == -ESTALE)
		return chaos__fail(ctx, rc, f->object, STEP, "try again",
				   "it was made anew meanwhile");
	/* Lost: the new one takes its place, if there still is a record. */
	if (rc && rc != -ENOENT)
		return chaos__fail(ctx, rc, f->object, STEP, "", NULL);
	/* Renamed by another between our look and our lock? */
	rc = chaos__record_load(ctx, f->rec->uuid, &rec);
	if (rc) {
		chaos__name_unlock(lock);
		return chaos__fail(ctx, rc, f->object, STEP, "",
				   "read its record: %s", strerror(-rc));
	}
	if (!strcmp(rec->name, f->rec->name)) {
		chaos__record_free(f->rec);
		f->rec = rec;
		return 0;
	}
	chaos__name_unlock(lock);
	chaos__fail(ctx, -EBUSY, f->object, STEP, "",
		    "it was renamed to %s meanwhile", rec->name);
	chaos__record_free(rec);
	return -EBUSY;
}

static int claim_new(struct chaos *ctx, const struct chaos__found *f,
		     const char *name, struct chaos__name_lock *lock)
{
	uint32_t holder;
	int rc;

	rc = chaos__name_claim(ctx, name, lock, &holder);
	/* Bound already, by a rename that did not come to its end. */
	if (rc == -EEXIST && holder == f->dom.domid)
		rc = chaos__name_take(ctx, name, f->rec->uuid, holder, lock);
	else if (rc == -EEXIST && holder)
		return chaos__fail(ctx, rc, f->object, STEP,
				   "choose another name",
				   "domain %u is called %s", holder, name);
	else if (rc == -EEXIST)
		return chaos__fail(ctx, rc, f->object, STEP,
				   "choose another name",
				   "a domain called %s is being created", name);
	if (!rc) {
		rc = chaos__name_bind(lock, f->rec->uuid, f->dom.domid);
		/* Or else it would be taken for one that is being made. */
		if (!rc)
			rc = chaos__name_mark(lock, CHAOS__TASK_NONE);
		if (rc)
			chaos__name_drop(ctx, lock);
	}
	return rc ? chaos__fail(ctx, rc, f->object, STEP, "", "%s: %s", name,
				strerror(-rc)) : 0;
}

static int rename_found(struct chaos *ctx, struct chaos__found *f,
			const char *name)
{
	struct chaos__name_lock old = { .fd = -1 }, new = { .fd = -1 };
	int rc;

	rc = lock_old(ctx, f, &old);
	if (rc)
		return rc;
	rc = claim_new(ctx, f, name, &new);
	if (rc)
		goto err_unlock;
	strcpy(f->rec->name, name);
	rc = chaos__record_save(ctx, f->rec);
	if (rc) {
		chaos__name_drop(ctx, &new);
		chaos__fail(ctx, rc, f->object, STEP, "", "write its record: %s",
			    strerror(-rc));
		goto err_unlock;
	}
	chaos__name_unlock(&new);
	chaos__name_drop(ctx, &old);
	return 0;

err_unlock:
	chaos__name_unlock(&old);
	return rc;
}

int chaos_rename(struct chaos *ctx, uint32_t domid, const char *name)
{
	const char *why, *remedy;
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	if (!f.rec)
		rc = chaos__fail(ctx, -ENOENT, f.object, STEP, "",
				 "it was not made by chaos");
	else if (chaos__name_check(name, &why, &remedy))
		rc = chaos__fail(ctx, -EINVAL, f.object, STEP, remedy,
				 "\"%s\" %s", name, why);
	else if (strcmp(f.rec->name, name))
		rc = rename_found(ctx, &f, name);
	if (!rc)
		chaos__daemon_renamed(ctx, domid, name);
	chaos__found_fini(&f);
	return rc;
}
