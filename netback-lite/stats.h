/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h owns how the counters of vifs are written, and what they are called
 * for people and programs.  Counting is one addition where the thing happens;
 * nothing is looked at until somebody asks.
 */
#ifndef NBL_STATS_H
#define NBL_STATS_H

#include <stddef.h>
#include <stdio.h>

#include "nbl.h"

/* One counter, other than the drops, in the order of their being shown. */
struct nbl_counter {
	const char *name;	/* of struct noxs_netback_stats, and of JSON */
	const char *metric;	/* Prometheus: netback_vif_<metric>_total */
	const char *help;
	size_t offset;		/* in struct noxs_netback_stats */
};

extern const struct nbl_counter nbl_counters[];
extern const size_t nbl_nr_counters;

uint64_t nbl_counter_get(const struct nbl_counter *c,
			 const struct noxs_netback_stats *stats);

/* One frame more that was dropped, for this reason. */
void nbl_stats_drop(struct noxs_netback_stats *stats, unsigned int why);

/* The guest's UUID as Xen has it; 0 where it does not tell.  One hypercall. */
void nbl_stats_uuid(struct nbl *nb, uint16_t domid, uint8_t uuid[16]);

#define NBL_UUID_SIZE	37	/* with the 0 at its end */
/* "" of a UUID that is 0. */
void nbl_uuid_format(const uint8_t uuid[16], char out[NBL_UUID_SIZE]);
/* Within double quotes, as JSON and Prometheus have it: " and \ escaped. */
void nbl_put_quoted(FILE *f, const char *s);
/* "init", "connected", "closing", "closed" or "unknown" */
const char *nbl_state_name(unsigned int state);

/*
 * netback-lite stats: asks the process that runs.  argv[0] is "stats".
 * Returns the exit status.
 */
int nbl_stats_main(int argc, char **argv);

#endif
