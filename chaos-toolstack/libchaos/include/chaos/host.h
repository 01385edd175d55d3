/* SPDX-License-Identifier: BSD-2-Clause */
/* The host: memory, what was left behind, what is missing, chaosd. */
#ifndef LIBCHAOS_HOST_H
#define LIBCHAOS_HOST_H

#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of Xen, for new domains, in KB. */
int chaos_free_memory(struct chaos *ctx, uint64_t *kb);

enum chaos_garbage_kind {
	CHAOS_GARBAGE_NAME = 0,		/* name: no domain has it */
	CHAOS_GARBAGE_RECORD = 1,	/* uuid: no domain has it */
	CHAOS_GARBAGE_DOMAIN = 2,	/* domid, uuid, name: never finished */
	CHAOS_GARBAGE_VIFS = 3,		/* domid: gone, its vifs were not */
	CHAOS_GARBAGE_SUSPENDED = 4,	/* domid, uuid, name: who saved it died;
					   it goes on */
	CHAOS_GARBAGE_SPARE = 5,	/* domid, uuid: who kept it died */
};

/* Texts that do not belong to the kind are "". */
struct chaos_garbage {
	enum chaos_garbage_kind kind;
	uint32_t domid;
	const char *name;
	const char *uuid;
};

#define CHAOS_GC_DRY_RUN (1u << 0)	/* only tell */

/*
 * Remove what killed processes left, and call fn (may be NULL) for each thing
 * that went; g is valid during the call, fn must not call the library with
 * this context.  Domains that libchaos did not begin to make are never touched,
 * nor those that another process is making now.  Goes on past what fails and
 * returns the first error; chaos_error() has all of them.
 */
int chaos_gc(struct chaos *ctx, unsigned int flags,
	     void (*fn)(void *arg, const struct chaos_garbage *g), void *arg);

enum chaos_health {
	CHAOS_HEALTH_OK = 0,
	CHAOS_HEALTH_HINT = 1,		/* works, and could be better */
	CHAOS_HEALTH_MISSING = 2,
};

struct chaos_check {
	const char *name;	/* "xen", "bridge", ... */
	enum chaos_health health;
	const char *found;	/* "xenbr0" */
	const char *remedy;	/* or "" */
};

/*
 * What a host needs for guests with vifs: root, Xen, free memory, noxs, a
 * network backend, a bridge, the run directory.  Calls fn for each; check is
 * valid during the call, and fn must not call the library with this context.
 * Returns 0, whatever is missing.  Blocks up to timeout_ms for the backend.
 */
int chaos_doctor(struct chaos *ctx,
		 void (*fn)(void *arg, const struct chaos_check *check),
		 void *arg);

/*
 * Asks chaosd; request and reply are JSON objects, of which docs/json.md tells.
 * *reply is freed with free().  -ENOTCONN it does not run; others are its own.
 */
int chaos_daemon_call(struct chaos *ctx, const char *request, char **reply);

#ifdef __cplusplus
}
#endif

#endif
