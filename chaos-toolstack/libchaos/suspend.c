// SPDX-License-Identifier: BSD-2-Clause
/* Stopping a guest so that it can be saved, and letting it go on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <noxs/noxs.h>

#include "carry.h"
#include "config-json.h"
#include "power.h"
#include "suspend.h"

#define STEP_STOP	"suspend it"
/* A guest that was asked and is past its time may be just about to. */
#define GRACE_MS	50
#define GRACE_STEP_MS	5

#define ENDED (CHAOS_WAIT_STATE(CHAOS_STATE_SHUTDOWN) | \
	       CHAOS_WAIT_STATE(CHAOS_STATE_CRASHED) | CHAOS_WAIT_GONE)

static int failed(struct chaos__suspend *s, int rc, const char *step,
		  const char *remedy, const char *reason)
{
	return chaos__fail(s->ctx, rc, s->f.object, step, remedy, "%s", reason);
}

int chaos__suspend_failed(struct chaos__suspend *s, int rc, const char *step)
{
	const char *remedy = "";

	if (rc == -ENOSPC)
		remedy = "make room, or save it elsewhere";
	if (rc == -EPIPE || rc == -ECONNRESET)
		remedy = "see what the other side says";
	if (rc == -ECANCELED)
		return failed(s, rc, step, "", "interrupted");
	return failed(s, rc, step, remedy, strerror(-rc));
}

/* The guest compares it when it wakes up; Xen keeps it in the device page. */
static int read_generation(struct chaos__suspend *s)
{
	const struct xen_noxs_device_page *page;
	struct noxs_mapping *map;
	const void *addr;
	int rc;

	rc = chaos__need_noxs(s->ctx);
	if (rc == -ENOSYS)
		return failed(s, -EOPNOTSUPP, STEP_STOP,
			      "boot the extended Xen",
			      "this Xen has no noxs extension");
	if (!rc)
		rc = noxs_map(s->ctx->nx, (uint16_t)s->f.dom.domid,
			      XEN_NOXS_PAGE_DEVICE, 1, &map, &addr);
	if (rc)
		return failed(s, rc, "look at its devices", "", strerror(-rc));
	page = addr;
	s->generation = page->generation;
	noxs_unmap(s->ctx->nx, map);
	return 0;
}

static int prepare(struct chaos__suspend *s)
{
	int rc;

	if (!s->f.dom.domid)
		return failed(s, -EPERM, STEP_STOP, "",
			      "it is the one this runs in");
	if (!s->f.rec)
		return failed(s, -ENOENT, STEP_STOP, "use what made it",
			      "it was not made by chaos");
	rc = chaos__record_config(s->ctx, s->f.rec, &s->cfg);
	if (!rc)
		rc = read_generation(s);
	return rc ? rc : chaos__power_lock(s->ctx, &s->f, &s->lock);
}

int chaos__suspend_open(struct chaos *ctx, uint32_t domid,
			struct chaos__suspend *s)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->ctx = ctx;
	s->lock.fd = -1;
	rc = chaos__find(ctx, domid, &s->f);
	if (rc)
		return rc;
	rc = prepare(s);
	if (rc)
		chaos__suspend_close(s);
	return rc;
}

/* Has it suspended, whatever was answered? */
static int look(struct chaos__suspend *s)
{
	struct chaos__xen_dom dom;
	int rc = chaos__xen_get(s->ctx->xen, s->f.dom.domid, &dom);

	if (rc == -ESRCH || (!rc && memcmp(dom.uuid, s->f.dom.uuid, 16)))
		return failed(s, -ESRCH, STEP_STOP, "", "it has gone");
	if (rc)
		return failed(s, rc, STEP_STOP, "",
			      chaos__xen_reason(s->ctx, rc));
	if (!dom.shutdown)
		return failed(s, -ETIMEDOUT, STEP_STOP,
			      "try again, or wait longer",
			      "it has not suspended in time");
	if (dom.shutdown_code != CHAOS__CODE_SUSPEND)
		return failed(s, -EPROTO, STEP_STOP, "",
			      "it has shut down or crashed instead");
	return 0;
}

static int ask(struct chaos__suspend *s, int timeout_ms)
{
	uint64_t begin = chaos__now_ns(), spent;
	unsigned int reached = 0;
	int rc;

	rc = chaos__power_command(s->ctx, &s->f, XEN_NOXS_POWER_SUSPEND, 0,
				  timeout_ms);
	if (rc)
		return rc;
	spent = (chaos__now_ns() - begin) / 1000000u;
	rc = chaos__wait_found(s->ctx, &s->f, ENDED,
			       spent < (uint64_t)timeout_ms ?
			       timeout_ms - (int)spent : 0, &reached);
	if (rc == -ETIMEDOUT)
		chaos__clear_errors(s->ctx);	/* look() says it better */
	return rc && rc != -ETIMEDOUT ? rc : look(s);
}

/*
 * The command was withdrawn; a guest that had it in hand is let go on.  Also
 * when the caller wants no more of it: nothing here looks at a cancel.
 */
static void forget_stop(struct chaos__suspend *s)
{
	const struct timespec ts = { .tv_nsec = GRACE_STEP_MS * 1000000l };
	struct chaos__xen_dom dom;
	int ms;

	for (ms = 0; ms < GRACE_MS; ms += GRACE_STEP_MS) {
		if (chaos__xen_get(s->ctx->xen, s->f.dom.domid, &dom))
			break;
		if (dom.shutdown && dom.shutdown_code == CHAOS__CODE_SUSPEND) {
			chaos__xen_resume(s->ctx->xen, s->f.dom.domid);
			break;
		}
		nanosleep(&ts, NULL);
	}
	chaos__name_mark(&s->lock, CHAOS__TASK_NONE);
}

int chaos__suspend_stop(struct chaos__suspend *s, int timeout_ms)
{
	int rc;

	if (s->f.dom.paused)
		return failed(s, -EAGAIN, STEP_STOP, "chaos unpause",
			      "it is paused, and cannot prepare for it");
	rc = chaos__name_mark(&s->lock, CHAOS__TASK_SAVE);
	if (rc)
		return failed(s, rc, STEP_STOP, "", strerror(-rc));
	rc = ask(s, timeout_ms);
	if (!rc)
		s->stopped = true;
	else
		forget_stop(s);
	return rc;
}

int chaos__suspend_write_head(struct chaos__suspend *s,
			      struct chaos__saved_writer *w)
{
	struct chaos__saved_identity identity = {
		.generation = s->generation,
		.created = s->f.rec->created,
	};
	char *text = NULL;
	size_t size = 0;
	FILE *f;
	int rc;

	chaos__carry_share(s->ctx, &s->f, s->cfg);
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	chaos__config_write_json(f, s->cfg);
	rc = fclose(f) ? -ENOMEM : 0;
	if (!rc)
		rc = chaos__saved_put_one(w, CHAOS__SAVED_CONFIG, text, size);
	if (!rc)
		rc = chaos__saved_put_one(w, CHAOS__SAVED_IDENTITY, &identity,
					  sizeof(identity));
	free(text);
	return rc;
}

struct to {
	struct chaos *ctx;
	struct chaos__saved_writer *w;
};

static int put_chunk(void *arg, uint32_t type, const struct iovec *iov,
		     unsigned int n)
{
	struct to *to = arg;

	chaos__progress(to->ctx, "KB written", to->w->bytes >> 10, 0);
	return chaos__saved_put(to->w, type, iov, n);
}

int chaos__suspend_write_state(struct chaos__suspend *s,
			       struct chaos__saved_writer *w)
{
	struct to to = { .ctx = s->ctx, .w = w };
	const struct chaos__sink sink = { .put = put_chunk, .arg = &to };
	int rc;

	rc = chaos__xen_save(s->ctx->xen, s->f.dom.domid, s->f.dom.pvh,
			     (uint64_t)s->cfg->memory_mb * 256, &sink);
	return rc ? rc : chaos__saved_put_trailer(w);
}

int chaos__suspend_go_on(struct chaos__suspend *s)
{
	int rc = chaos__xen_resume(s->ctx->xen, s->f.dom.domid);

	if (rc)
		return failed(s, rc, "let it go on", "chaos gc",
			      chaos__xen_reason(s->ctx, rc));
	s->stopped = false;
	chaos__name_mark(&s->lock, CHAOS__TASK_NONE);
	return 0;
}

/* With an error it stays marked, and chaos_gc tries again. */
int chaos__suspend_destroy(struct chaos__suspend *s)
{
	int rc = chaos__destroy_found(s->ctx, &s->f, &s->lock);

	s->stopped = false;
	if (!rc)
		chaos__name_drop(s->ctx, &s->lock);
	return rc;
}

void chaos__suspend_close(struct chaos__suspend *s)
{
	/* A failure is one error more, of the guest that it leaves behind. */
	if (s->stopped)
		chaos__suspend_go_on(s);
	chaos__name_unlock(&s->lock);
	chaos_config_free(s->cfg);
	s->cfg = NULL;
	chaos__found_fini(&s->f);
}
