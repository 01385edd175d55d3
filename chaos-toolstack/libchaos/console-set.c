// SPDX-License-Identifier: BSD-2-Clause
/* The consoles of many guests, behind one descriptor: for chaosd. */
#include <chaosd-console.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "console.h"

struct chaosd_consoles {
	struct chaos *ctx;
	struct chaos__xen_consoles *set;
};

int chaosd_consoles_open(struct chaos *ctx, struct chaosd_consoles **out)
{
	struct chaosd_consoles *set;
	int rc;

	chaos__begin(ctx);
	rc = chaos__need_xen(ctx, "consoles");
	if (rc)
		return rc;
	set = calloc(1, sizeof(*set));
	rc = set ? chaos__xen_consoles_open(ctx->xen, &set->set) : -ENOMEM;
	if (rc) {
		free(set);
		return chaos__fail(ctx, rc, "consoles", "open event channels",
				   "", NULL);
	}
	set->ctx = ctx;
	*out = set;
	return 0;
}

void chaosd_consoles_close(struct chaosd_consoles *set)
{
	if (!set)
		return;
	chaos__xen_consoles_close(set->set);
	free(set);
}

int chaosd_consoles_fd(const struct chaosd_consoles *set)
{
	return chaos__xen_consoles_fd(set->set);
}

int chaosd_consoles_next(struct chaosd_consoles *set, void **arg)
{
	return chaos__xen_consoles_next(set->set, arg);
}

int chaosd_console_open(struct chaosd_consoles *set, uint32_t domid, void *arg,
			struct chaosd_console_of *of,
			struct chaos_console **out)
{
	struct chaos_console *con = NULL;
	struct chaos__found f;
	int rc;

	rc = chaos__console_find(set->ctx, domid, &f);
	/* Its pages are to go now. */
	if (!rc && f.dom.dying)
		rc = chaos__fail(set->ctx, -ESRCH, f.object, "open console", "",
				 "it is being destroyed");
	if (!rc)
		rc = chaos__console_new(set->ctx, f.object, &con);
	if (!rc)
		rc = chaos__console_open(set->ctx, &f, set->set, arg, con);
	if (!rc) {
		snprintf(of->name, sizeof(of->name), "%s", f.rec->name);
		chaos__uuid_format(f.dom.uuid, of->uuid);
	}
	chaos__found_fini(&f);
	if (rc)
		free(con);
	else
		*out = con;
	return rc;
}

int chaosd_console_rearm(struct chaos_console *con)
{
	return chaos__xen_console_rearm(con->port);
}

long chaosd_console_take(struct chaos_console *con, void *buf, size_t size)
{
	return chaos__console_take(con, buf, size);
}
