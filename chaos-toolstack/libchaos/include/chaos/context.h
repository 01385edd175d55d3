/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts, and the errors and steps of the latest call. */
#ifndef LIBCHAOS_CONTEXT_H
#define LIBCHAOS_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos;

enum chaos_log_level {
	CHAOS_LOG_ERROR = 0,
	CHAOS_LOG_WARNING = 1,
	CHAOS_LOG_INFO = 2,
	CHAOS_LOG_DEBUG = 3,
};

/* Must not call back into the library.  msg has no newline. */
typedef void chaos_log_fn(void *arg, enum chaos_log_level level,
			  const char *msg);

struct chaos_options {
	size_t size;			/* sizeof(struct chaos_options) */
	const char *run_dir;		/* NULL: $CHAOS_RUN_DIR or /run/chaos */
	const char *netback_socket;	/* NULL: $NOXS_NETBACK_SOCKET or default */
	chaos_log_fn *log;		/* NULL: no log */
	void *log_arg;
	int timeout_ms;			/* for the backend; 0: 10000 */
	/* KB of kernels and ramdisks to keep ready, for who makes many guests of
	 * few of them; 0: none.  A file that changes is read anew. */
	uint32_t image_cache_kb;
};

/* options may be NULL; it and its strings are copied.  -ENOMEM, -EINVAL. */
int chaos_open(const struct chaos_options *options, struct chaos **out);
/* NULL is allowed.  Objects made with the context are to be freed before. */
void chaos_close(struct chaos *ctx);

/*
 * Makes the call in progress (create, wait) give up at its next step, undo what it
 * did and return -ECANCELED; with none in progress, the next create.
 */
void chaos_cancel(struct chaos *ctx);

/* "0.1.0" */
const char *chaos_version(void);

struct chaos_error {
	int code;		/* -errno */
	const char *object;	/* "web", "web.cfg", "domain 12" */
	const char *step;	/* "load image", "line 3, key vif" */
	const char *reason;	/* "Permission denied" */
	const char *remedy;	/* "run it as root", or "" */
};

/* Of the latest call.  Valid until the next call on the context. */
size_t chaos_nr_errors(const struct chaos *ctx);
/* NULL when there are no more than i. */
const struct chaos_error *chaos_error(const struct chaos *ctx, size_t i);
/* "web: load image: not an ELF file (give an uncompressed kernel)".  Always
 * terminated; returns buf. */
char *chaos_error_text(const struct chaos_error *error, char *buf, size_t size);

/* The steps of the latest create or destroy and how long each took. */
struct chaos_step {
	const char *name;
	uint64_t ns;
	uint64_t begin_ns;	/* by CLOCK_MONOTONIC */
};
size_t chaos_nr_steps(const struct chaos *ctx);
const struct chaos_step *chaos_step(const struct chaos *ctx, size_t i);

#ifdef __cplusplus
}
#endif

#endif
