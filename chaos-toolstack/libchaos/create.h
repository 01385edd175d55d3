/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain in the making, and the ladder that makes it: steps, each with what
 * undoes it.  A step that fails (or a cancel before it) takes the ladder down
 * from there, so what was done is undone in reverse order, and nothing else is.
 */
#ifndef CHAOS_CREATE_H
#define CHAOS_CREATE_H

#include "config.h"
#include "devices.h"
#include "image.h"
#include "restart.h"
#include "restore.h"

struct chaos__create {
	struct chaos *ctx;
	const struct chaos_config *cfg;
	const char *name;
	unsigned int flags;
	uint32_t domid;
	struct chaos__restore *restore;	/* NULL: from an image */
	struct chaos__image image;
	struct chaos__xen_params params;
	struct chaos__name_lock lock;
	struct chaos__xen_build *build;
	struct chaos__devices devices;
	struct chaos__record rec;
	struct chaos_config bound;	/* the record's */
	char *kernel_path, *ramdisk_path; /* of it, if they had to be made */
	/* Of a spare */
	bool is_spare;
	int spare_fd;			/* its file; -1: none */
	uint8_t spare_uuid[16];		/* whose name that is */
	int (*between)(void *arg);	/* steps; may be NULL */
	void *between_arg;
};

struct chaos__rung {
	const char *name;
	int (*run)(struct chaos__create *c, const struct chaos__rung *s);
	void (*undo)(struct chaos__create *c);
};

/* create.c: up the ladder, each step with its time; or down again. */
int chaos__climb(struct chaos__create *c, const struct chaos__rung *const *rung,
		 size_t nr);
#define CHAOS__CLIMB(c, ladder) \
	chaos__climb(c, ladder, sizeof(ladder) / sizeof((ladder)[0]))

/* Records what Xen said of a step, and returns rc. */
int chaos__rung_failed(struct chaos__create *c, const struct chaos__rung *s,
		       int rc);

/* create.c: what Xen is to be told, from cfg; of a spare, its UUID stays. */
int chaos__create_params(struct chaos__create *c);
/* Frees what only the record needed. */
void chaos__create_fini(struct chaos__create *c);

/* create-check.c */
extern const struct chaos__rung chaos__rung_check_image;
extern const struct chaos__rung chaos__rung_check_memory;
extern const struct chaos__rung chaos__rung_check_name;
extern const struct chaos__rung chaos__rung_check_vifs;
extern const struct chaos__rung chaos__rung_claim_name;

/* create-steps.c */
extern const struct chaos__rung chaos__rung_create_domain;
extern const struct chaos__rung chaos__rung_create_vcpus;
extern const struct chaos__rung chaos__rung_place_vcpus;
extern const struct chaos__rung chaos__rung_number_life;
extern const struct chaos__rung chaos__rung_add_power;
extern const struct chaos__rung chaos__rung_begin_build;
extern const struct chaos__rung chaos__rung_request_vifs;
extern const struct chaos__rung chaos__rung_fill_memory;
extern const struct chaos__rung chaos__rung_load_image;
extern const struct chaos__rung chaos__rung_set_up_vcpu;
extern const struct chaos__rung chaos__rung_restore_state;
extern const struct chaos__rung chaos__rung_await_vifs;
extern const struct chaos__rung chaos__rung_write_record;
extern const struct chaos__rung chaos__rung_await_go;
extern const struct chaos__rung chaos__rung_unpause;

#endif
