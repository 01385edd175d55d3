/* SPDX-License-Identifier: BSD-2-Clause */
/* Creating and destroying without blocking. */
#ifndef LIBCHAOS_ASYNC_H
#define LIBCHAOS_ASYNC_H

#include <chaos/guest.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos_async;

/*
 * Create and destroy by threads of the library's own, which the caller does not
 * see: each has a context of its own, and signals are blocked in them.  All
 * calls here belong to one thread of the caller, which is also the one that is
 * told; the functions of any other object may be called meanwhile, and by those
 * who are told.
 *
 * Operations that were accepted begin in their order, and end in any.  Each is
 * told exactly once, in dispatch or in close.
 */
struct chaos_result {
	int rc;			/* as of chaos_create or chaos_destroy */
	uint32_t domid;		/* made, or to be destroyed; 0: none was made */
	const char *name;	/* of the configuration; "" of a destroy */
	size_t nr_errors;	/* as chaos_nr_errors() and chaos_error() */
	const struct chaos_error *const *error;
};

/* r is valid during the call.  May submit more, but not dispatch or close. */
typedef void chaos_done_fn(void *arg, const struct chaos_result *r);

/*
 * options: of the contexts; may be NULL.  Its log is called by the threads, by
 * one at a time.  workers: 1 to 64, how many operations are under way at once.
 * -EINVAL, -ENOMEM, -EAGAIN, -EMFILE.
 */
int chaos_async_open(const struct chaos_options *options, unsigned int workers,
		     struct chaos_async **out);
/*
 * Waits for the operations that are under way, cancels the others, and tells
 * both (-ECANCELED).  NULL is allowed.
 */
void chaos_async_close(struct chaos_async *a);
/* Readable when there is something to dispatch. */
int chaos_async_fd(const struct chaos_async *a);
/* Accepted, and not told yet. */
size_t chaos_async_nr_pending(struct chaos_async *a);

/* cfg is copied; fn may be NULL.  CHAOS_CREATE_*.  Do not block.  -ENOMEM. */
int chaos_async_create(struct chaos_async *a, const struct chaos_config *cfg,
		       unsigned int flags, chaos_done_fn *fn, void *arg);
int chaos_async_destroy(struct chaos_async *a, uint32_t domid,
			chaos_done_fn *fn, void *arg);
/* Tells what has ended.  Does not block. */
void chaos_async_dispatch(struct chaos_async *a);

#ifdef __cplusplus
}
#endif

#endif
