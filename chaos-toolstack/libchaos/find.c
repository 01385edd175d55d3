// SPDX-License-Identifier: BSD-2-Clause
/* From a name or a domid to a living domain; pausing it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"

#define BATCH 32

int chaos__find(struct chaos *ctx, uint32_t domid, struct chaos__found *f)
{
	int rc;

	memset(f, 0, sizeof(*f));
	snprintf(f->object, sizeof(f->object), "domain %u", domid);
	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, f->object);
	if (rc)
		return rc;
	rc = chaos__xen_get(ctx->xen, domid, &f->dom);
	if (rc == -ESRCH)
		return chaos__fail(ctx, rc, f->object, "find it", "",
				   "no such domain");
	if (rc)
		return chaos__fail(ctx, rc, f->object, "find it", "", "%s",
				   chaos__xen_reason(ctx, rc));
	rc = chaos__store_open(ctx);
	if (!rc)
		rc = chaos__record_load(ctx, f->dom.uuid, &f->rec);
	if (rc && rc != -ENOENT)
		chaos__log(ctx, CHAOS_LOG_WARNING, "domain %u: read record: %s",
			   domid, strerror(-rc));
	if (f->rec)
		snprintf(f->object, sizeof(f->object), "%s", f->rec->name);
	return 0;
}

int chaos__find_uuid(struct chaos *ctx, const uint8_t uuid[16],
		     struct chaos__xen_dom *dom)
{
	struct chaos__xen_dom batch[BATCH];
	uint32_t next = 0;
	int i, n;

	while ((n = chaos__xen_list(ctx->xen, next, batch, BATCH)) > 0) {
		for (i = 0; i < n; i++) {
			if (batch[i].paused && !batch[i].cpu_ns &&
			    !memcmp(batch[i].uuid, uuid, 16)) {
				*dom = batch[i];
				return 0;
			}
		}
		next = batch[n - 1].domid + 1;
	}
	return n < 0 ? n : -ESRCH;
}

void chaos__found_fini(struct chaos__found *f)
{
	chaos__record_free(f->rec);
	f->rec = NULL;
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static int told(char why[CHAOS__WHY], int rc, const char *text)
{
	snprintf(why, CHAOS__WHY, "%s", text);
	return rc;
}

static int no_such(char why[CHAOS__WHY])
{
	return told(why, -ESRCH, "no such domain");
}

/*
 * No domain was seen behind the name.  With the lock it is known: a name outlives
 * its domain when that was destroyed behind us, or its maker died.
 */
static int not_now(struct chaos *ctx, const char *name, char why[CHAOS__WHY])
{
	uint32_t holder, domid;
	uint8_t uuid[16];
	int rc;

	rc = chaos__name_free(ctx, name, &holder);
	if (rc == -EEXIST && holder)
		rc = chaos__name_find(ctx, name, uuid, &domid) == -EAGAIN ?
		     0 : -EEXIST;
	if (rc == -EEXIST)
		return told(why, -EAGAIN, "it is being created");
	return rc ? told(why, rc, strerror(-rc)) : no_such(why);
}

static int lookup_name(struct chaos *ctx, const char *name, uint32_t *domid,
		       char why[CHAOS__WHY])
{
	struct chaos__xen_dom dom;
	uint8_t uuid[16];
	uint32_t id;
	int rc;

	rc = chaos__store_open(ctx);
	if (!rc)
		rc = chaos__name_find(ctx, name, uuid, &id);
	if (rc == -EAGAIN)
		return not_now(ctx, name, why);
	if (rc == -ENOENT)
		return no_such(why);
	if (rc) {
		snprintf(why, CHAOS__WHY, "%.200s: %s", ctx->run_dir,
			 strerror(-rc));
		return rc;
	}
	rc = chaos__xen_get(ctx->xen, id, &dom);
	if (rc == -ESRCH || (!rc && memcmp(dom.uuid, uuid, sizeof(uuid))))
		return not_now(ctx, name, why);
	if (rc)
		return told(why, rc, chaos__xen_reason(ctx, rc));
	*domid = id;
	return 0;
}

int chaos__lookup(struct chaos *ctx, const char *name, uint32_t *domid,
		  char why[CHAOS__WHY])
{
	struct chaos__xen_dom dom;
	unsigned long id;
	int rc;

	if (!strcmp(name, "Domain-0"))
		name = "0";
	if (!is_number(name))
		return lookup_name(ctx, name, domid, why);
	errno = 0;
	id = strtoul(name, NULL, 10);
	if (errno || id > UINT32_MAX)
		return no_such(why);
	rc = chaos__xen_get(ctx->xen, (uint32_t)id, &dom);
	if (rc == -ESRCH)
		return no_such(why);
	if (rc)
		return told(why, rc, chaos__xen_reason(ctx, rc));
	*domid = (uint32_t)id;
	return 0;
}

int chaos_lookup(struct chaos *ctx, const char *name, uint32_t *domid)
{
	char why[CHAOS__WHY];
	int rc;

	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, name);
	if (rc)
		return rc;
	rc = chaos__lookup(ctx, name, domid, why);
	return rc ? chaos__fail(ctx, rc, !strcmp(name, "Domain-0") ? "0" : name,
				"find it", "", "%s", why) : 0;
}

int chaos_domain_name(struct chaos *ctx, uint32_t domid,
		      char name[CHAOS_NAME_MAX + 1])
{
	struct chaos__found f;
	int rc;

	rc = chaos__find(ctx, domid, &f);
	if (rc)
		return rc;
	if (!f.rec && domid)
		rc = chaos__fail(ctx, -ENOENT, f.object, "find its name", "",
				 "it was not made by chaos");
	else
		strcpy(name, f.rec ? f.rec->name : "Domain-0");
	chaos__found_fini(&f);
	return rc;
}

static int set_paused(struct chaos *ctx, uint32_t domid, const char *step,
		      int (*fn)(struct chaos__xen *xen, uint32_t domid))
{
	char object[32];
	int rc;

	snprintf(object, sizeof(object), "domain %u", domid);
	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, object);
	if (rc)
		return rc;
	if (!domid)
		return chaos__fail(ctx, -EPERM, object, step, "",
				   "it is the one this runs in");
	rc = fn(ctx->xen, domid);
	if (rc == -ESRCH)
		return chaos__fail(ctx, rc, object, step, "",
				   "no such domain");
	return rc ? chaos__fail(ctx, rc, object, step, "", "%s",
				chaos__xen_reason(ctx, rc)) : 0;
}

int chaos_pause(struct chaos *ctx, uint32_t domid)
{
	return set_paused(ctx, domid, "pause", chaos__xen_pause);
}

int chaos_unpause(struct chaos *ctx, uint32_t domid)
{
	return set_paused(ctx, domid, "unpause", chaos__xen_unpause);
}
