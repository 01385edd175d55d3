/* SPDX-License-Identifier: BSD-2-Clause */
/* refill.h: the thread that makes spares and discards them. */
#ifndef CHAOSD_REFILL_H
#define CHAOSD_REFILL_H

#include "pool.h"

/* Of pool_start.  Positive errno. */
int refill_start(struct pool *p);

#endif
