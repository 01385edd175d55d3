/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving pages back to Xen, and getting them again.  What was given back is
 * allocated for good as far as the page allocator knows.
 */
#ifndef MINIOS_BALLOON_H
#define MINIOS_BALLOON_H

#include <stdint.h>

/* This many more pages are never given away. */
void balloon_floor(unsigned long pages);
/*
 * Own this much memory from now on, as Xen counts it.  -ENOMEM: less would not
 * leave enough free; Xen has no more.  -ERANGE: more than at boot.  Nothing
 * changed then.
 */
int balloon_set(uint64_t kib);

#endif
