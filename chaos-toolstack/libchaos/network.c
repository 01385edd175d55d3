// SPDX-License-Identifier: BSD-2-Clause
/*
 * Adding and removing vifs of a living guest.
 *
 * The record has a vif before the backend has it, and until after the backend
 * let go of it: a process that is killed leaves at most a vif too many in the
 * record, whose name says so (CHAOS__TASK_NETWORK), and none that nobody would
 * ever take away.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "devices.h"
#include "network.h"
#include "power.h"

#define STEP_ATTACH	"attach vif"
#define STEP_DETACH	"detach vif"

struct change {
	struct chaos *ctx;
	struct chaos__found f;
	struct chaos__name_lock lock;
	struct chaos_config *cfg;	/* of the record, to be changed */
	const char *step;
};

static int failed(const struct change *c, int rc, const char *remedy,
		  const char *reason)
{
	return chaos__fail(c->ctx, rc, c->f.object, c->step, remedy, "%s",
			   reason);
}

static void change_end(struct change *c)
{
	chaos__name_unlock(&c->lock);
	chaos_config_free(c->cfg);
	chaos__found_fini(&c->f);
}

static int change_begin(struct change *c, uint32_t domid)
{
	int rc;

	rc = chaos__find(c->ctx, domid, &c->f);
	if (rc)
		return rc;
	if (!domid)
		rc = failed(c, -EPERM, "", "it is the one this runs in");
	else
		rc = chaos__power_lock(c->ctx, &c->f, &c->lock);
	if (!rc)
		rc = chaos__record_config(c->ctx, c->f.rec, &c->cfg);
	if (rc)
		change_end(c);
	return rc;
}

static int save(struct change *c)
{
	int rc;

	c->f.rec->source = c->cfg;
	rc = chaos__record_save(c->ctx, c->f.rec);
	c->f.rec->source = NULL;
	return rc ? chaos__fail(c->ctx, rc, c->f.object, c->step, "",
				"write its record: %s", strerror(-rc)) : 0;
}

static int mark(struct change *c, enum chaos__task task)
{
	int rc = chaos__name_mark(&c->lock, task);

	return rc ? failed(c, rc, "", strerror(-rc)) : 0;
}

/* Takes place i out of the record and the configuration, which are in step. */
static void forget(struct chaos__record *rec, struct chaos_config *cfg,
		   unsigned int i)
{
	unsigned int behind = rec->nr_vifs - i - 1;

	memmove(&rec->vif[i], &rec->vif[i + 1], behind * sizeof(rec->vif[0]));
	memmove(&cfg->vif[i], &cfg->vif[i + 1], behind * sizeof(cfg->vif[0]));
	rec->nr_vifs--;
	cfg->nr_vifs--;
}

/* attach -------------------------------------------------------------------- */

/* It becomes part of an override, in quotes. */
static bool is_plain(const char *spec)
{
	const char *s;

	for (s = spec; *s; s++)
		if (*s == '"' || *s == '\\' || iscntrl((unsigned char)*s))
			return false;
	return s - spec < 512;
}

static int parse_spec(struct change *c, const char *spec,
		      struct chaos__vif_config *out)
{
	char override[540];
	const char *overrides[] = { override, NULL };
	struct chaos_config *one;
	int rc;

	if (!is_plain(spec))
		return failed(c, -EINVAL, "write key=value, separated by commas",
			      "that is no description of a vif");
	snprintf(override, sizeof(override), "vif=[\"%s\"]", spec);
	rc = chaos__config_parse(c->ctx, c->f.object, c->f.rec->config,
				 overrides, &one);
	if (rc)
		return rc;
	if (one->nr_vifs != 1) {
		chaos_config_free(one);
		return failed(c, -EINVAL, "", "it describes no vif");
	}
	*out = one->vif[0];
	chaos_config_free(one);
	return 0;
}

static bool id_is_free(const struct chaos_config *cfg, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_vifs; i++)
		if (cfg->vif[i].id == id)
			return false;
	return true;
}

static int choose_id(struct change *c, struct chaos__vif_config *v)
{
	if (c->cfg->nr_vifs == CHAOS__MAX_VIFS)
		return failed(c, -ENOSPC, "detach one",
			      "it has as many vifs as there can be");
	while (!v->id_set && !id_is_free(c->cfg, v->id))
		v->id++;
	return id_is_free(c->cfg, v->id) ? 0 :
	       failed(c, -EEXIST, "leave id= out", "it has a vif of this id");
}

static int check_mac(const struct change *c, const struct chaos__vif_config *v)
{
	unsigned int i;

	for (i = 0; v->mac_set && i < c->cfg->nr_vifs; i++)
		if (!memcmp(c->cfg->vif[i].mac, v->mac, 6))
			return failed(c, -EEXIST, "leave mac= out",
				      "it has a vif of this MAC");
	return 0;
}

/* Asks the backend; rec gets the vif as it is then. */
static int ask_backend(struct change *c, struct chaos__vif_config *v,
		       struct chaos__vif_record *out)
{
	struct chaos__devices dev = {
		.domid = c->f.dom.domid,
		.object = c->f.object,
	};
	const struct chaos_config one = { .nr_vifs = 1, .vif[0] = *v };
	struct chaos__record rec = { 0 };
	int rc;

	rc = chaos__devices_begin(c->ctx, &dev, &one);
	if (!rc)
		rc = chaos__devices_end(c->ctx, &dev, &rec);
	if (rc) {
		/* It may have been done, and the answer been lost. */
		if (dev.nr_sent)
			chaos__devices_detach_one(c->ctx, dev.domid, v->id,
						  v->backend);
		return rc;
	}
	memcpy(v->mac, dev.req[0].mac, sizeof(v->mac));
	v->mac_set = true;
	*out = rec.vif[0];
	return 0;
}

static int attach(struct change *c, struct chaos__vif_config *v)
{
	struct chaos__record *rec = c->f.rec;
	unsigned int i = rec->nr_vifs;
	int rc;

	rec->vif[i] = (struct chaos__vif_record){ .id = v->id };
	c->cfg->vif[i] = *v;
	rec->nr_vifs++;
	c->cfg->nr_vifs++;
	rc = mark(c, CHAOS__TASK_NETWORK);
	if (!rc)
		rc = save(c);
	if (rc)
		goto err_forget;
	rc = ask_backend(c, v, &rec->vif[i]);
	if (rc)
		goto err_forget;
	c->cfg->vif[i] = *v;
	rc = save(c);
	if (rc)
		goto err_detach;
	chaos__name_mark(&c->lock, CHAOS__TASK_NONE);
	return 0;

err_detach:
	chaos__devices_detach_one(c->ctx, c->f.dom.domid, v->id, v->backend);
err_forget:
	forget(rec, c->cfg, i);
	/* If that cannot be written, the mark tells chaos_gc. */
	rec->source = c->cfg;
	if (!chaos__record_save(c->ctx, rec))
		chaos__name_mark(&c->lock, CHAOS__TASK_NONE);
	rec->source = NULL;
	return rc;
}

int chaos_network_attach(struct chaos *ctx, uint32_t domid, const char *spec,
			 uint32_t *id)
{
	struct change c = { .ctx = ctx, .lock.fd = -1, .step = STEP_ATTACH };
	struct chaos__vif_config v = { 0 };
	int rc;

	rc = change_begin(&c, domid);
	if (rc)
		return rc;
	rc = parse_spec(&c, spec, &v);
	if (!rc)
		rc = choose_id(&c, &v);
	if (!rc)
		rc = check_mac(&c, &v);
	if (!rc)
		rc = attach(&c, &v);
	if (!rc)
		*id = v.id;
	change_end(&c);
	ctx->cancelled = 0;
	return rc;
}

/* detach -------------------------------------------------------------------- */

static int detach(struct change *c, unsigned int i)
{
	int rc;

	rc = mark(c, CHAOS__TASK_NETWORK);
	if (rc)
		return rc;
	rc = chaos__devices_detach_one(c->ctx, c->f.dom.domid,
				       c->f.rec->vif[i].id,
				       c->cfg->vif[i].backend);
	if (rc == -ECONNREFUSED)
		return chaos__no_backend(c->ctx, c->f.object, c->step, rc);
	if (rc)
		return failed(c, rc, "", strerror(-rc));
	forget(c->f.rec, c->cfg, i);
	rc = save(c);
	if (!rc)
		chaos__name_mark(&c->lock, CHAOS__TASK_NONE);
	return rc;
}

int chaos_network_detach(struct chaos *ctx, uint32_t domid, uint32_t id)
{
	struct change c = { .ctx = ctx, .lock.fd = -1, .step = STEP_DETACH };
	unsigned int i = 0;
	int rc;

	rc = change_begin(&c, domid);
	if (rc)
		return rc;
	while (i < c.f.rec->nr_vifs && c.f.rec->vif[i].id != id)
		i++;
	if (i == c.f.rec->nr_vifs || i >= c.cfg->nr_vifs)
		rc = failed(&c, -ENODEV, "see chaos network-list",
			    "it has no vif of this id");
	else
		rc = detach(&c, i);
	change_end(&c);
	ctx->cancelled = 0;
	return rc;
}

/* repair -------------------------------------------------------------------- */

/* 0: it is served; -ENOENT: it is not, nor will be. */
static int look_at_one(struct chaos *ctx, uint32_t domid,
		       const struct chaos__vif_config *v)
{
	struct noxs_netback_reply reply;
	unsigned int state;
	int rc;

	if (!*v->backend)
		return chaos__devices_stats(ctx, domid, v->id, &reply);
	rc = chaos__need_noxs(ctx);
	if (!rc)
		rc = chaos__driver_state(ctx->nx, domid, v->id, &state);
	if (rc)
		return rc < 0 ? rc : 0;
	/* Whoever asked for it did not wait for the answer. */
	rc = chaos__driver_remove(ctx, domid, v->id);
	return rc ? rc : -ENOENT;
}

int chaos__network_repair(struct chaos *ctx, struct chaos__found *f)
{
	struct change c = { .ctx = ctx, .f = *f, .step = "look at its vifs" };
	unsigned int i = 0;
	int rc;

	rc = chaos__record_config(ctx, f->rec, &c.cfg);
	while (!rc && i < f->rec->nr_vifs && i < c.cfg->nr_vifs) {
		rc = look_at_one(ctx, f->dom.domid, &c.cfg->vif[i]);
		if (rc == -ENOENT)
			forget(f->rec, c.cfg, i);
		else
			i++;
		rc = rc == -ENOENT ? 0 : rc;
	}
	if (!rc)
		rc = save(&c);
	chaos_config_free(c.cfg);
	return rc;
}
