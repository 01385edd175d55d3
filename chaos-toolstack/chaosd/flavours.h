/* SPDX-License-Identifier: BSD-2-Clause */
/* flavours.h: the flavours of a folder. */
#ifndef CHAOSD_FLAVOURS_H
#define CHAOSD_FLAVOURS_H

#include "pool.h"

/* Sets every *.cfg of the folder; goes on past a bad one, logs all that is wrong, and
 * returns the first error.  A folder that is not there has none. */
int flavours_load(struct pool *pool, struct chaos *ctx, const char *dir);

#endif
