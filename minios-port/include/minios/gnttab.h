/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grant table, version 1, grown frame by frame when entries run out.
 */
#ifndef MINIOS_GNTTAB_H
#define MINIOS_GNTTAB_H

#include <stdbool.h>
#include <stdint.h>

/* 0; -ENOSPC: Xen gives no more entries. */
int gnttab_grant(uint16_t domid, const void *page, bool readonly,
		 uint32_t *ref);
/* 0; -EBUSY: the peer has it mapped, nothing changed. */
int gnttab_end(uint32_t ref);

/* Before a suspend: remember which entries are in use.  -ENOMEM. */
int gnttab_suspend(void);
/*
 * After it.  same: nothing changed.  Else the table is a new one: references
 * that were in use grant nothing any more, and stay taken until gnttab_end.
 */
void gnttab_resume(bool same);

#endif
