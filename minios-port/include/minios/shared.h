/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that Xen shares with the domain: time, wall clock, events.
 */
#ifndef MINIOS_SHARED_H
#define MINIOS_SHARED_H

#include "minios/hypercall.h"

extern struct shared_info *shared;

/* Maps it; ends the domain if that fails. */
void shared_init(void);
/* In another domain: its page. */
void shared_resume(void);

#endif
