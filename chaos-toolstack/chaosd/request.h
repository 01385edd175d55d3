/* SPDX-License-Identifier: BSD-2-Clause */
/* request.h: what chaosd does when it is asked (chaosd.h). */
#ifndef CHAOSD_REQUEST_H
#define CHAOSD_REQUEST_H

#include <chaosd.h>

#include "jit.h"
#include "pool.h"

struct request_context {
	struct chaos *ctx;	/* the loop's */
	struct pool *pool;
	struct consoles *consoles;	/* NULL: they are left alone */
	struct jit *jit;
	const char *run_dir;
};

struct request_reply {
	uint8_t packet[CHAOSD_MAX_PACKET];
	size_t size;
};

/* packet: at least a header, from anybody. */
void request_serve(struct request_context *rq, const uint8_t *packet,
		   size_t size, struct request_reply *reply);

/* It asks for a console, and there are some: not to be served here. */
bool request_is_console(const struct request_context *rq,
			const struct chaosd_header *h);

/* call.c: CALL.  0 and a text to be freed, or -errno with the errors in ctx; text
 * is terminated. */
int request_call(struct request_context *rq, const char *text, char **reply);

#endif
