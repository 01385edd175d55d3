// SPDX-License-Identifier: BSD-2-Clause
/*
 * Creating a domain: a ladder of steps, each with what undoes it.  A step that
 * fails (or a cancel before it) takes the ladder down from there, so what was
 * done is undone in reverse order, and nothing else is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <noxs/noxs.h>

#include "config.h"
#include "devices.h"
#include "image.h"
#include "layout.h"
#include "power.h"
#include "restart.h"
#include "restore.h"
#include "place.h"

/* Beside its memory a guest costs Xen a pool of page tables, and what the
 * domain and each vCPU are made of. */
#define OVERHEAD_KB	1536
#define VCPU_KB		64

struct create {
	struct chaos *ctx;
	const struct chaos_config *cfg;
	const char *name;
	unsigned int flags;
	uint32_t domid;
	struct chaos__restore *restore;	/* NULL: from an image */
	struct chaos__image image;
	struct chaos__xen_params params;
	struct chaos__name_lock lock;
	struct chaos__xen_build *build;
	struct chaos__devices devices;
	struct chaos__record rec;
	struct chaos_config bound;	/* the record's */
	char *kernel_path, *ramdisk_path; /* of it, if they had to be made */
};

struct step {
	const char *name;
	int (*run)(struct create *c, const struct step *s);
	void (*undo)(struct create *c);
};

static int xen_failed(struct create *c, const struct step *s, int rc)
{
	const char *remedy = "";

	if (rc == -ENOMEM)
		remedy = "destroy something, or ask for less memory";
	if (rc == -EPERM || rc == -EACCES)
		remedy = "run it as root in dom0";
	return chaos__fail(c->ctx, rc, c->name, s->name, remedy, "%s",
			   chaos__xen_reason(c->ctx, rc));
}

static int check_layout(struct create *c, const struct step *s)
{
	struct chaos__layout layout;
	const char *why = "";
	int rc;

	if (!c->cfg->pvh)
		return 0;
	rc = chaos__layout(&c->image, c->params.mem_kb / 4, c->params.vcpus,
			   c->params.cmdline, &layout, &why);
	if (!rc)
		return 0;
	return chaos__fail(c->ctx, rc, c->name, s->name, "", "%s: %s",
			   c->cfg->kernel, why);
}

static void close_image(struct create *c)
{
	chaos__image_close(&c->image);
}

static int open_image(struct create *c, const struct step *s)
{
	const struct chaos_config *cfg = c->cfg;
	const char *why, *file;
	int rc;

	rc = chaos__image_open(cfg->kernel, cfg->ramdisk, &c->image, &why,
			       &file);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name, "", "%s: %s",
				   file, why ? why : strerror(-rc));
	rc = check_layout(c, s);
	if (rc)
		close_image(c);
	return rc;
}

static int check_memory(struct create *c, const struct step *s)
{
	uint64_t need = c->params.mem_kb + OVERHEAD_KB +
			c->params.mem_kb / 256 + VCPU_KB * c->params.vcpus;
	uint64_t free_kb;
	int rc;

	rc = chaos__xen_free_kb(c->ctx->xen, &free_kb);
	if (rc)
		return xen_failed(c, s, rc);
	if (need <= free_kb)
		return 0;
	return chaos__fail(c->ctx, -ENOSPC, c->name, s->name,
			   "lower memory=, or destroy something",
			   "it needs %llu MB, Xen has %llu MB free",
			   (unsigned long long)(need + 1023) / 1024,
			   (unsigned long long)free_kb / 1024);
}

/* One from the configuration may be in use; a random one is not. */
static int check_uuid(struct create *c, const struct step *s)
{
	struct chaos__record *rec = NULL;
	struct chaos__xen_dom dom;
	uint32_t domid;
	int rc;

	if (!c->cfg->uuid_set ||
	    chaos__record_load(c->ctx, c->params.uuid, &rec))
		return 0;
	domid = rec->domid;
	chaos__record_free(rec);
	rc = chaos__xen_get(c->ctx->xen, domid, &dom);
	if (rc == -ESRCH ||
	    (!rc && memcmp(dom.uuid, c->params.uuid, sizeof(dom.uuid))))
		return 0;
	if (rc)
		return xen_failed(c, s, rc);
	return chaos__fail(c->ctx, -EEXIST, c->name, s->name,
			   "leave uuid= out, or destroy that one",
			   "domain %u has this UUID", domid);
}

static int name_taken(struct create *c, const struct step *s, int rc,
		      uint32_t holder)
{
	if (rc == -EEXIST && holder)
		return chaos__fail(c->ctx, rc, c->name, s->name,
				   "choose another, or destroy that one",
				   "domain %u has this name", holder);
	if (rc == -EEXIST)
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "a domain of this name is being created");
	return rc ? chaos__fail(c->ctx, rc, c->name, s->name, "", NULL) : 0;
}

/* Whatever is to be done with names. */
static int open_names(struct create *c, const struct step *s)
{
	int rc;

	if (chaos__is_pattern(c->name))
		return chaos__fail(c->ctx, -EINVAL, c->name, s->name,
				   "say how many copies, with -n",
				   "it is a pattern for several names");
	rc = chaos__store_open(c->ctx);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name,
				   "it must be a directory of root alone",
				   "%s: %s", c->ctx->run_dir, strerror(-rc));
	return 0;
}

/* The name is what people know: of the two it is told of first. */
static int claim_name(struct create *c, const struct step *s)
{
	uint32_t holder;
	int rc;

	rc = open_names(c, s);
	if (rc)
		return rc;
	if (c->lock.fd >= 0)	/* it was handed over */
		return check_uuid(c, s);
	rc = chaos__name_claim(c->ctx, c->name, &c->lock, &holder);
	if (rc)
		return name_taken(c, s, rc, holder);
	rc = check_uuid(c, s);
	if (rc)
		chaos__name_drop(c->ctx, &c->lock);
	return rc;
}

static int look_at_name(struct create *c, const struct step *s)
{
	uint32_t holder;
	int rc;

	rc = open_names(c, s);
	if (rc)
		return rc;
	rc = chaos__name_free(c->ctx, c->name, &holder);
	return rc ? name_taken(c, s, rc, holder) : check_uuid(c, s);
}

static int look_at_vifs(struct create *c, const struct step *s)
{
	(void)s;
	return chaos__devices_check(c->ctx, c->name, c->cfg);
}

static void drop_name(struct create *c)
{
	chaos__name_drop(c->ctx, &c->lock);
}

static void destroy_domain(struct create *c)
{
	int rc = chaos__xen_destroy(c->ctx->xen, c->domid);

	if (rc && rc != -ESRCH)
		chaos__log(c->ctx, CHAOS_LOG_ERROR,
			   "%s: undo: destroy domain %u: %s", c->name,
			   c->domid, strerror(-rc));
}

static int create_domain(struct create *c, const struct step *s)
{
	int rc;

	/*
	 * A kill while Xen makes it takes effect after: the domain is there and
	 * nobody has been told its number.  Its UUID leads to it.
	 */
	rc = chaos__name_bind(&c->lock, c->params.uuid, 0);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "write its name: %s", strerror(-rc));
	rc = chaos__xen_create(c->ctx->xen, &c->params, &c->domid);
	if (rc)
		return xen_failed(c, s, rc);
	c->rec.domid = c->domid;
	c->devices.domid = c->domid;
	/* From here on a crash of ours leaves a name that leads to it. */
	rc = chaos__name_bind(&c->lock, c->params.uuid, c->domid);
	if (rc) {
		destroy_domain(c);
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "write its name: %s", strerror(-rc));
	}
	return 0;
}

static int create_vcpus(struct create *c, const struct step *s)
{
	int rc = chaos__xen_vcpus(c->ctx->xen, c->domid, &c->params);

	return rc ? xen_failed(c, s, rc) : 0;
}

/* It ends with the domain. */
static int place(struct create *c, const struct step *s)
{
	return chaos__place(c->ctx, c->name, s->name, c->domid, c->cfg);
}

/* What undoes it is the end of the domain. */
static int add_power(struct create *c, const struct step *s)
{
	int rc = chaos__power_add(c->ctx, c->domid);

	if (!rc || rc == -ENOSYS)
		return 0;
	return chaos__fail(c->ctx, rc, c->name, s->name,
			   rc == -EPROTO ?
			   "install Xen and chaos of one release" : "", NULL);
}

static int begin_build(struct create *c, const struct step *s)
{
	int rc = chaos__xen_build_begin(c->ctx->xen, c->domid, &c->params,
					&c->build);

	return rc ? xen_failed(c, s, rc) : 0;
}

static void end_build(struct create *c)
{
	chaos__xen_build_end(c->build);
	c->build = NULL;
}

static void detach_vifs(struct create *c)
{
	int rc;

	if (!c->devices.nr_sent)
		return;
	rc = chaos__devices_detach(c->ctx, c->domid, &c->devices);
	if (rc)
		chaos__log(c->ctx, CHAOS_LOG_ERROR, "%s: undo: detach vifs: %s",
			   c->name, strerror(-rc));
}

static int request_vifs(struct create *c, const struct step *s)
{
	int rc;

	(void)s;
	rc = chaos__devices_begin(c->ctx, &c->devices, c->cfg);
	if (rc)
		detach_vifs(c);	/* some may have been asked for */
	return rc;
}

static int fill_memory(struct create *c, const struct step *s)
{
	int rc = chaos__xen_build_memory(c->build);

	return rc ? xen_failed(c, s, rc) : 0;
}

static int load_image(struct create *c, const struct step *s)
{
	int rc = chaos__xen_build_image(c->build);

	return rc ? xen_failed(c, s, rc) : 0;
}

static int set_up_vcpu(struct create *c, const struct step *s)
{
	int rc = chaos__xen_build_boot(c->build, &c->rec.console);

	return rc ? xen_failed(c, s, rc) : 0;
}

/* Before the guest sees a device: it is to find that these are others. */
static int number_life(struct create *c, const struct step *s)
{
	struct xen_noxs_generation op = {
		.domid = (uint16_t)c->domid,
		.generation = c->restore->generation + 1,
	};
	int rc = chaos__need_noxs(c->ctx);

	if (!rc)
		rc = noxs_generation(c->ctx->nx, &op);
	if (rc == -ENOSYS)
		return chaos__fail(c->ctx, rc, c->name, s->name,
				   "boot the extended Xen",
				   "this Xen has no noxs extension");
	return rc ? chaos__fail(c->ctx, rc, c->name, s->name, "", NULL) : 0;
}

/* What is wrong with the image it knows better than Xen. */
static int restore_state(struct create *c, const struct step *s)
{
	struct chaos__source source;
	int rc;

	chaos__restore_source(c->restore, &source);
	rc = chaos__xen_build_restore(c->build, &source, &c->rec.console);
	if (rc && c->restore->reader.why[0])
		return chaos__restore_failed(c->restore, rc);
	return rc ? xen_failed(c, s, rc) : 0;
}

static int await_vifs(struct create *c, const struct step *s)
{
	(void)s;
	return chaos__devices_end(c->ctx, &c->devices, &c->rec);
}

/*
 * The configuration as this guest got it: what was left to us is said, and it
 * can be read in another folder.  Borrows the rest.
 */
static int bind_config(struct create *c)
{
	struct chaos_config *b = &c->bound;
	unsigned int i;

	*b = *c->cfg;
	memcpy(b->uuid, c->params.uuid, sizeof(b->uuid));
	b->uuid_set = true;
	for (i = 0; i < b->nr_vifs; i++) {
		memcpy(b->vif[i].mac, c->devices.req[i].mac,
		       sizeof(b->vif[i].mac));
		b->vif[i].mac_set = true;
	}
	if (*b->kernel != '/')
		b->kernel = c->kernel_path = realpath(b->kernel, NULL);
	if (b->ramdisk && *b->ramdisk != '/')
		b->ramdisk = c->ramdisk_path = realpath(b->ramdisk, NULL);
	return !b->kernel || (c->cfg->ramdisk && !b->ramdisk) ? -errno : 0;
}

static int write_record(struct create *c, const struct step *s)
{
	const struct chaos_config *cfg = c->cfg;
	struct chaos__record *rec = &c->rec;
	int rc;

	memcpy(rec->uuid, c->params.uuid, sizeof(rec->uuid));
	strcpy(rec->name, c->name);
	rec->created = (uint64_t)time(NULL);
	/* Borrowed: the record lives as long as this call. */
	rec->kernel = cfg->kernel;
	rec->ramdisk = cfg->ramdisk;
	rec->cmdline = cfg->cmdline;
	rec->on_poweroff = cfg->on_poweroff;
	rec->on_reboot = cfg->on_reboot;
	rec->on_crash = cfg->on_crash;
	rc = bind_config(c);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name, "", NULL);
	rec->source = &c->bound;
	rc = chaos__record_save(c->ctx, rec);
	return rc ? chaos__fail(c->ctx, rc, c->name, s->name, "", "%s: %s",
				c->ctx->run_dir, strerror(-rc)) : 0;
}

static void remove_record(struct create *c)
{
	chaos__record_remove(c->ctx, c->params.uuid);
}

/* A guest that migrates is still its sender's. */
static int await_go(struct create *c, const struct step *s)
{
	(void)s;
	return c->restore->may_run ? c->restore->may_run(c->restore) : 0;
}

/* Somebody may have destroyed it meanwhile; then nothing of it is to stay. */
static int confirm(struct create *c, const struct step *s)
{
	struct chaos__xen_dom dom;
	int rc;

	rc = chaos__xen_get(c->ctx->xen, c->domid, &dom);
	if (!rc && !dom.dying &&
	    !memcmp(dom.uuid, c->params.uuid, sizeof(dom.uuid)))
		return 0;
	if (rc && rc != -ESRCH)
		return xen_failed(c, s, rc);
	return chaos__fail(c->ctx, -ESRCH, c->name, s->name, "",
			   "domain %u was destroyed meanwhile", c->domid);
}

/*
 * From here on a crash of ours leaves the guest as it is.  One that runs is not
 * garbage whatever its name says; it needs no undoing for that.
 */
static int unpause(struct create *c, const struct step *s)
{
	int rc = confirm(c, s);

	if (!rc && !(c->flags & CHAOS_CREATE_PAUSED)) {
		rc = chaos__xen_unpause(c->ctx->xen, c->domid);
		if (rc)
			return xen_failed(c, s, rc);
	}
	if (rc)
		return rc;
	rc = chaos__name_mark(&c->lock, CHAOS__TASK_NONE);
	if (rc && (c->flags & CHAOS_CREATE_PAUSED))
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "write its name: %s", strerror(-rc));
	return 0;
}

static const struct step all_steps[] = {
	{ "check image", open_image, close_image },
	{ "check memory", check_memory, NULL },
	{ "claim name", claim_name, drop_name },
	{ "create domain", create_domain, destroy_domain },
	{ "create vCPUs", create_vcpus, NULL },
	{ "place vCPUs", place, NULL },
	{ "add power device", add_power, NULL },
	{ "prepare build", begin_build, end_build },
	{ "request vifs", request_vifs, detach_vifs },
	{ "populate memory", fill_memory, NULL },
	{ "load image", load_image, NULL },
	{ "set up vCPU", set_up_vcpu, NULL },
	{ "await vifs", await_vifs, NULL },
	{ "write record", write_record, remove_record },
	{ "unpause", unpause, NULL },
};

static const struct step restore_steps[] = {
	{ "check memory", check_memory, NULL },
	{ "claim name", claim_name, drop_name },
	{ "create domain", create_domain, destroy_domain },
	{ "create vCPUs", create_vcpus, NULL },
	{ "place vCPUs", place, NULL },
	{ "number its life", number_life, NULL },
	{ "add power device", add_power, NULL },
	{ "prepare build", begin_build, end_build },
	{ "request vifs", request_vifs, detach_vifs },
	{ "restore state", restore_state, NULL },
	{ "await vifs", await_vifs, NULL },
	{ "write record", write_record, remove_record },
	{ "await go", await_go, NULL },
	{ "unpause", unpause, NULL },
};

static const struct step restore_checks[] = {
	{ "check memory", check_memory, NULL },
	{ "check name", look_at_name, NULL },
	{ "check vifs", look_at_vifs, NULL },
};

static const struct step checks[] = {
	{ "check image", open_image, close_image },
	{ "check memory", check_memory, NULL },
	{ "check name", look_at_name, NULL },
	{ "check vifs", look_at_vifs, NULL },
};

#define NR(table) (sizeof(table) / sizeof((table)[0]))

static int run_steps(struct create *c, const struct step *steps, size_t nr)
{
	struct chaos *ctx = c->ctx;
	uint64_t begin, end;
	size_t i;
	int rc = 0;

	begin = chaos__now_ns();
	for (i = 0; i < nr; i++) {
		if (ctx->cancelled)
			rc = chaos__fail(ctx, -ECANCELED, c->name,
					 steps[i].name, "", "interrupted");
		else
			rc = steps[i].run(c, &steps[i]);
		if (rc)
			break;
		end = chaos__now_ns();
		chaos__step(ctx, steps[i].name, end - begin);
		begin = end;
	}
	if (!rc)
		return 0;
	while (i--)
		if (steps[i].undo)
			steps[i].undo(c);
	return rc;
}

static int fill_params(struct create *c)
{
	const struct chaos_config *cfg = c->cfg;
	struct chaos__xen_params *p = &c->params;

	if (cfg->uuid_set)
		memcpy(p->uuid, cfg->uuid, sizeof(p->uuid));
	else if (chaos__uuid_random(p->uuid))
		return chaos__fail(c->ctx, -EIO, c->name, "make a UUID", "",
				   NULL);
	p->pvh = cfg->pvh;
	p->vcpus = (uint32_t)cfg->vcpus;
	p->mem_kb = (uint64_t)cfg->memory_mb * 1024;
	p->max_mem_kb = (uint64_t)cfg->maxmem_mb * 1024;
	p->max_grant_frames = (int32_t)cfg->max_grant_frames;
	p->max_maptrack_frames = (int32_t)cfg->max_maptrack_frames;
	p->max_event_channels = (uint32_t)cfg->max_event_channels;
	p->image = c->restore ? NULL : &c->image;
	p->cmdline = cfg->cmdline ? cfg->cmdline : "";
	p->kernel = cfg->kernel;
	p->ramdisk = cfg->ramdisk;
	return 0;
}

int chaos__check_image(struct chaos *ctx, const struct chaos_config *cfg)
{
	struct create c = { .ctx = ctx, .cfg = cfg, .name = cfg->name };
	int rc;

	rc = fill_params(&c);
	if (!rc)
		rc = run_steps(&c, checks, 1);
	if (!rc)
		close_image(&c);
	return rc;
}

/* A name that was handed over is given back with the rest. */
static int create(struct create *c, uint32_t *domid)
{
	int rc;

	rc = fill_params(c);
	if (!rc && c->restore)
		rc = run_steps(c, restore_steps, NR(restore_steps));
	else if (!rc)
		rc = run_steps(c, all_steps, NR(all_steps));
	free(c->kernel_path);
	free(c->ramdisk_path);
	if (rc) {
		chaos__name_drop(c->ctx, &c->lock);
		return rc;
	}
	if (!c->restore)
		close_image(c);
	end_build(c);
	chaos__name_unlock(&c->lock);
	*domid = c->domid;
	return 0;
}

int chaos__create_named(struct chaos *ctx, const struct chaos_config *cfg,
			struct chaos__name_lock *lock, uint32_t *domid)
{
	struct create c = {
		.ctx = ctx,
		.cfg = cfg,
		.name = cfg->name,
		.lock = *lock,
		.devices.object = cfg->name,
	};

	lock->fd = -1;
	return create(&c, domid);
}

static int dry_run(struct create *c)
{
	int rc;

	rc = fill_params(c);
	if (!rc)
		rc = run_steps(c, checks, NR(checks));
	if (!rc)
		close_image(c);
	return rc;
}

int chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
		 unsigned int flags, uint32_t *domid)
{
	struct create c = {
		.ctx = ctx,
		.cfg = cfg,
		.name = cfg->name,
		.flags = flags,
		.lock.fd = -1,
		.devices.object = cfg->name,
	};
	int rc;

	chaos__begin(ctx);
	if (flags & ~(CHAOS_CREATE_PAUSED | CHAOS_CREATE_DRY_RUN))
		return chaos__fail(ctx, -EINVAL, cfg->name, "check flags", "",
				   "unknown flags %#x", flags);
	rc = chaos__need_xen(ctx, cfg->name);
	if (!rc)
		rc = flags & CHAOS_CREATE_DRY_RUN ? dry_run(&c) :
						    create(&c, domid);
	ctx->cancelled = 0;
	return rc;
}

int chaos__create_restored(struct chaos__restore *r, unsigned int flags,
			   uint32_t *domid)
{
	struct create c = {
		.ctx = r->ctx,
		.cfg = r->cfg,
		.name = r->cfg->name,
		.flags = flags,
		.restore = r,
		.lock.fd = -1,
		.devices.object = r->cfg->name,
	};
	int rc;

	if (!(flags & CHAOS_CREATE_DRY_RUN))
		return create(&c, domid);
	rc = fill_params(&c);
	return rc ? rc : run_steps(&c, restore_checks, NR(restore_checks));
}
