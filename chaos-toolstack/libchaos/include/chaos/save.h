/* SPDX-License-Identifier: BSD-2-Clause */
/* Saving, restoring and migrating. */
#ifndef LIBCHAOS_SAVE_H
#define LIBCHAOS_SAVE_H

#include <chaos/guest.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A saved domain is one file: docs/saved-state.md.  It holds the guest and what
 * made it, and nothing of the host: TAPs, domids and backends are bound when it
 * is restored, so that one file restores any number of guests at once.
 */

#define CHAOS_SAVE_KEEP   (1u << 0)	/* the guest goes on afterwards */
#define CHAOS_SAVE_PAUSED (1u << 1)	/* with KEEP: paused */

/*
 * Asks the guest to suspend, writes it to path and, unless it is kept, destroys
 * it.  The file appears when it is complete, in place of one that was there.
 * After a failure the guest goes on as if nothing had been; a process that is
 * killed leaves it suspended until chaos_gc.  Blocks up to timeout_ms for the
 * guest, and for the disk.
 *
 * -ESRCH no such domain; -EAGAIN it is paused; -EBUSY another process is at
 * work on it; -EOPNOTSUPP no power driver in the guest, or a Xen without noxs;
 * -ECONNREFUSED the guest will not; -ETIMEDOUT; -ENOSPC and others of the file;
 * -ENOENT it was not made by libchaos; -ECANCELED.
 */
int chaos_save(struct chaos *ctx, uint32_t domid, const char *path,
	       unsigned int flags, int timeout_ms);

/*
 * Makes a domain of a saved one.  overrides as for a configuration: what the
 * guest cannot notice may change, and its name, UUID and vifs.  With another
 * name it is another guest, and gets a UUID and MACs of its own where none are
 * given.  flags are those of chaos_create.  All or nothing; a file that is cut
 * off or damaged is refused before anything is made.
 *
 * -EPROTO not a saved domain, or damaged; -EINVAL an override, or what cannot
 * be changed; -EOPNOTSUPP this host's CPUs lack what the guest was told they
 * have; others as chaos_create.
 */
int chaos_restore(struct chaos *ctx, const char *path,
		  const char *const *overrides, unsigned int flags,
		  uint32_t *domid);

/*
 * A migration over any stream, in_fd and out_fd (they may be the same socket):
 * the domain here is suspended, sent, built at the other side, and destroyed here
 * when it runs there.  Both calls block until it is over; SIGPIPE must be
 * ignored.
 *
 * The other side looks at the configuration first, and may refuse while the guest
 * still runs.  Until it has all of the guest and was told to take it, every
 * failure, cut or kill of either side ends with the guest going on here and
 * nothing there (after a kill with chaos_gc).  One moment cannot be decided:
 * when the answer to that is lost, the guest may run there.  It then stays
 * suspended here, -EREMOTEIO, chaos_gc leaves it alone, and whoever has looked at
 * the other side calls chaos_destroy or chaos_resume.  Never do both run.
 *
 * timeout_ms (> 0): for the guest to suspend, and each time for the other side.
 * flags: 0.  out_fd does not block during the call.
 *
 * -ECONNREFUSED the other side refused or failed, its words are in the error (or
 * the guest did); -ECONNRESET it hung up; -EPROTO it is not chaos, or of another
 * version; others as chaos_save.
 */
int chaos_send(struct chaos *ctx, uint32_t domid, int in_fd, int out_fd,
	       unsigned int flags, int timeout_ms);

/*
 * The other side.  overrides and errors as chaos_restore, flags:
 * CHAOS_CREATE_PAUSED.  The stream is checked record by record, and nothing stays
 * after a failure.  -ECONNRESET the sender hung up; -ETIMEDOUT it said nothing
 * for ten minutes; -ECANCELED.
 */
int chaos_receive(struct chaos *ctx, int in_fd, int out_fd,
		  const char *const *overrides, unsigned int flags,
		  uint32_t *domid);

/*
 * Lets a suspended domain go on where it is.  -EINVAL it is not suspended;
 * -EBUSY another process is at work on it; -ESRCH; -ENOENT it was not made by
 * libchaos.
 */
int chaos_resume(struct chaos *ctx, uint32_t domid);

/*
 * fn is called often during a save, restore, send and receive: done of total
 * (0: that is not known), in the unit that is in what ("KB written").  It must
 * not call the library with this context, but for chaos_cancel.  NULL: no more.
 */
typedef void chaos_progress_fn(void *arg, const char *what, uint64_t done,
			       uint64_t total);
void chaos_set_progress(struct chaos *ctx, chaos_progress_fn *fn, void *arg);

#ifdef __cplusplus
}
#endif

#endif
