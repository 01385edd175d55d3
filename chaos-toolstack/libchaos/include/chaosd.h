/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libchaos and chaosd say to each other.  For these two: others use
 * <chaos.h>, which asks chaosd by itself.
 *
 * Transport: a SOCK_SEQPACKET Unix socket, RUNDIR/chaosd.sock, in a directory of
 * root alone; chaosd also checks SO_PEERCRED.  A request is one packet, a struct
 * chaosd_header and what its op has behind it; so is the reply, one for each
 * request, in their order.  Both ends are on one host: native byte order.  What
 * comes over it is checked as if a stranger had sent it.
 *
 *   op       request                   reply, rc 0             reply, rc < 0
 *   HELLO    -                         -                       errors
 *   CREATE   a configuration           struct chaosd_created   errors; none with
 *                                                              -EXDEV: no spare
 *   RELEASE  uint64_t: KB to be free   -                       errors
 *   CALL     JSON object               JSON object             errors
 *
 * Errors: uint32_t how many; of each int32_t code, then object, step, reason and
 * remedy, each ended by a 0.
 */
#ifndef CHAOSD_H
#define CHAOSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chaos.h>

#define CHAOSD_SOCKET		"chaosd.sock"	/* in the run directory */
#define CHAOSD_MAGIC		0x44534843u	/* "CHSD" */
#define CHAOSD_VERSION		1
#define CHAOSD_MAX_PACKET	(64u << 10)
#define CHAOSD_MAX_STEPS	24
#define CHAOSD_STEP_NAME	24

enum chaosd_op {
	CHAOSD_HELLO = 0,
	CHAOSD_CREATE = 1,
	CHAOSD_RELEASE = 2,
	CHAOSD_CALL = 3,
};

struct chaosd_header {
	uint32_t magic;
	uint16_t version;
	uint16_t op;		/* enum chaosd_op; of a reply its request's */
	uint32_t cookie;	/* comes back in the reply */
	int32_t rc;		/* of a request 0 */
	uint32_t flags;		/* CREATE: of chaos_create; else 0 */
	uint32_t pad;		/* 0 */
};

struct chaosd_step {
	char name[CHAOSD_STEP_NAME];
	uint64_t begin, ns;
};

/* Times by CLOCK_MONOTONIC, in ns. */
struct chaosd_created {
	uint64_t begin;		/* of the request's work */
	uint32_t domid;
	uint32_t nr_steps;	/* the last is the unpause */
	struct chaosd_step step[CHAOSD_MAX_STEPS];
};

/* Bytes written to buf, 0: there is not enough room. */
size_t chaosd_put_config(const struct chaos_config *cfg, void *buf,
			 size_t size);
/* -EPROTO it is not one, or not one that the parser could have made; -ENOMEM. */
int chaosd_get_config(const void *buf, size_t size, struct chaos_config **out);

unsigned int chaosd_flavour_nr_vifs(const struct chaos_config *flavour);

/* Errors of chaosd's own, among those of the library; begin forgets the last
 * call's.  fail returns code. */
void chaosd_begin(struct chaos *ctx);
int chaosd_fail(struct chaos *ctx, int code, const char *object,
		const char *step, const char *remedy, const char *reason);

/* Those of the latest call; as many as there is room for. */
size_t chaosd_put_errors(const struct chaos *ctx, void *buf, size_t size);
/* Adds them to those of ctx.  -EPROTO. */
int chaosd_get_errors(struct chaos *ctx, const void *buf, size_t size);

#endif
