// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a pause and an unpause cost, as bare hypercalls: noxs tells its watches
 * of each, and nobody should feel it.  Speaks TAP; runs on any Xen, where it
 * has no noxs without the watches.
 *
 *   noxs-pause MAX_NS MAX_WATCHED_NS MAX_FULL_NS
 *
 * of a pair: without a watch, with one, with as many as there can be.  The
 * watches' own process is woken once, by the first pair, as it does not read
 * them.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "noxs-ops-lib.h"

#define PAIRS	2000
#define ROUNDS	5

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* The best of some rounds: what is left is the work itself. */
static double pair_ns(uint32_t domid)
{
	double start, t, best = 0;
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++) {
		start = now_ns();
		for (i = 0; i < PAIRS; i++)
			if (xc_domain_pause(env.xch, domid) ||
			    xc_domain_unpause(env.xch, domid))
				die("pause");
		t = (now_ns() - start) / PAIRS;
		if (!round || t < best)
			best = t;
	}
	return best;
}

/* From the nr-th on. */
static bool watch_until(unsigned int nr, unsigned int end)
{
	for (; nr < end; nr++) {
		struct xen_noxs_watch w = { .port = port_for(0) };
		int rc = op(XEN_NOXS_OP_watch, &w, sizeof(w));

		if (rc == -ENOSYS)
			return false;
		if (rc)
			die("watch");
	}
	return true;
}

static void measure(uint32_t domid, const char *what, const char *max)
{
	double ns = pair_ns(domid);

	note("%s: %.0f ns", what, ns);
	ok(ns < atof(max), "a pause and an unpause, %s, are below %s ns", what,
	   max);
}

int main(int argc, char **argv)
{
	uint32_t domid;

	if (argc != 4) {
		fprintf(stderr, "usage: noxs-pause NS WATCHED_NS FULL_NS\n");
		return 2;
	}
	env_open();
	domid = domain_create(true);
	if (xc_domain_unpause(env.xch, domid))
		die("unpause");
	measure(domid, "nobody watching", argv[1]);
	if (watch_until(0, 1)) {
		measure(domid, "with a watch", argv[2]);
		watch_until(1, XEN_NOXS_MAX_WATCHES);
		measure(domid, "with 16 watches", argv[3]);
	}
	domain_destroy(domid);
	ok(domain_wait_gone(domid), "the domain goes");
	env_close();
	return tap_done();
}
