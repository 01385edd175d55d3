/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libchaos: create, find, watch and destroy small Xen domains, without
 * XenStore and without a daemon of its own.
 *
 * Model
 *   struct chaos          a context: options, the connection to Xen, the
 *                         errors and the step times of the latest call.
 *   struct chaos_config   what a guest shall be; parsed once, used for any
 *                         number of creates, never changed by them.
 *   struct chaos_console  one guest's console.
 *   struct chaos_events   what becomes of the domains, as it happens.
 *   struct chaos_async    creates and destroys that do not block.
 *   struct chaos_await    guests that are made when somebody calls.
 *
 *   Xen knows which domains exist.  What Xen cannot hold (name, devices,
 *   console) is one record per domain under the run directory, which goes
 *   with the domain.  A context therefore holds no list of guests: any process
 *   may create what another destroys.
 *
 * Call order
 *   chaos_open
 *     chaos_config_parse_file -> chaos_create -> chaos_config_free
 *     chaos_lookup -> chaos_destroy, chaos_pause, chaos_console_open, ...
 *   chaos_close
 *   Xen itself is opened by the first call that needs it: configurations can
 *   be parsed anywhere.
 *
 * Errors
 *   Calls return 0 or -errno and write their OUT arguments only on success.
 *   After a failure, and until the next call on the same context,
 *   chaos_nr_errors() and chaos_error() say what failed, in which step, of
 *   which object, why, and what helps.  Only the parser reports several.
 *   Nothing is printed; the log callback gets warnings and, at CHAOS_LOG_DEBUG,
 *   every step with its time.  Nothing aborts or exits.
 *   Errors of every call that talks to Xen: -ENOENT no Xen here, -EACCES or
 *   -EPERM not root, -ENOMEM.
 *
 * Threads, fork, signals
 *   One context per thread.  Not after fork() (fds are O_CLOEXEC).
 *   chaos_cancel() alone may be called from anywhere, signal handlers included.
 *
 * Growth
 *   Structures that the caller fills begin with their size.  Structures that
 *   the library fills are handed out by pointer and grow at their end.
 *
 * Headers
 *   This one is all of them; each may also be included alone.
 *
 *   chaos/context.h    contexts, and the errors and steps of the latest call
 *   chaos/config.h     what a guest shall be
 *   chaos/guest.h      create, destroy, rename, pause, shut down, reboot
 *   chaos/async.h      creates and destroys that do not block
 *   chaos/info.h       which domains there are, how they are; waiting for one
 *   chaos/events.h     what becomes of them, as it happens
 *   chaos/console.h    a guest's console, and what it said
 *   chaos/network.h    vifs, adding and removing them
 *   chaos/resources.h  CPUs, pools, weight and memory of a domain
 *   chaos/save.h       save, restore, migrate
 *   chaos/spare.h      domains made ahead
 *   chaos/await.h      guests that are made when somebody calls
 *   chaos/host.h       free memory, garbage, what is missing; chaosd
 */
#ifndef LIBCHAOS_CHAOS_H
#define LIBCHAOS_CHAOS_H

#include <chaos/async.h>
#include <chaos/await.h>
#include <chaos/config.h>
#include <chaos/console.h>
#include <chaos/context.h>
#include <chaos/events.h>
#include <chaos/guest.h>
#include <chaos/host.h>
#include <chaos/info.h>
#include <chaos/network.h>
#include <chaos/resources.h>
#include <chaos/save.h>
#include <chaos/spare.h>

#endif
