/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Points that can fail: calls of the fakes, and the system calls and
 * allocations of the code under test.  A walk fails the 1st, the 2nd, ...
 * until nothing fails any more.
 */
#ifndef TOOLSTACK_FAIL_H
#define TOOLSTACK_FAIL_H

#include <stdbool.h>

void fail_never(void);
void fail_nth(unsigned int n);		/* counted from now on; once */
bool fail_happened(void);
const char *fail_where(void);		/* the point that failed, or "" */
/* Called at every point, to do there what another process might. */
extern void (*fail_hook)(const char *where);
/* For the fakes: true when this point is the one to fail. */
bool fail_here(const char *where);

#endif
