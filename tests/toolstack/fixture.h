/* SPDX-License-Identifier: BSD-2-Clause */
/* A context with a run directory of its own, and kernels to boot. */
#ifndef TOOLSTACK_FIXTURE_H
#define TOOLSTACK_FIXTURE_H

#include "unit.h"

#include "fail.h"
#include "fake_hyp.h"
#include "fake_noxs.h"
#include "fake_xen.h"
#include "store.h"

struct fixture {
	char dir[64];		/* temporary, gone after the test */
	char run_dir[80];
	char kernel[80];	/* a PVH kernel */
	char class_net[80];	/* has the one bridge of the fake backend */
	struct chaos *ctx;
	unsigned int nr_fds;	/* before */
	char log[4096];
};

int fixture_setup(void **state);
int fixture_teardown(void **state);	/* fails when fds are left open */

/* A running domain of 4 MB with so many vifs. */
uint32_t fixture_create(struct fixture *f, const char *name,
			unsigned int nr_vifs);
/* Locks the name of a domain, as who is at work on it does. */
void fixture_take_name(struct fixture *f, const char *name, uint32_t domid,
		       struct chaos__name_lock *lock);
void fixture_write(const char *path, const void *data, size_t size);
unsigned int fixture_nr_fds(void);
/* Files in names/, domains/ and spares/ together. */
unsigned int fixture_nr_records(const struct fixture *f);
/* All errors of the context, a line each. */
const char *fixture_errors(const struct fixture *f);
#define assert_error(f, text) \
	assert_non_null(strstr(fixture_errors(f), text))

#endif
