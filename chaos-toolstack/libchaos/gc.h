/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the garbage collection share. */
#ifndef CHAOS_GC_H
#define CHAOS_GC_H

#include "store.h"

/* Entries of a folder, or domids: something that grows. */
struct chaos__gc_names {
	char **name;
	size_t nr;
};

struct chaos__gc {
	struct chaos *ctx;
	unsigned int flags;
	void (*fn)(void *arg, const struct chaos_garbage *g);
	void *arg;
	struct chaos__gc_names names, records, spares;
	uint32_t *vif_domid;
	size_t nr_vif_domids;
	struct chaos__xen_dom *alive;
	size_t nr_alive;
	int err;		/* the first */
};

/* gc.c: records the error; what there is to tell. */
void chaos__gc_failed(struct chaos__gc *gc, int rc, const char *object,
		      const char *step);
void chaos__gc_tell(struct chaos__gc *gc, enum chaos_garbage_kind kind,
		    const char *name, const uint8_t *uuid, uint32_t domid);

/* gc-name.c */
void chaos__gc_name(struct chaos__gc *gc, const char *name);
/* A domain that never was anybody's, unless it is a dry run; told as kind. */
int chaos__gc_domain(struct chaos__gc *gc, enum chaos_garbage_kind kind,
		     const char *name, const struct chaos__xen_dom *dom);
/* gc-spare.c: file is named after the spare's UUID. */
void chaos__gc_spare(struct chaos__gc *gc, const char *file);

#endif
