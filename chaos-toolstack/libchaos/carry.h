/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was changed of a running domain goes along into its next life: its
 * weight, its cap and the memory that it was left with, as with xl.  Where its
 * vCPUs run belongs to the host and its pools, and is the configuration's again.
 */
#ifndef CHAOS_CARRY_H
#define CHAOS_CARRY_H

#include "config.h"
#include "find.h"

/* cpu_weight and cap, where they are not what cfg says already.  What cannot be
 * read is logged, and stays as it was configured. */
void chaos__carry_share(struct chaos *ctx, const struct chaos__found *f,
			struct chaos_config *cfg);
/* And memory, for a guest that is made anew: in whole MB. */
void chaos__carry_all(struct chaos *ctx, const struct chaos__found *f,
		      struct chaos_config *cfg);
/* Xen's limit for a domain that was restored with less memory than it was
 * made with: what it has, as chaos_mem_set left it. */
int chaos__carry_limit(struct chaos *ctx, uint32_t domid,
		       const struct chaos_config *cfg);

#endif
