/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The toolstack's requests through XenStore: control/shutdown.  Called by
 * XenStore's thread; -EPROTO: no XenStore any more.
 */
#ifndef MINIOS_XENBUS_CONTROL_H
#define MINIOS_XENBUS_CONTROL_H

/* Say what we understand, and listen; in another domain again. */
int control_start(void);
/* Look; acknowledge a request, and do it. */
int control_update(void);

#endif
