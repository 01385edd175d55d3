/* SPDX-License-Identifier: BSD-2-Clause */
/* jit.h: guests that are made when somebody calls them. */
#ifndef BENCH_JIT_H
#define BENCH_JIT_H

#include "guests.h"

/*
 * Metric "jit" of a system: rules for so many guests, each of which is pinged when
 * it is not there; from the ping to its answer.  Once with each destroyed before
 * the next is called (parameter alive: 1), once with all staying until the last was
 * called (alive: calls); on one CPU what the new one says to all is heard by all
 * first.
 */
void bench_jit(struct bench *b, struct bench_guests *gs, const char *system,
	       int calls);

#endif
