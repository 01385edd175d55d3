/* SPDX-License-Identifier: BSD-2-Clause */
/* A saved domain on its way back: its head, and a domain made of the rest. */
#ifndef CHAOS_RESTORE_H
#define CHAOS_RESTORE_H

#include "config.h"
#include "saved.h"

struct chaos__restore {
	struct chaos *ctx;
	const char *origin;		/* of errors: the file's name */
	struct chaos__saved_reader reader;
	struct chaos_config *cfg;	/* of the guest to be */
	uint32_t generation;		/* that it had */
	uint64_t size;			/* of a file; 0: a stream */
	/* Of a migration, or NULL: it is built, may it run? */
	int (*may_run)(struct chaos__restore *r);
};

/*
 * Reads the records in front of the chunks.  Overrides replace what the image
 * says of its guest; what its memory and CPUs are cannot be replaced.  A guest
 * of another name is another guest: it gets a UUID and MACs of its own unless
 * they are given.  Records the error.
 */
int chaos__restore_open(struct chaos *ctx, const char *origin, int fd,
			const char *const *overrides,
			struct chaos__restore *r);
/* Reads it all and begins anew: a file whose every record is right. */
int chaos__restore_verify(struct chaos__restore *r);
/* The chunks, up to their END. */
void chaos__restore_source(struct chaos__restore *r,
			   struct chaos__source *source);
void chaos__restore_close(struct chaos__restore *r);
/* -EPROTO by its reason, others by their names. */
int chaos__restore_failed(struct chaos__restore *r, int rc);

/* create.c: as chaos_create, from a saved domain's chunks. */
int chaos__create_restored(struct chaos__restore *r, unsigned int flags,
			   uint32_t *domid);

#endif
