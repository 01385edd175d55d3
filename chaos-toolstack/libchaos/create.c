// SPDX-License-Identifier: BSD-2-Clause
/* Creating a domain: which steps, in which order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "daemon.h"

static const struct chaos__rung *const all_steps[] = {
	&chaos__rung_check_image,
	&chaos__rung_check_memory,
	&chaos__rung_claim_name,
	&chaos__rung_create_domain,
	&chaos__rung_create_vcpus,
	&chaos__rung_place_vcpus,
	&chaos__rung_add_power,
	&chaos__rung_begin_build,
	&chaos__rung_request_vifs,
	&chaos__rung_fill_memory,
	&chaos__rung_load_image,
	&chaos__rung_set_up_vcpu,
	&chaos__rung_await_vifs,
	&chaos__rung_write_record,
	&chaos__rung_unpause,
};

static const struct chaos__rung *const restore_steps[] = {
	&chaos__rung_check_memory,
	&chaos__rung_claim_name,
	&chaos__rung_create_domain,
	&chaos__rung_create_vcpus,
	&chaos__rung_place_vcpus,
	&chaos__rung_number_life,
	&chaos__rung_add_power,
	&chaos__rung_begin_build,
	&chaos__rung_request_vifs,
	&chaos__rung_restore_state,
	&chaos__rung_await_vifs,
	&chaos__rung_write_record,
	&chaos__rung_await_go,
	&chaos__rung_unpause,
};

static const struct chaos__rung *const checks[] = {
	&chaos__rung_check_image,
	&chaos__rung_check_memory,
	&chaos__rung_check_name,
	&chaos__rung_check_vifs,
};

static const struct chaos__rung *const restore_checks[] = {
	&chaos__rung_check_memory,
	&chaos__rung_check_name,
	&chaos__rung_check_vifs,
};

int chaos__climb(struct chaos__create *c, const struct chaos__rung *const *rung,
		 size_t nr)
{
	struct chaos *ctx = c->ctx;
	uint64_t begin, end;
	size_t i;
	int rc = 0;

	begin = chaos__now_ns();
	for (i = 0; i < nr; i++) {
		if (ctx->cancelled)
			rc = chaos__fail(ctx, -ECANCELED, c->name,
					 rung[i]->name, "", "interrupted");
		else if (c->between && (rc = c->between(c->between_arg)))
			chaos__fail(ctx, rc, c->name, rung[i]->name, "",
				    "called off");
		else
			rc = rung[i]->run(c, rung[i]);
		if (rc)
			break;
		end = chaos__now_ns();
		chaos__step(ctx, rung[i]->name, begin, end);
		begin = end;
	}
	if (!rc)
		return 0;
	while (i--)
		if (rung[i]->undo)
			rung[i]->undo(c);
	return rc;
}

int chaos__create_params(struct chaos__create *c)
{
	const struct chaos_config *cfg = c->cfg;
	struct chaos__xen_params *p = &c->params;

	if (cfg->uuid_set)
		memcpy(p->uuid, cfg->uuid, sizeof(p->uuid));
	else if (c->spare_fd >= 0)
		memcpy(p->uuid, c->spare_uuid, sizeof(p->uuid));
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
	struct chaos__create c = {
		.ctx = ctx, .cfg = cfg, .name = cfg->name, .spare_fd = -1,
	};
	int rc;

	rc = chaos__create_params(&c);
	if (!rc)
		rc = chaos__climb(&c, checks, 1);
	if (!rc)
		chaos__image_close(&c.image);
	return rc;
}

void chaos__create_fini(struct chaos__create *c)
{
	free(c->kernel_path);
	free(c->ramdisk_path);
	c->kernel_path = c->ramdisk_path = NULL;
}

/* A name that was handed over is given back with the rest. */
static int create(struct chaos__create *c, uint32_t *domid)
{
	int rc;

	rc = chaos__create_params(c);
	if (!rc && c->restore)
		rc = CHAOS__CLIMB(c, restore_steps);
	else if (!rc)
		rc = CHAOS__CLIMB(c, all_steps);
	chaos__create_fini(c);
	if (rc) {
		chaos__name_drop(c->ctx, &c->lock);
		return rc;
	}
	if (!c->restore)
		chaos__image_close(&c->image);
	chaos__xen_build_end(c->build);
	chaos__name_unlock(&c->lock);
	*domid = c->domid;
	return 0;
}

int chaos__create_named(struct chaos *ctx, const struct chaos_config *cfg,
			struct chaos__name_lock *lock, uint32_t *domid)
{
	struct chaos__create c = {
		.ctx = ctx,
		.cfg = cfg,
		.name = cfg->name,
		.lock = *lock,
		.spare_fd = -1,
		.devices.object = cfg->name,
	};

	lock->fd = -1;
	return create(&c, domid);
}

static int dry_run(struct chaos__create *c)
{
	int rc;

	rc = chaos__create_params(c);
	if (!rc)
		rc = CHAOS__CLIMB(c, checks);
	if (!rc)
		chaos__image_close(&c->image);
	return rc;
}

int chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
		 unsigned int flags, uint32_t *domid)
{
	struct chaos__create c = {
		.ctx = ctx,
		.cfg = cfg,
		.name = cfg->name,
		.flags = flags,
		.lock.fd = -1,
		.spare_fd = -1,
		.devices.object = cfg->name,
	};
	int rc;

	chaos__begin(ctx);
	if (flags & ~(CHAOS_CREATE_PAUSED | CHAOS_CREATE_DRY_RUN |
		      CHAOS_CREATE_ANEW))
		return chaos__fail(ctx, -EINVAL, cfg->name, "check flags", "",
				   "unknown flags %#x", flags);
	rc = flags & (CHAOS_CREATE_DRY_RUN | CHAOS_CREATE_ANEW) ? -ENOTCONN :
	     chaos__daemon_create(ctx, cfg, flags, domid);
	if (rc == -ENOTCONN)
		rc = chaos__need_xen(ctx, cfg->name);
	else
		return rc;
	if (!rc)
		rc = flags & CHAOS_CREATE_DRY_RUN ? dry_run(&c) :
						    create(&c, domid);
	ctx->cancelled = 0;
	return rc;
}

int chaos__create_restored(struct chaos__restore *r, unsigned int flags,
			   uint32_t *domid)
{
	struct chaos__create c = {
		.ctx = r->ctx,
		.cfg = r->cfg,
		.name = r->cfg->name,
		.flags = flags,
		.restore = r,
		.lock.fd = -1,
		.spare_fd = -1,
		.devices.object = r->cfg->name,
	};
	int rc;

	if (!(flags & CHAOS_CREATE_DRY_RUN))
		return create(&c, domid);
	rc = chaos__create_params(&c);
	return rc ? rc : CHAOS__CLIMB(&c, restore_checks);
}
