// SPDX-License-Identifier: BSD-2-Clause
/* The steps that make a domain, each with what undoes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <noxs/noxs.h>

#include "carry.h"
#include "create.h"
#include "place.h"
#include "power.h"

static void destroy_domain(struct chaos__create *c)
{
	int rc = chaos__xen_destroy(c->ctx->xen, c->domid);

	if (rc && rc != -ESRCH)
		chaos__log(c->ctx, CHAOS_LOG_ERROR,
			   "%s: undo: destroy domain %u: %s", c->name,
			   c->domid, strerror(-rc));
}

static int create_domain(struct chaos__create *c, const struct chaos__rung *s)
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
		return chaos__rung_failed(c, s, rc);
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

static int create_vcpus(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__xen_vcpus(c->ctx->xen, c->domid, &c->params);

	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

/* It ends with the domain. */
static int place(struct chaos__create *c, const struct chaos__rung *s)
{
	return chaos__place(c->ctx, c->name, s->name, c->domid, c->cfg);
}

/* What undoes it is the end of the domain. */
static int add_power(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__power_add(c->ctx, c->domid);

	if (!rc || rc == -ENOSYS)
		return 0;
	return chaos__fail(c->ctx, rc, c->name, s->name,
			   rc == -EPROTO ?
			   "install Xen and chaos of one release" : "", NULL);
}

static int begin_build(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__xen_build_begin(c->ctx->xen, c->domid, &c->params,
					&c->build);

	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

static void end_build(struct chaos__create *c)
{
	chaos__xen_build_end(c->build);
	c->build = NULL;
}

static void detach_vifs(struct chaos__create *c)
{
	int rc;

	if (!c->devices.nr_sent)
		return;
	rc = chaos__devices_detach(c->ctx, c->domid, &c->devices);
	if (rc)
		chaos__log(c->ctx, CHAOS_LOG_ERROR, "%s: undo: detach vifs: %s",
			   c->name, strerror(-rc));
}

static int request_vifs(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc;

	(void)s;
	rc = chaos__devices_begin(c->ctx, &c->devices, c->cfg);
	if (rc)
		detach_vifs(c);	/* some may have been asked for */
	return rc;
}

static int fill_memory(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__xen_build_memory(c->build);

	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

static int load_image(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__xen_build_image(c->build);

	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

static int set_up_vcpu(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__xen_build_boot(c->build, &c->rec.console);

	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

/* Before the guest sees a device: it is to find that these are others. */
static int number_life(struct chaos__create *c, const struct chaos__rung *s)
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
static int restore_state(struct chaos__create *c, const struct chaos__rung *s)
{
	struct chaos__source source;
	int rc;

	chaos__restore_source(c->restore, &source);
	rc = chaos__xen_build_restore(c->build, &source, &c->rec.console);
	if (rc && c->restore->reader.why[0])
		return chaos__restore_failed(c->restore, rc);
	if (!rc)
		rc = chaos__carry_limit(c->ctx, c->domid, c->cfg);
	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

static int await_vifs(struct chaos__create *c, const struct chaos__rung *s)
{
	(void)s;
	return chaos__devices_end(c->ctx, &c->devices, &c->rec);
}

/*
 * The configuration as this guest got it: what was left to us is said, and it
 * can be read in another folder.  Borrows the rest.
 */
static int bind_config(struct chaos__create *c)
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

static int write_record(struct chaos__create *c, const struct chaos__rung *s)
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

static void remove_record(struct chaos__create *c)
{
	chaos__record_remove(c->ctx, c->params.uuid);
}

/* A guest that migrates is still its sender's. */
static int await_go(struct chaos__create *c, const struct chaos__rung *s)
{
	(void)s;
	return c->restore->may_run ? c->restore->may_run(c->restore) : 0;
}

/* Somebody may have destroyed it meanwhile; then nothing of it is to stay. */
static int confirm(struct chaos__create *c, const struct chaos__rung *s)
{
	struct chaos__xen_dom dom;
	int rc;

	rc = chaos__xen_get(c->ctx->xen, c->domid, &dom);
	if (!rc && !dom.dying &&
	    !memcmp(dom.uuid, c->params.uuid, sizeof(dom.uuid)))
		return 0;
	if (rc && rc != -ESRCH)
		return chaos__rung_failed(c, s, rc);
	return chaos__fail(c->ctx, -ESRCH, c->name, s->name, "",
			   "domain %u was destroyed meanwhile", c->domid);
}

/*
 * From here on a crash of ours leaves the guest as it is.  One that runs is not
 * garbage whatever its name says; it needs no undoing for that.
 */
static int unpause(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = confirm(c, s);

	if (!rc && !(c->flags & CHAOS_CREATE_PAUSED)) {
		rc = chaos__xen_unpause(c->ctx->xen, c->domid);
		if (rc)
			return chaos__rung_failed(c, s, rc);
	}
	if (rc)
		return rc;
	rc = chaos__name_mark(&c->lock, CHAOS__TASK_NONE);
	if (rc && (c->flags & CHAOS_CREATE_PAUSED))
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "write its name: %s", strerror(-rc));
	return 0;
}

const struct chaos__rung chaos__rung_create_domain = {
	"create domain", create_domain, destroy_domain,
};

const struct chaos__rung chaos__rung_create_vcpus = {
	"create vCPUs", create_vcpus, NULL,
};

const struct chaos__rung chaos__rung_place_vcpus = {
	"place vCPUs", place, NULL,
};

const struct chaos__rung chaos__rung_number_life = {
	"number its life", number_life, NULL,
};

const struct chaos__rung chaos__rung_add_power = {
	"add power device", add_power, NULL,
};

const struct chaos__rung chaos__rung_begin_build = {
	"prepare build", begin_build, end_build,
};

const struct chaos__rung chaos__rung_request_vifs = {
	"request vifs", request_vifs, detach_vifs,
};

const struct chaos__rung chaos__rung_fill_memory = {
	"populate memory", fill_memory, NULL,
};

const struct chaos__rung chaos__rung_load_image = {
	"load image", load_image, NULL,
};

const struct chaos__rung chaos__rung_set_up_vcpu = {
	"set up vCPU", set_up_vcpu, NULL,
};

const struct chaos__rung chaos__rung_restore_state = {
	"restore state", restore_state, NULL,
};

const struct chaos__rung chaos__rung_await_vifs = {
	"await vifs", await_vifs, NULL,
};

const struct chaos__rung chaos__rung_write_record = {
	"write record", write_record, remove_record,
};

const struct chaos__rung chaos__rung_await_go = {
	"await go", await_go, NULL,
};

const struct chaos__rung chaos__rung_unpause = {
	"unpause", unpause, NULL,
};
