/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the pretended Xen share. */
#ifndef TOOLSTACK_FAKE_XEN_PRIVATE_H
#define TOOLSTACK_FAKE_XEN_PRIVATE_H

#include "fake_xen.h"

struct chaos__xen {
	char detail[160];
};

struct chaos__xen_build {
	struct chaos__xen *xen;
	struct fake_domain *d;
	const struct chaos__xen_params *p;
};

struct fake_domain *fake_xen_find(uint32_t domid);	/* or NULL */
void fake_xen_step(const char *name);
/* What chaos__xen_detail() says next. */
void fake_xen_reason(struct chaos__xen_build *b, const char *text);

#endif
