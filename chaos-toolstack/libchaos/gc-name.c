// SPDX-License-Identifier: BSD-2-Clause
/* Names that crashes left, and the domains that they lead to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices.h"
#include "find.h"
#include "gc.h"
#include "network.h"
#include "power.h"

#define CODE_SUSPEND 2	/* SHUTDOWN_suspend of Xen's sched.h */

static int destroy_domain(struct chaos__gc *gc, const struct chaos__xen_dom *dom)
{
	int rc = chaos__devices_detach(gc->ctx, dom->domid, NULL);
	int rc2 = chaos__xen_destroy(gc->ctx->xen, dom->domid);

	return rc ? rc : rc2;
}

/* From now on its record is that of a dead one; its vifs went with it. */
static void count_as_dead(struct chaos__gc *gc, uint32_t domid)
{
	size_t i;

	for (i = gc->nr_alive; i-- > 0;)
		if (gc->alive[i].domid == domid)
			gc->alive[i] = gc->alive[--gc->nr_alive];
	for (i = gc->nr_vif_domids; i-- > 0;)
		if (gc->vif_domid[i] == domid)
			gc->vif_domid[i] = gc->vif_domid[--gc->nr_vif_domids];
}

int chaos__gc_domain(struct chaos__gc *gc, enum chaos_garbage_kind kind,
		     const char *name, const struct chaos__xen_dom *dom)
{
	int rc;

	if (!(gc->flags & CHAOS_GC_DRY_RUN)) {
		rc = destroy_domain(gc, dom);
		if (rc)
			return rc;
	}
	count_as_dead(gc, dom->domid);
	chaos__gc_tell(gc, kind, name, dom->uuid, dom->domid);
	return 0;
}

/*
 * Who saved it died.  It may have asked and not seen the answer: the command is
 * taken back first, and a guest that takes it all the same is for the next gc.
 */
static int resume_domain(struct chaos__gc *gc, const char *name, int name_fd,
			 const struct chaos__xen_dom *dom)
{
	struct chaos__found f = { .dom = *dom };
	struct chaos__name_lock lock = { .fd = name_fd };
	bool stopped = dom->shutdown && dom->shutdown_code == CODE_SUSPEND;
	int rc = 0;

	snprintf(f.object, sizeof(f.object), "%s", name);
	if (gc->flags & CHAOS_GC_DRY_RUN) {
		if (stopped)
			chaos__gc_tell(gc, CHAOS_GARBAGE_SUSPENDED, name, dom->uuid,
			     dom->domid);
		return 0;
	}
	if (!stopped)
		return chaos__power_withdraw(gc->ctx, &f);
	rc = chaos__xen_resume(gc->ctx->xen, dom->domid);
	if (!rc)
		rc = chaos__name_mark(&lock, CHAOS__TASK_NONE);
	if (!rc)
		chaos__gc_tell(gc, CHAOS_GARBAGE_SUSPENDED, name, dom->uuid, dom->domid);
	return rc;
}

/* Who added or removed a vif died: the record may have it and nobody else. */
static int repair_network(struct chaos__gc *gc, const char *name, int name_fd,
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
static int check_living(struct chaos__gc *gc, const char *name, int name_fd,
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
	    (task == CHAOS__TASK_CREATE && never_ran)) {
		rc = chaos__gc_domain(gc, CHAOS_GARBAGE_DOMAIN, name, dom);
		return rc ? rc : 1;
	}
	if (task == CHAOS__TASK_SEND)
		chaos__log(gc->ctx, CHAOS_LOG_WARNING, "%s was migrating, and "
			   "may run at the other side: if it does, destroy it "
			   "here, else let it go on with chaos resume", name);
	if (task == CHAOS__TASK_NETWORK)
		return repair_network(gc, name, name_fd, dom);
	return task == CHAOS__TASK_SAVE ?
	       resume_domain(gc, name, name_fd, dom) : 0;
}

static int check_name(struct chaos__gc *gc, const char *name, int fd)
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

void chaos__gc_name(struct chaos__gc *gc, const char *name)
{
	int fd, rc;

	fd = openat(gc->ctx->names_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		if (errno != ENOENT)
			chaos__gc_failed(gc, -errno, name, "look at name");
		return;
	}
	rc = check_name(gc, name, fd);
	if (rc == 1) {
		rc = 0;
		if (!(gc->flags & CHAOS_GC_DRY_RUN) &&
		    unlinkat(gc->ctx->names_fd, name, 0))
			rc = -errno;
		if (!rc)
			chaos__gc_tell(gc, CHAOS_GARBAGE_NAME, name, NULL, 0);
	}
	close(fd);
	if (rc)
		chaos__gc_failed(gc, rc, name, "look at name");
}
