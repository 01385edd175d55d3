// SPDX-License-Identifier: BSD-2-Clause
/* What can be known of a domain before there is anything of it. */
#include <errno.h>
#include <string.h>

#include "create.h"
#include "daemon.h"
#include "images.h"
#include "layout.h"

/* Beside its memory a guest costs Xen a pool of page tables, and what the
 * domain and each vCPU are made of. */
#define OVERHEAD_KB	1536
#define VCPU_KB		64

int chaos__rung_failed(struct chaos__create *c, const struct chaos__rung *s,
		       int rc)
{
	const char *remedy = "";

	if (rc == -ENOMEM)
		remedy = "destroy something, or ask for less memory";
	if (rc == -EPERM || rc == -EACCES)
		remedy = "run it as root in dom0";
	return chaos__fail(c->ctx, rc, c->name, s->name, remedy, "%s",
			   chaos__xen_reason(c->ctx, rc));
}

static int check_layout(struct chaos__create *c, const struct chaos__rung *s)
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

/* Linux unpacks its initramfs into memory, and frees the packed one: when that is
 * done, or, a Tinyx kernel, as it goes. */
static int check_unpacked(struct chaos__create *c, const struct chaos__rung *s)
{
	const struct chaos__image *im = &c->image;
	uint64_t kernel = im->end - im->start, files, mb = 1 << 20;

	if (!im->linux_kernel || !im->ramdisk_unpacked)
		return 0;
	files = im->ramdisk_unpacked > im->ramdisk_size ?
		im->ramdisk_unpacked : im->ramdisk_size;
	if (kernel / mb + files / mb <= c->params.mem_kb / 1024)
		return 0;
	return chaos__fail(c->ctx, -ENOSPC, c->name, s->name, "raise memory=",
			   "%s: %llu MB that unpack to %llu and a kernel of %llu "
			   "are more than %llu MB of memory", c->cfg->ramdisk,
			   (unsigned long long)(im->ramdisk_size / mb),
			   (unsigned long long)(im->ramdisk_unpacked / mb),
			   (unsigned long long)(kernel / mb),
			   (unsigned long long)c->params.mem_kb / 1024);
}

static void close_image(struct chaos__create *c)
{
	chaos__image_close(&c->image);
}

static int open_image(struct chaos__create *c, const struct chaos__rung *s)
{
	const struct chaos_config *cfg = c->cfg;
	const char *why, *file;
	int rc;

	rc = chaos__images_get(c->ctx->images, cfg->kernel, cfg->ramdisk,
			       &c->image, &why, &file);
	if (rc)
		return chaos__fail(c->ctx, rc, c->name, s->name, "", "%s: %s",
				   file, why ? why : strerror(-rc));
	rc = check_layout(c, s);
	if (!rc)
		rc = check_unpacked(c, s);
	if (rc)
		close_image(c);
	return rc;
}

static uint64_t need_kb(uint64_t mem_kb, uint64_t vcpus)
{
	return mem_kb + OVERHEAD_KB + mem_kb / 256 + VCPU_KB * vcpus;
}

uint64_t chaos_flavour_kb(const struct chaos_config *flavour)
{
	return need_kb((uint64_t)flavour->memory_mb * 1024,
		       (uint64_t)flavour->vcpus);
}

int chaos_free_memory(struct chaos *ctx, uint64_t *kb)
{
	int rc;

	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, "host");
	if (rc)
		return rc;
	rc = chaos__xen_free_kb(ctx->xen, kb);
	return rc ? chaos__fail(ctx, rc, "host", "look at its memory", "", "%s",
				chaos__xen_reason(ctx, rc)) : 0;
}

static int check_memory(struct chaos__create *c, const struct chaos__rung *s)
{
	uint64_t need = need_kb(c->params.mem_kb, c->params.vcpus);
	uint64_t free_kb;
	int rc;

	rc = chaos__xen_free_kb(c->ctx->xen, &free_kb);
	/* Spares give way; not to others of their kind. */
	if (!rc && need > free_kb && !c->is_spare &&
	    !chaos__daemon_release(c->ctx, need))
		rc = chaos__xen_free_kb(c->ctx->xen, &free_kb);
	if (rc)
		return chaos__rung_failed(c, s, rc);
	if (need <= free_kb)
		return 0;
	return chaos__fail(c->ctx, -ENOSPC, c->name, s->name,
			   "lower memory=, or destroy something",
			   "it needs %llu MB, Xen has %llu MB free",
			   (unsigned long long)(need + 1023) / 1024,
			   (unsigned long long)free_kb / 1024);
}

/* One from the configuration may be in use; a random one is not. */
static int check_uuid(struct chaos__create *c, const struct chaos__rung *s)
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
		return chaos__rung_failed(c, s, rc);
	return chaos__fail(c->ctx, -EEXIST, c->name, s->name,
			   "leave uuid= out, or destroy that one",
			   "domain %u has this UUID", domid);
}

static int name_taken(struct chaos__create *c, const struct chaos__rung *s, int rc,
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
static int open_names(struct chaos__create *c, const struct chaos__rung *s)
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
static int claim_name(struct chaos__create *c, const struct chaos__rung *s)
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

static int look_at_name(struct chaos__create *c, const struct chaos__rung *s)
{
	uint32_t holder;
	int rc;

	rc = open_names(c, s);
	if (rc)
		return rc;
	rc = chaos__name_free(c->ctx, c->name, &holder);
	return rc ? name_taken(c, s, rc, holder) : check_uuid(c, s);
}

static int look_at_vifs(struct chaos__create *c, const struct chaos__rung *s)
{
	(void)s;
	return chaos__devices_check(c->ctx, c->name, c->cfg);
}

static void drop_name(struct chaos__create *c)
{
	chaos__name_drop(c->ctx, &c->lock);
}

const struct chaos__rung chaos__rung_check_image = {
	"check image", open_image, close_image,
};

const struct chaos__rung chaos__rung_check_memory = {
	"check memory", check_memory, NULL,
};

const struct chaos__rung chaos__rung_check_name = {
	"check name", look_at_name, NULL,
};

const struct chaos__rung chaos__rung_check_vifs = {
	"check vifs", look_at_vifs, NULL,
};

const struct chaos__rung chaos__rung_claim_name = {
	"claim name", claim_name, drop_name,
};
