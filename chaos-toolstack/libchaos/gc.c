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
 * One whose name says that it was being saved goes on.  One that was handed over
 * to another host stays as it is: only people can know where it runs.
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
#include "find.h"
#include "network.h"
#include "power.h"

#define BATCH 64
#define CODE_SUSPEND 2	/* SHUTDOWN_suspend of Xen's sched.h */

/* Entries of a folder, or domids: something that grows. */
struct names {
	char **name;
	size_t nr;
};

struct gc {
	struct chaos *ctx;
	unsigned int flags;
	void (*fn)(void *arg, const struct chaos_garbage *g);
	void *arg;
	struct names names, records;
	uint32_t *vif_domid;
	size_t nr_vif_domids;
	struct chaos__xen_dom *alive;
	size_t nr_alive;
	int err;		/* the first */
};

static void failed(struct gc *gc, int rc, const char *object, const char *step)
{
	chaos__fail(gc->ctx, rc, object, step, "", NULL);
	if (!gc->err)
		gc->err = rc;
}

static void tell(struct gc *gc, enum chaos_garbage_kind kind, const char *name,
		 const uint8_t *uuid, uint32_t domid)
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

static void free_names(struct names *n)
{
	while (n->nr)
		free(n->name[--n->nr]);
	free(n->name);
	n->name = NULL;
}

static int add_name(struct names *n, const char *name)
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

static int read_folder(int at, struct names *n)
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
static int read_vifs(struct gc *gc)
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

static int read_alive(struct gc *gc)
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

static bool uuid_alive(const struct gc *gc, const uint8_t uuid[16])
{
	size_t i;

	for (i = 0; i < gc->nr_alive; i++)
		if (!memcmp(gc->alive[i].uuid, uuid, 16))
			return true;
	return false;
}

/* One that is dying is as good as dead: what it waits for may be its vifs. */
static bool domid_alive(const struct gc *gc, uint32_t domid)
{
	size_t i;

	for (i = 0; i < gc->nr_alive; i++)
		if (gc->alive[i].domid == domid)
			return !gc->alive[i].dying;
	return false;
}

static int destroy_domain(struct gc *gc, const struct chaos__xen_dom *dom)
{
	int rc = chaos__devices_detach(gc->ctx, dom->domid, NULL);
	int rc2 = chaos__xen_destroy(gc->ctx->xen, dom->domid);

	return rc ? rc : rc2;
}

/* From now on its record is that of a dead one; its vifs went with it. */
static void count_as_dead(struct gc *gc, uint32_t domid)
{
	size_t i;

	for (i = gc->nr_alive; i-- > 0;)
		if (gc->alive[i].domid == domid)
			gc->alive[i] = gc->alive[--gc->nr_alive];
	for (i = gc->nr_vif_domids; i-- > 0;)
		if (gc->vif_domid[i] == domid)
			gc->vif_domid[i] = gc->vif_domid[--gc->nr_vif_domids];
}

/* 1: its name is garbage now. */
static int collect_domain(struct gc *gc, const char *name,
			  const struct chaos__xen_dom *dom)
{
	int rc;

	if (!(gc->flags & CHAOS_GC_DRY_RUN)) {
		rc = destroy_domain(gc, dom);
		if (rc)
			return rc;
	}
	count_as_dead(gc, dom->domid);
	tell(gc, CHAOS_GARBAGE_DOMAIN, name, dom->uuid, dom->domid);
	return 1;
}

/*
 * Who saved it died.  It may have asked and not seen the answer: the command is
 * taken back first, and a guest that takes it all the same is for the next gc.
 */
static int resume_domain(struct gc *gc, const char *name, int name_fd,
			 const struct chaos__xen_dom *dom)
{
	struct chaos__found f = { .dom = *dom };
	struct chaos__name_lock lock = { .fd = name_fd };
	bool stopped = dom->shutdown && dom->shutdown_code == CODE_SUSPEND;
	int rc = 0;

	snprintf(f.object, sizeof(f.object), "%s", name);
	if (gc->flags & CHAOS_GC_DRY_RUN) {
		if (stopped)
			tell(gc, CHAOS_GARBAGE_SUSPENDED, name, dom->uuid,
			     dom->domid);
		return 0;
	}
	if (!stopped)
		return chaos__power_withdraw(gc->ctx, &f);
	rc = chaos__xen_resume(gc->ctx->xen, dom->domid);
	if (!rc)
		rc = chaos__name_mark(&lock, CHAOS__TASK_NONE);
	if (!rc)
		tell(gc, CHAOS_GARBAGE_SUSPENDED, name, dom->uuid, dom->domid);
	return rc;
}

/* Who added or removed a vif died: the record may have it and nobody else. */
static int repair_network(struct gc *gc, const char *name, int name_fd,
			  const struct chaos__xen_dom *dom)
{
	struct chaos__found f = { .dom = *dom };
	struct chaos__name_lock lock = { .fd = name_fd };
	int rc;

	if (gc->flags & CHAOS_GC_DRY_RUN)
		return 0;
	snprintf(f.object, sizeof(f.object), "%s", name);
	rc = chaos__record_load(gc->ctx, dom->uuid, &f.rec);
	if (!rc)
		rc = chaos__network_repair(gc->ctx, &f);
	chaos__record_free(f.rec);
	return rc ? rc : chaos__name_mark(&lock, CHAOS__TASK_NONE);
}

/* Its domain lives: is the name that of a rename cut short, or the domain what
 * a create or destroy cut short has left?  1: the name is garbage. */
static int check_living(struct gc *gc, const char *name, int name_fd,
			const struct chaos__xen_dom *dom)
{
	bool never_ran = dom->paused && !dom->cpu_ns;
	enum chaos__task task = CHAOS__TASK_NONE;
	struct chaos__record *rec;
	int rc;

	rc = chaos__name_task(name_fd, &task);
	if (rc)
		return rc;

	rc = chaos__record_load(gc->ctx, dom->uuid, &rec);
	if (rc && rc != -ENOENT)
		return 0;
	if (!rc) {
		rc = strcmp(rec->name, name) != 0;
		chaos__record_free(rec);
		if (rc)
			return rc;
	}
	if (task == CHAOS__TASK_DESTROY ||
	    (task == CHAOS__TASK_CREATE && never_ran))
		return collect_domain(gc, name, dom);
	if (task == CHAOS__TASK_SEND)
		chaos__log(gc->ctx, CHAOS_LOG_WARNING, "%s was migrating, and "
			   "may run at the other side: if it does, destroy it "
			   "here, else let it go on with chaos resume", name);
	if (task == CHAOS__TASK_NETWORK)
		return repair_network(gc, name, name_fd, dom);
	return task == CHAOS__TASK_SAVE ?
	       resume_domain(gc, name, name_fd, dom) : 0;
}

static int check_name(struct gc *gc, const char *name, int fd)
{
	struct chaos__xen_dom dom;
	uint8_t uuid[16] = { 0 };
	uint32_t domid;
	struct stat st;
	int rc;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? 0 : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!st.st_nlink)
		return 0;	/* removed meanwhile */
	rc = chaos__name_find(gc->ctx, name, uuid, &domid);
	if (rc == -EPROTO || (rc == -EAGAIN && !st.st_size))
		return 1;
	if (rc == -EAGAIN)
		rc = chaos__find_uuid(gc->ctx, uuid, &dom);
	else if (!rc)
		rc = chaos__xen_get(gc->ctx->xen, domid, &dom);
	if (rc == -ESRCH || (!rc && memcmp(dom.uuid, uuid, sizeof(uuid))))
		return 1;
	return rc ? rc : check_living(gc, name, fd, &dom);
}

static void collect_name(struct gc *gc, const char *name)
{
	int fd, rc;

	fd = openat(gc->ctx->names_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		if (errno != ENOENT)
			failed(gc, -errno, name, "look at name");
		return;
	}
	rc = check_name(gc, name, fd);
	if (rc == 1) {
		rc = 0;
		if (!(gc->flags & CHAOS_GC_DRY_RUN) &&
		    unlinkat(gc->ctx->names_fd, name, 0))
			rc = -errno;
		if (!rc)
			tell(gc, CHAOS_GARBAGE_NAME, name, NULL, 0);
	}
	close(fd);
	if (rc)
		failed(gc, rc, name, "look at name");
}

/*
 * A domain that migrates to another run directory of the same host is there
 * twice for a while: the record is that of one of them.
 */
static bool record_alive(struct gc *gc, const uint8_t uuid[16])
{
	struct chaos__record *rec;
	struct chaos__xen_dom dom;
	uint32_t domid;
	int rc;

	if (!uuid_alive(gc, uuid))
		return false;
	if (chaos__record_load(gc->ctx, uuid, &rec))
		return true;
	domid = rec->domid;
	chaos__record_free(rec);
	rc = chaos__xen_get(gc->ctx->xen, domid, &dom);
	return rc ? rc != -ESRCH : !dom.dying && !memcmp(dom.uuid, uuid, 16);
}

/* UUID, or UUID.tmp of a record that was being written. */
static void collect_record(struct gc *gc, const char *file)
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
			failed(gc, -errno, file, "remove record");
		return;
	}
	tell(gc, CHAOS_GARBAGE_RECORD, "", uuid, 0);
}

static void collect_vifs(struct gc *gc, uint32_t domid)
{
	int rc = 0;

	if (domid_alive(gc, domid))
		return;
	if (!(gc->flags & CHAOS_GC_DRY_RUN))
		rc = chaos__devices_detach(gc->ctx, domid, NULL);
	if (rc)
		failed(gc, rc, "vifs of a dead domain", "detach vifs");
	else
		tell(gc, CHAOS_GARBAGE_VIFS, "", NULL, domid);
}

static void collect(struct gc *gc)
{
	int rc;
	size_t i;

	rc = read_folder(gc->ctx->names_fd, &gc->names);
	if (!rc)
		rc = read_folder(gc->ctx->domains_fd, &gc->records);
	if (rc) {
		failed(gc, rc, gc->ctx->run_dir, "read it");
		return;
	}
	rc = read_vifs(gc);
	if (rc)
		failed(gc, rc, "network backend", "list vifs");
	rc = read_alive(gc);
	if (rc) {
		failed(gc, rc, "domains", "list");
		return;
	}
	for (i = 0; i < gc->names.nr; i++)
		collect_name(gc, gc->names.name[i]);
	for (i = 0; i < gc->records.nr; i++)
		collect_record(gc, gc->records.name[i]);
	for (i = 0; i < gc->nr_vif_domids; i++)
		collect_vifs(gc, gc->vif_domid[i]);
}

int chaos_gc(struct chaos *ctx, unsigned int flags,
	     void (*fn)(void *arg, const struct chaos_garbage *g), void *arg)
{
	struct gc gc = { .ctx = ctx, .flags = flags, .fn = fn, .arg = arg };
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
	free(gc.vif_domid);
	free(gc.alive);
	return gc.err;
}
