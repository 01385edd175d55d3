/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leave this domain, for a file or another host, and come back.
 *
 * Returns when the domain runs again.  1: it was called off, everything is as
 * before, devices are still connected.  0: this is another domain (or the same
 * one, its connections cut): the bus has asked all devices to begin anew;
 * threads, timers, TCP connections and memory go on.  -errno: Xen or a lack of
 * memory did not let us; everything is as before.
 *
 * From a thread that is in no call of the bus.  No other thread runs meanwhile.
 */
#ifndef MINIOS_SUSPEND_H
#define MINIOS_SUSPEND_H

int suspend(void);

#endif
