// SPDX-License-Identifier: BSD-2-Clause
/*
 * Removing what crashes left: names, records, half-built domains, vifs.
 *
 * Names and records are read before the list of the living domains is made: a
 * domain is made before its record and before its vifs, so whatever was seen
 * then and has no living domain now is dead.  A name is looked at under its
 * lock, which whoever is making or renaming a domain holds.
 *
 * A domain is destroyed only when a name of ours is bound to it that nobody
 * holds, and either
 *   - the name says that it was being created, and it never ran; or
 *   - the name says that it was being destroyed.
 * So is a spare that nobody holds and that never ran.  One whose name says that
 * it was being saved goes on.  One that was handed over to another host stays as
 * it is: only people can know where it runs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices.h"
#include "gc.h"

#define BATCH 64

void chaos__gc_failed(struct chaos__gc *gc, int rc, const char *object,
		      const char *step)
{
	chaos__fail(gc->ctx, rc, object, step, "", NULL);
	if (!gc->err)
		gc->err = rc;
}

void chaos__gc_tell(struct chaos__gc *gc, enum chaos_garbage_kind kind,
		    const char *name, const uint8_t *uuid, uint32_t domid)
{
	char text[CHAOS__UUID_LEN + 1] = "";
	struct chaos_garbage g = {
		.kind = kind, .name = name, .uuid = text, .domid = domid,
	};

	if (uuid)
		chaos__uuid_format(uuid, text);
	if (gc->fn)
		gc->fn(gc->arg, &g);
}

static void free_names(struct chaos__gc_names *n)
{
	while (n->nr)
		free(n->name[--n->nr]);
	free(n->name);
	n->name = NULL;
}

static int add_name(struct chaos__gc_names *n, const char *name)
{
	char **bigger = realloc(n->name, (n->nr + 1) * sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	n->name = bigger;
	n->name[n->nr] = strdup(name);
	if (!n->name[n->nr])
		return -ENOMEM;
	n->nr++;
	return 0;
}

static int read_folder(int at, struct chaos__gc_names *n)
{
	struct dirent *e;
	int fd, rc = 0;
	DIR *d;

	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while (!rc && (e = readdir(d)))
		if (e->d_name[0] != '.')
			rc = add_name(n, e->d_name);
	closedir(d);
	return rc;
}

/* The guests that have vifs.  No backend: no vifs. */
static int read_vifs(struct chaos__gc *gc)
{
	struct noxs_netback_reply reply;
	uint32_t next = 0, *bigger;
	int rc;

	for (;;) {
		rc = chaos__devices_next(gc->ctx, next, 0, &reply);
		if (rc || reply.domid < next)
			break;
		bigger = realloc(gc->vif_domid,
				 (gc->nr_vif_domids + 1) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		gc->vif_domid = bigger;
		gc->vif_domid[gc->nr_vif_domids++] = reply.domid;
		next = reply.domid + 1u;
	}
	return rc == -ENOENT || rc == -ECONNREFUSED ? 0 : rc;
}

static int read_alive(struct chaos__gc *gc)
{
	struct chaos__xen_dom *bigger;
	uint32_t next = 0;
	int n;

	for (;;) {
		bigger = realloc(gc->alive,
				 (gc->nr_alive + BATCH) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		gc->alive = bigger;
		n = chaos__xen_list(gc->ctx->xen, next, bigger + gc->nr_alive,
				    BATCH);
		if (n <= 0)
			return n;
		gc->nr_alive += (size_t)n;
		next = bigger[gc->nr_alive - 1].domid + 1;
	}
}

static bool uuid_alive(const struct chaos__gc *gc, const uint8_t uuid[16])
{
	size_t i;

	for (i = 0; i < gc->nr_alive; i++)
		if (!memcmp(gc->alive[i].uuid, uuid, 16))
			return true;
	return false;
}

/* One that is dying is as good as dead: what it waits for may be its vifs. */
static bool domid_alive(const struct chaos__gc *gc, uint32_t domid)
{
	size_t i;

	for (i = 0; i < gc->nr_alive; i++)
		if (gc->alive[i].domid == domid)
			return !gc->alive[i].dying;
	return false;
}

/*
 * A domain that migrates to another run directory of the same host is there
 * twice for a while: the record is that of one of them.
 */
static bool record_alive(struct chaos__gc *gc, const uint8_t uuid[16])
{
	bool was_alive = uuid_alive(gc, uuid);
	struct chaos__record *rec;
	struct chaos__xen_dom dom;
	uint32_t domid;
	int rc;

	if (!was_alive && gc->flags & CHAOS_GC_DRY_RUN)
		return false;
	/* Of one that was made, or made anew, since all were looked at. */
	if (chaos__record_load(gc->ctx, uuid, &rec))
		return was_alive;
	domid = rec->domid;
	chaos__record_free(rec);
	rc = chaos__xen_get(gc->ctx->xen, domid, &dom);
	return rc ? rc != -ESRCH : !dom.dying && !memcmp(dom.uuid, uuid, 16);
}

/* UUID, or UUID.tmp of a record that was being written. */
static void collect_record(struct chaos__gc *gc, const char *file)
{
	char text[CHAOS__UUID_LEN + 1] = "";
	uint8_t uuid[16];

	if (strlen(file) >= CHAOS__UUID_LEN)
		memcpy(text, file, CHAOS__UUID_LEN);
	if (chaos__uuid_parse(text, uuid) || record_alive(gc, uuid))
		return;
	if (!(gc->flags & CHAOS_GC_DRY_RUN) &&
	    unlinkat(gc->ctx->domains_fd, file, 0)) {
		if (errno != ENOENT)
			chaos__gc_failed(gc, -errno, file, "remove record");
		return;
	}
	chaos__gc_tell(gc, CHAOS_GARBAGE_RECORD, "", uuid, 0);
}

static void collect_vifs(struct chaos__gc *gc, uint32_t domid)
{
	int rc = 0;

	if (domid_alive(gc, domid))
		return;
	if (!(gc->flags & CHAOS_GC_DRY_RUN))
		rc = chaos__devices_detach(gc->ctx, domid, NULL);
	if (rc)
		chaos__gc_failed(gc, rc, "vifs of a dead domain", "detach vifs");
	else
		chaos__gc_tell(gc, CHAOS_GARBAGE_VIFS, "", NULL, domid);
}

static void collect(struct chaos__gc *gc)
{
	int rc;
	size_t i;

	rc = read_folder(gc->ctx->names_fd, &gc->names);
	if (!rc)
		rc = read_folder(gc->ctx->domains_fd, &gc->records);
	if (!rc)
		rc = read_folder(gc->ctx->spares_fd, &gc->spares);
	if (rc) {
		chaos__gc_failed(gc, rc, gc->ctx->run_dir, "read it");
		return;
	}
	rc = read_vifs(gc);
	if (rc)
		chaos__gc_failed(gc, rc, "network backend", "list vifs");
	rc = read_alive(gc);
	if (rc) {
		chaos__gc_failed(gc, rc, "domains", "list");
		return;
	}
	for (i = 0; i < gc->names.nr; i++)
		chaos__gc_name(gc, gc->names.name[i]);
	for (i = 0; i < gc->spares.nr; i++)
		chaos__gc_spare(gc, gc->spares.name[i]);
	for (i = 0; i < gc->records.nr; i++)
		collect_record(gc, gc->records.name[i]);
	for (i = 0; i < gc->nr_vif_domids; i++)
		collect_vifs(gc, gc->vif_domid[i]);
}

int chaos_gc(struct chaos *ctx, unsigned int flags,
	     void (*fn)(void *arg, const struct chaos_garbage *g), void *arg)
{
	struct chaos__gc gc = { .ctx = ctx, .flags = flags, .fn = fn, .arg = arg };
	int rc;

	chaos__begin(ctx);
	if (flags & ~CHAOS_GC_DRY_RUN)
		return chaos__fail(ctx, -EINVAL, "host", "check flags", "",
				   "unknown flags %#x", flags);
	rc = chaos__need_xen(ctx, "host");
	if (rc)
		return rc;
	rc = chaos__store_open(ctx);
	if (rc)
		return chaos__fail(ctx, rc, ctx->run_dir, "open it",
				   "it must be a directory of root alone", NULL);
	collect(&gc);
	free_names(&gc.names);
	free_names(&gc.records);
	free_names(&gc.spares);
	free(gc.vif_domid);
	free(gc.alive);
	return gc.err;
}
