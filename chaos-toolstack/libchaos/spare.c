// SPDX-License-Identifier: BSD-2-Clause
/*
 * Domains made ahead: the ladder of a create, cut in two.  What the first half
 * has made stays in one struct chaos__create until the second half goes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "create.h"

struct chaos_spare {
	struct chaos__create c;
	const struct chaos_config *flavour;
};

/* Before the domain, so that a crash at any time leaves a file that leads to it. */
static int note(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__store_open(c->ctx);

	if (!rc)
		rc = chaos__spare_note(c->ctx, c->params.uuid, &c->spare_fd);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "%s/spares: %s", c->ctx->run_dir,
				   strerror(-rc));
	memcpy(c->spare_uuid, c->params.uuid, sizeof(c->spare_uuid));
	return 0;
}

static void forget(struct chaos__create *c)
{
	chaos__spare_forget(c->ctx, c->spare_uuid, &c->spare_fd);
}

static void destroy(struct chaos__create *c)
{
	int rc = chaos__xen_destroy(c->ctx->xen, c->domid);

	if (rc && rc != -ESRCH)
		chaos__log(c->ctx, CHAOS_LOG_ERROR,
			   "%s: undo: destroy spare domain %u: %s", c->name,
			   c->domid, strerror(-rc));
}

static int make(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc = chaos__xen_create(c->ctx->xen, &c->params, &c->domid);

	if (rc)
		return chaos__rung_failed(c, s, rc);
	c->devices.domid = c->domid;
	rc = chaos__spare_bind(c->spare_fd, c->domid);
	if (!rc)
		return 0;
	destroy(c);
	return chaos__fail(c->ctx, rc, c->name, s->name, "",
			   "write its file: %s", strerror(-rc));
}

static const struct chaos__rung rung_note = { "note spare", note, forget };
static const struct chaos__rung rung_make = { "create domain", make, destroy };

#define BEFORE_MEMORY \
	&chaos__rung_check_memory, \
	&rung_note, \
	&rung_make, \
	&chaos__rung_create_vcpus, \
	&chaos__rung_add_power, \
	&chaos__rung_begin_build, \
	&chaos__rung_request_vifs

static const struct chaos__rung *const make_bare[] = {
	BEFORE_MEMORY,
	&chaos__rung_await_vifs,
};

static const struct chaos__rung *const make_filled[] = {
	BEFORE_MEMORY,
	&chaos__rung_fill_memory,
	&chaos__rung_await_vifs,
};

static const struct chaos__rung *const make_loaded[] = {
	&chaos__rung_check_image,
	BEFORE_MEMORY,
	&chaos__rung_fill_memory,
	&chaos__rung_load_image,
	&chaos__rung_set_up_vcpu,
	&chaos__rung_await_vifs,
};

/* PV's memory is laid out for its kernel, so without one there is none yet. */
static int climb_to_spare(struct chaos__create *c)
{
	if (chaos_flavour_is_loaded(c->cfg))
		return CHAOS__CLIMB(c, make_loaded);
	return c->cfg->pvh ? CHAOS__CLIMB(c, make_filled) :
			     CHAOS__CLIMB(c, make_bare);
}

int chaos_spare_make(struct chaos *ctx, const struct chaos_config *flavour,
		     int (*between)(void *arg), void *arg,
		     struct chaos_spare **out)
{
	struct chaos_spare *spare;
	struct chaos__create *c;
	int rc;

	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, flavour->name);
	if (rc)
		return rc;
	spare = calloc(1, sizeof(*spare));
	if (!spare)
		return chaos__fail(ctx, -ENOMEM, flavour->name, "make a spare",
				   "", NULL);
	spare->flavour = flavour;
	c = &spare->c;
	c->ctx = ctx;
	c->cfg = flavour;
	c->name = flavour->name;
	c->lock.fd = c->spare_fd = -1;
	c->is_spare = true;
	c->between = between;
	c->between_arg = arg;
	c->devices.object = flavour->name;
	c->devices.how = CHAOS__VIF_SPARE;
	rc = chaos__create_params(c);
	if (!rc)
		rc = climb_to_spare(c);
	ctx->cancelled = 0;
	if (rc) {
		free(spare);
		return rc;
	}
	c->between = NULL;
	if (chaos_flavour_is_loaded(flavour)) {
		chaos__image_close(&c->image);
		chaos__xen_build_end(c->build);
		c->build = NULL;
	}
	*out = spare;
	return 0;
}

uint32_t chaos_spare_domid(const struct chaos_spare *spare)
{
	return spare->c.domid;
}

static void undo_vifs(struct chaos__create *c)
{
	int rc;

	if (!c->cfg->nr_vifs)
		return;
	rc = chaos__devices_detach(c->ctx, c->domid, &c->devices);
	if (rc)
		chaos__log(c->ctx, CHAOS_LOG_ERROR, "%s: undo: detach vifs: %s",
			   c->name, strerror(-rc));
}

/* The whole of it, whatever the claim has done. */
static void undo_spare(struct chaos__create *c)
{
	chaos__xen_build_end(c->build);
	c->build = NULL;
	undo_vifs(c);
	destroy(c);
	forget(c);
}

static int check_loaded(struct chaos__create *c, const struct chaos__rung *s)
{
	const struct chaos_config *cfg = c->cfg;

	if (chaos__image_same(&c->image, cfg->kernel, cfg->ramdisk))
		return 0;
	return chaos__fail(c->ctx, -ESTALE, c->name, s->name, "",
			   "%s or its ramdisk changed since it was loaded",
			   cfg->kernel);
}

/* From here on the name leads to the domain, which is more than a spare. */
static int take(struct chaos__create *c, const struct chaos__rung *s)
{
	int rc;

	rc = chaos__name_bind(&c->lock, c->params.uuid, c->domid);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name, "",
				   "write its name: %s", strerror(-rc));
	if (!memcmp(c->params.uuid, c->spare_uuid, sizeof(c->spare_uuid)))
		return 0;
	rc = chaos__xen_set_uuid(c->ctx->xen, c->domid, c->params.uuid);
	return rc ? chaos__rung_failed(c, s, rc) : 0;
}

/* Its name and record lead to it: the file has done its duty.  The guest need not
 * wait for that. */
static int not_spare(struct chaos__create *c, const struct chaos__rung *s)
{
	(void)s;
	forget(c);
	return 0;
}

static const struct chaos__rung rung_check_loaded = {
	"check image", check_loaded, NULL,
};
static const struct chaos__rung rung_take = { "take spare", take, undo_spare };
static const struct chaos__rung rung_not_spare = {
	"forget spare", not_spare, NULL,
};
/* What undoes it is undo_spare. */
static int bind_vifs(struct chaos__create *c, const struct chaos__rung *s)
{
	(void)s;
	return chaos__devices_begin(c->ctx, &c->devices, c->cfg);
}
static const struct chaos__rung rung_bind_vifs = {
	"bind vifs", bind_vifs, NULL,
};

static const struct chaos__rung *const claim_loaded[] = {
	&rung_check_loaded,
	&chaos__rung_claim_name,
	&rung_take,
	&chaos__rung_place_vcpus,
	&rung_bind_vifs,
	&chaos__rung_await_vifs,
	&chaos__rung_write_record,
	&chaos__rung_unpause,
	&rung_not_spare,
};

static const struct chaos__rung *const claim_filled[] = {
	&chaos__rung_check_image,
	&chaos__rung_claim_name,
	&rung_take,
	&chaos__rung_place_vcpus,
	&rung_bind_vifs,
	&chaos__rung_load_image,
	&chaos__rung_set_up_vcpu,
	&chaos__rung_await_vifs,
	&chaos__rung_write_record,
	&chaos__rung_unpause,
	&rung_not_spare,
};

static const struct chaos__rung *const claim_bare[] = {
	&chaos__rung_check_image,
	&chaos__rung_claim_name,
	&rung_take,
	&chaos__rung_place_vcpus,
	&rung_bind_vifs,
	&chaos__rung_fill_memory,
	&chaos__rung_load_image,
	&chaos__rung_set_up_vcpu,
	&chaos__rung_await_vifs,
	&chaos__rung_write_record,
	&chaos__rung_unpause,
	&rung_not_spare,
};

static int climb_from_spare(struct chaos__create *c, bool loaded)
{
	if (loaded)
		return CHAOS__CLIMB(c, claim_loaded);
	return c->cfg->pvh ? CHAOS__CLIMB(c, claim_filled) :
			     CHAOS__CLIMB(c, claim_bare);
}

/* The second half begins: another context, another configuration. */
static void begin_claim(struct chaos_spare *spare, struct chaos *ctx,
			const struct chaos_config *cfg, unsigned int flags)
{
	struct chaos__create *c = &spare->c;

	c->ctx = ctx;
	c->cfg = cfg;
	c->name = cfg->name;
	c->flags = flags;
	c->rec.domid = c->domid;
	c->devices.how = CHAOS__VIF_BIND;
	c->devices.object = cfg->name;
	c->devices.nr_sent = c->devices.nr_done = 0;
	c->devices.hung = false;
	if (c->build)
		chaos__xen_build_use(c->build, ctx->xen);
}

int chaos_spare_claim(struct chaos *ctx, struct chaos_spare **spare,
		      const struct chaos_config *cfg, unsigned int flags,
		      uint32_t *domid)
{
	const char *what = chaos_flavour_misfit((*spare)->flavour, cfg);
	struct chaos__create *c = &(*spare)->c;
	bool loaded = chaos_flavour_is_loaded((*spare)->flavour);
	int rc;

	chaos__begin(ctx);
	if (flags & ~CHAOS_CREATE_PAUSED)
		return chaos__fail(ctx, -EINVAL, cfg->name, "check flags", "",
				   "unknown flags %#x", flags);
	if (what)
		return chaos__fail(ctx, -EXDEV, cfg->name, "check spare", "",
				   "its %s is another", what);
	rc = chaos__need_xen(ctx, cfg->name);
	if (rc)
		return rc;
	begin_claim(*spare, ctx, cfg, flags);
	rc = chaos__create_params(c);
	if (!rc)
		rc = climb_from_spare(c, loaded);
	ctx->cancelled = 0;
	chaos__create_fini(c);
	if (!loaded)
		chaos__image_close(&c->image);
	if (rc && c->spare_fd >= 0) {
		/* Nothing was taken: it waits for another. */
		c->params.image = loaded ? c->params.image : NULL;
		return rc;
	}
	if (!rc) {
		chaos__xen_build_end(c->build);
		chaos__name_unlock(&c->lock);
		*domid = c->domid;
	}
	free(*spare);
	*spare = NULL;
	return rc;
}

void chaos_spare_discard(struct chaos *ctx, struct chaos_spare *spare)
{
	int rc;

	if (!spare)
		return;
	rc = chaos__store_open(ctx);
	if (!rc)
		rc = chaos__need_xen(ctx, spare->flavour->name);
	if (rc)
		chaos__log(ctx, CHAOS_LOG_ERROR, "discard spare domain %u: %s",
			   spare->c.domid, strerror(-rc));
	if (!ctx->xen)
		return;
	spare->c.ctx = ctx;
	spare->c.cfg = spare->flavour;
	spare->c.name = spare->flavour->name;
	undo_spare(&spare->c);
	free(spare);
}
