// SPDX-License-Identifier: BSD-2-Clause
/*
 * Saving a domain to a file.  The file is complete and under its name before
 * the domain goes; until then every failure ends with the guest going on.
 */
#include <errno.h>
#include <string.h>

#include "save-file.h"
#include "suspend.h"

#define STEP_WRITE	"write the image"
#define FLAGS		(CHAOS_SAVE_KEEP | CHAOS_SAVE_PAUSED)

static int write_image(struct chaos__suspend *s, int fd)
{
	struct chaos__saved_writer w;
	int rc;

	rc = chaos__saved_writer_init(&w, fd);
	if (rc)
		return rc;
	w.cancelled = &s->ctx->cancelled;
	rc = chaos__suspend_write_head(s, &w);
	if (!rc)
		rc = chaos__suspend_write_state(s, &w);
	chaos__saved_writer_fini(&w);
	return rc;
}

static int keep(struct chaos__suspend *s, unsigned int flags)
{
	uint32_t domid = s->f.dom.domid;
	int rc = 0;

	if (flags & CHAOS_SAVE_PAUSED)
		rc = chaos__xen_pause(s->ctx->xen, domid);
	if (rc)
		return chaos__suspend_failed(s, rc, "pause it");
	return chaos__suspend_go_on(s);
}

static int save_to(struct chaos__suspend *s, struct chaos__save_file *file,
		   const char *path, unsigned int flags, int timeout_ms)
{
	uint64_t begin = chaos__now_ns(), end;
	int rc;

	rc = chaos__suspend_stop(s, timeout_ms);
	if (rc)
		return rc;
	end = chaos__now_ns();
	chaos__step(s->ctx, "suspend", begin, end);
	rc = write_image(s, file->fd);
	if (!rc)
		rc = chaos__save_file_commit(file);
	if (rc)
		return chaos__fail(s->ctx, rc, s->f.object, STEP_WRITE,
				   rc == -ENOSPC ? "make room, or save it elsewhere" : "",
				   "%s: %s", path,
				   rc == -ECANCELED ? "interrupted" :
				   chaos__xen_reason(s->ctx, rc));
	begin = chaos__now_ns();
	chaos__step(s->ctx, "write image", end, begin);
	return flags & CHAOS_SAVE_KEEP ? keep(s, flags) :
					 chaos__suspend_destroy(s);
}

int chaos_save(struct chaos *ctx, uint32_t domid, const char *path,
	       unsigned int flags, int timeout_ms)
{
	struct chaos__save_file file;
	struct chaos__suspend s;
	int rc;

	rc = chaos__suspend_open(ctx, domid, &s);
	if (rc)
		goto out;
	if (flags & ~FLAGS || flags == CHAOS_SAVE_PAUSED) {
		rc = chaos__fail(ctx, -EINVAL, s.f.object, "check flags", "",
				 "flags %#x", flags);
		goto out_close;
	}
	/* What cannot be written does not stop the guest. */
	rc = chaos__save_file_open(&file, path);
	if (rc) {
		chaos__fail(ctx, rc, s.f.object, STEP_WRITE, "", "%s: %s", path,
			    strerror(-rc));
		goto out_close;
	}
	rc = save_to(&s, &file, path, flags, timeout_ms);
	chaos__save_file_close(&file);
out_close:
	chaos__suspend_close(&s);
out:
	ctx->cancelled = 0;
	return rc;
}
