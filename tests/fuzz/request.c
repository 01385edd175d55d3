// SPDX-License-Identifier: BSD-2-Clause
/*
 * What anybody may send to chaosd, with a flavour but without a spare.  The first
 * byte of an input chooses the op, so that not all are stopped by the header; what
 * is taken for a configuration must be taken again when it was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chaosd.h>

#include "refill.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* As in config.c. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libxlutil.so\n";
}

/* Nobody makes spares here. */
int refill_start(struct pool *p)
{
	(void)p;
	return 0;
}

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct request_context *prepare(void)
{
	static struct request_context rq;
	static struct pool pool;
	static struct jit jit;
	struct chaos_options opt = { .size = sizeof(opt), .run_dir = "/nonexistent" };
	struct chaos_config *cfg;

	if (rq.ctx)
		return &rq;
	if (chaos_open(&opt, &rq.ctx) || pool_start(&pool, NULL, 0) ||
	    jit_open(&jit, NULL, &pool) ||
	    chaos_flavour_parse_string(rq.ctx, "f", "name = \"f\"\nmemory = 4\n",
				       NULL, &cfg) ||
	    pool_set(&pool, cfg, 0, 0))
		die("prepare");
	rq.pool = &pool;
	rq.jit = &jit;
	rq.run_dir = opt.run_dir;
	return &rq;
}

static void check_config(const uint8_t *data, size_t size)
{
	static uint8_t again[CHAOSD_MAX_PACKET];
	struct chaos_config *cfg;
	size_t n;

	if (chaosd_get_config(data, size, &cfg))
		return;
	n = chaosd_put_config(cfg, again, sizeof(again));
	if (!n)
		die("a configuration that cannot be written again");
	chaos_config_free(cfg);
	if (chaosd_get_config(again, n, &cfg))
		die("a configuration that is not taken again");
	chaos_config_free(cfg);
}

static void check_reply(const struct request_reply *r)
{
	struct chaosd_header h;

	if (r->size < sizeof(h) || r->size > sizeof(r->packet))
		die("a reply of no size");
	memcpy(&h, r->packet, sizeof(h));
	if (h.magic != CHAOSD_MAGIC || h.rc > 0)
		die("a reply that is none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[CHAOSD_MAX_PACKET];
	static struct request_reply reply;
	struct request_context *rq = prepare();
	struct chaosd_header h = {
		.magic = CHAOSD_MAGIC, .version = CHAOSD_VERSION,
	};

	if (!size || size > sizeof(packet) - sizeof(h))
		return 0;
	h.op = data[0] & 7;
	h.flags = data[0] >> 6;
	if (data[0] & 8) {	/* all of it is the input's */
		memcpy(packet, data + 1, size - 1);
		if (size - 1 < sizeof(h))
			return 0;
		request_serve(rq, packet, size - 1, &reply);
	} else {
		memcpy(packet, &h, sizeof(h));
		memcpy(packet + sizeof(h), data + 1, size - 1);
		if (h.op == CHAOSD_CREATE)
			check_config(data + 1, size - 1);
		request_serve(rq, packet, sizeof(h) + size - 1, &reply);
	}
	check_reply(&reply);
	return 0;
}
