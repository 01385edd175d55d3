/* SPDX-License-Identifier: BSD-2-Clause */
/* The context, and what the files of libchaos share. */
#ifndef CHAOS_INTERNAL_H
#define CHAOS_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <chaos.h>

#include "xen/xen.h"

#define CHAOS__UUID_LEN		36
#define CHAOS__MAX_ERRORS	64
#define CHAOS__MAX_STEPS	24
#define CHAOS__MAX_VIFS		15

struct chaos__error {
	struct chaos_error pub;
	char *text;		/* holds the four strings */
};

struct chaos {
	char *run_dir;
	char *netback_socket;
	const char *class_net;		/* /sys/class/net */
	chaos_log_fn *log;
	void *log_arg;
	int timeout_ms;
	volatile sig_atomic_t cancelled;
	chaos_progress_fn *progress;
	void *progress_arg;

	struct chaos__xen *xen;		/* opened by chaos__need_xen() */
	struct chaos__images *images;	/* NULL: none are kept */
	struct noxs *nx;		/* opened by chaos__need_noxs() */
	bool no_noxs;			/* this Xen has none */
	int netback_fd;			/* -1: not connected */
	int names_fd, domains_fd, spares_fd; /* chaos__store_open(); -1: not yet */

	size_t nr_errors;
	struct chaos__error error[CHAOS__MAX_ERRORS];
	size_t nr_steps;
	struct chaos_step step[CHAOS__MAX_STEPS];
	char (*step_text)[24];		/* names of steps done elsewhere */

	int daemon_fd;			/* -1: not connected to chaosd */
};

/* chaos.c */
/* Of this version, from those of an older one, or NULL.  -EINVAL. */
int chaos__options_read(const struct chaos_options *from,
			struct chaos_options *to);
void chaos__begin(struct chaos *ctx);	/* forgets errors and steps */
int chaos__need_xen(struct chaos *ctx, const char *object);
/* -errno of noxs_open(); -ENOSYS is remembered.  Records no error. */
int chaos__need_noxs(struct chaos *ctx);
/* From begin_ns until now_ns. */
void chaos__step(struct chaos *ctx, const char *name, uint64_t begin_ns,
		 uint64_t now_ns);
uint64_t chaos__now_ns(void);
/* total 0: not known */
void chaos__progress(struct chaos *ctx, const char *what, uint64_t done,
		     uint64_t total);

/* error.c.  Records the error and returns code.  format NULL: strerror. */
int chaos__fail(struct chaos *ctx, int code, const char *object,
		const char *step, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
void chaos__log(struct chaos *ctx, enum chaos_log_level level,
		const char *format, ...) __attribute__((format(printf, 3, 4)));
void chaos__clear_errors(struct chaos *ctx);
/* The reason of a failed call to Xen: its own words, or strerror. */
const char *chaos__xen_reason(struct chaos *ctx, int code);

/* uuid.c */
int chaos__uuid_random(uint8_t uuid[16]);
int chaos__uuid_parse(const char *text, uint8_t uuid[16]);
void chaos__uuid_format(const uint8_t uuid[16], char text[CHAOS__UUID_LEN + 1]);

#endif
