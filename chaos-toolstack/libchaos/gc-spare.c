// SPDX-License-Identifier: BSD-2-Clause
/* Spares whose keeper died. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "find.h"
#include "gc.h"

static int find_domain(struct chaos *ctx, int fd, const uint8_t uuid[16],
		       struct chaos__xen_dom *dom)
{
	uint32_t domid;
	int rc;

	rc = chaos__spare_domid(fd, &domid);
	if (rc)
		return rc;
	if (!domid)
		return chaos__find_uuid(ctx, uuid, dom);
	rc = chaos__xen_get(ctx->xen, domid, dom);
	return !rc && memcmp(dom->uuid, uuid, 16) ? -ESRCH : rc;
}

/* It became somebody's: it ran, or it has a record. */
static bool is_claimed(struct chaos *ctx, const struct chaos__xen_dom *dom)
{
	char name[CHAOS_NAME_MAX + 1];

	return !dom->paused || dom->cpu_ns ||
	       chaos__record_name(ctx, dom->uuid, name) != -ENOENT;
}

/* 1: the file is garbage. */
static int check(struct chaos__gc *gc, int fd, const uint8_t uuid[16])
{
	struct chaos__xen_dom dom;
	struct stat st;
	int rc;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? 0 : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!st.st_nlink)
		return 0;
	rc = find_domain(gc->ctx, fd, uuid, &dom);
	if (rc == -ESRCH || rc == -EPROTO)
		return 1;
	if (!rc && !dom.dying && !is_claimed(gc->ctx, &dom))
		rc = chaos__gc_domain(gc, CHAOS_GARBAGE_SPARE, "", &dom);
	return rc ? rc : 1;
}

void chaos__gc_spare(struct chaos__gc *gc, const char *file)
{
	uint8_t uuid[16];
	int fd, rc;

	if (chaos__uuid_parse(file, uuid))
		return;
	fd = openat(gc->ctx->spares_fd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		if (errno != ENOENT)
			chaos__gc_failed(gc, -errno, file, "look at spare");
		return;
	}
	rc = check(gc, fd, uuid);
	if (rc == 1) {
		rc = 0;
		if (!(gc->flags & CHAOS_GC_DRY_RUN) &&
		    unlinkat(gc->ctx->spares_fd, file, 0))
			rc = -errno;
	}
	close(fd);
	if (rc)
		chaos__gc_failed(gc, rc, file, "look at spare");
}
