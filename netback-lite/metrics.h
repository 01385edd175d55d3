/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics.h owns the file for Prometheus: all counters as text, under a name of
 * its own until it is whole, then renamed.  A reader sees the last whole one.
 *
 * It is written a slice a turn, so that no packet waits for it, however many
 * vifs there are; between two of them it costs the wake-up alone.
 */
#ifndef NBL_METRICS_H
#define NBL_METRICS_H

#include "log.h"
#include "nbl.h"

#define NBL_METRICS_MAX_S	86400u

/*
 * Write path now and then every interval_s.  The folder is opened once; that
 * it can be written shows at once.  err gets the step and the reason.
 */
int nbl_metrics_open(struct nbl *nb, const char *path, unsigned int interval_s,
		     char err[NBL_ERROR_SIZE]);
/* The file is removed: nobody keeps what it says.  May be called twice. */
void nbl_metrics_close(struct nbl *nb);
/* How long the next turn may last: at most timeout_ms, -1: for ever. */
int nbl_metrics_timeout(struct nbl *nb, int timeout_ms);
/* The next slice, if its time has come. */
void nbl_metrics_turn(struct nbl *nb);

#endif
