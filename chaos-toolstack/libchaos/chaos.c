// SPDX-License-Identifier: BSD-2-Clause
/* The context: options, the connection to Xen, cancellation, step times. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <noxs/netback.h>
#include <noxs/noxs.h>

#include "daemon.h"
#include "images.h"
#include "store.h"

#define DEFAULT_RUN_DIR		"/run/chaos"
#define DEFAULT_TIMEOUT_MS	10000

const char *chaos_version(void)
{
	return CHAOS_VERSION;
}

static int set_options(struct chaos *ctx, const struct chaos_options *opt)
{
	const char *run_dir = opt->run_dir;

	if (!run_dir)
		run_dir = secure_getenv("CHAOS_RUN_DIR");
	if (!run_dir)
		run_dir = DEFAULT_RUN_DIR;
	ctx->run_dir = strdup(run_dir);
	if (!ctx->run_dir)
		return -ENOMEM;
	if (opt->netback_socket) {
		ctx->netback_socket = strdup(opt->netback_socket);
		if (!ctx->netback_socket)
			return -ENOMEM;
	}
	ctx->log = opt->log;
	ctx->log_arg = opt->log_arg;
	ctx->timeout_ms = opt->timeout_ms > 0 ? opt->timeout_ms :
						DEFAULT_TIMEOUT_MS;
	if (!opt->image_cache_kb)
		return 0;
	return chaos__images_new((uint64_t)opt->image_cache_kb << 10,
				 &ctx->images);
}

int chaos__options_read(const struct chaos_options *from,
			struct chaos_options *to)
{
	memset(to, 0, sizeof(*to));
	/* A caller built against an older header has fewer members. */
	if (from) {
		if (from->size < offsetof(struct chaos_options, timeout_ms) ||
		    from->size > sizeof(*to))
			return -EINVAL;
		memcpy(to, from, from->size);
	}
	to->size = sizeof(*to);
	return 0;
}

int chaos_open(const struct chaos_options *options, struct chaos **out)
{
	struct chaos_options opt;
	struct chaos *ctx;
	int rc;

	rc = chaos__options_read(options, &opt);
	if (rc)
		return rc;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->class_net = "/sys/class/net";
	ctx->netback_fd = -1;
	ctx->names_fd = -1;
	ctx->domains_fd = -1;
	ctx->spares_fd = -1;
	ctx->daemon_fd = -1;
	rc = set_options(ctx, &opt);
	if (rc) {
		chaos_close(ctx);
		return rc;
	}
	*out = ctx;
	return 0;
}

void chaos_close(struct chaos *ctx)
{
	if (!ctx)
		return;
	chaos__clear_errors(ctx);
	chaos__store_close(ctx);
	chaos__daemon_close(ctx);
	chaos__images_free(ctx->images);
	free(ctx->step_text);
	noxs_netback_close(ctx->netback_fd);
	noxs_close(ctx->nx);
	chaos__xen_close(ctx->xen);
	free(ctx->netback_socket);
	free(ctx->run_dir);
	free(ctx);
}

void chaos_cancel(struct chaos *ctx)
{
	ctx->cancelled = 1;
}

void chaos_set_progress(struct chaos *ctx, chaos_progress_fn *fn, void *arg)
{
	ctx->progress = fn;
	ctx->progress_arg = arg;
}

void chaos__progress(struct chaos *ctx, const char *what, uint64_t done,
		     uint64_t total)
{
	if (ctx->progress)
		ctx->progress(ctx->progress_arg, what, done, total);
}

void chaos__begin(struct chaos *ctx)
{
	chaos__clear_errors(ctx);
	ctx->nr_steps = 0;
}

int chaos__need_xen(struct chaos *ctx, const char *object)
{
	const char *remedy = "";
	int rc;

	if (ctx->xen)
		return 0;
	rc = chaos__xen_open(&ctx->xen);
	if (!rc)
		return 0;
	if (rc == -ENOENT || rc == -ENODEV)
		return chaos__fail(ctx, rc, object, "open Xen",
				   "boot this machine under Xen",
				   "there is no Xen here");
	if (rc == -EACCES || rc == -EPERM)
		remedy = "run it as root";
	return chaos__fail(ctx, rc, object, "open Xen", remedy, NULL);
}

int chaos__need_noxs(struct chaos *ctx)
{
	int rc;

	if (ctx->nx)
		return 0;
	if (ctx->no_noxs)
		return -ENOSYS;
	rc = noxs_open(&ctx->nx);
	ctx->no_noxs = rc == -ENOSYS;
	return rc;
}

uint64_t chaos__now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void chaos__step(struct chaos *ctx, const char *name, uint64_t begin_ns,
		 uint64_t now_ns)
{
	uint64_t ns = now_ns - begin_ns;

	chaos__log(ctx, CHAOS_LOG_DEBUG, "step %s: %llu us", name,
		   (unsigned long long)ns / 1000);
	if (ctx->nr_steps == CHAOS__MAX_STEPS)
		return;
	ctx->step[ctx->nr_steps].name = name;
	ctx->step[ctx->nr_steps].ns = ns;
	ctx->step[ctx->nr_steps].begin_ns = begin_ns;
	ctx->nr_steps++;
}

size_t chaos_nr_steps(const struct chaos *ctx)
{
	return ctx->nr_steps;
}

const struct chaos_step *chaos_step(const struct chaos *ctx, size_t i)
{
	return i < ctx->nr_steps ? &ctx->step[i] : NULL;
}
