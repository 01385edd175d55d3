// SPDX-License-Identifier: BSD-2-Clause
/*
 * Domids at the end of their range, where Xen begins again at 1.
 *
 *   domids next DOMID        empty domains come and go until the next one that
 *                            is made has this domid; prints how many it took
 *   domids replace DOMID     destroy it and at once, before anybody looks, make
 *                            an empty one with its domid
 *   domids remove DOMID      destroy it behind everybody's back
 *   domids soak CONFIG CYCLES SECONDS
 *                            make and unmake paused guests with libchaos until
 *                            either is reached; prints what came of it
 *
 * All but soak use libxenctrl alone, as a tool that knows nothing of ours.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <chaos.h>

#include "noxs-ops-lib.h"

#define LAST	(DOMID_FIRST_RESERVED - 1)
#define WAIT_US	200
#define WAITS	50000

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The least that is a domain.  0: Xen chooses. */
static int make(uint32_t domid, uint32_t *made)
{
	struct xen_domctl_createdomain config = {
		.max_vcpus = 1,
		.max_evtchn_port = -1,
		.max_grant_frames = 1,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
	};

	memset(config.handle, 0xd0, sizeof(config.handle));
	*made = domid;
	return xc_domain_create(env.xch, made, &config) ? -errno : 0;
}

static void made_and_gone(uint32_t *domid)
{
	if (make(0, domid))
		die("create");
	domain_destroy(*domid);
}

static int next(uint32_t wanted)
{
	uint32_t before = wanted == 1 ? LAST : wanted - 1, domid, last = 0;
	unsigned int n = 0, wraps = 0;

	do {
		made_and_gone(&domid);
		if (last && domid < last)
			wraps++;
		last = domid;
		if (++n > LAST)
			die("the domid before it never came");
	} while (domid != before);
	printf("%u domains, %u wraps\n", n, wraps);
	return 0;
}

static int replace(uint32_t domid)
{
	uint32_t made;
	unsigned int i;
	int rc;

	domain_destroy(domid);
	/* Until nobody has a page of it mapped. */
	for (i = 0; i < WAITS; i++) {
		rc = make(domid, &made);
		if (rc != -EEXIST)
			break;
		usleep(WAIT_US);
	}
	if (rc) {
		errno = -rc;
		die("create with this domid");
	}
	printf("%u\n", made);
	return 0;
}

/* --- soak --------------------------------------------------------------------- */

struct soak {
	struct chaos *ctx;
	struct chaos_config *cfg;
	unsigned long cycles, wraps;
	uint32_t last;
	double worst;
};

static void soak_fail(const struct soak *s, const char *step)
{
	const struct chaos_error *e = chaos_error(s->ctx, 0);

	printf("cycle %lu: %s: %s\n", s->cycles, step, e ? e->reason : "?");
	exit(1);
}

static void cycle(struct soak *s)
{
	double start = now_s(), took;
	uint32_t domid;

	if (chaos_create(s->ctx, s->cfg, CHAOS_CREATE_PAUSED, &domid))
		soak_fail(s, "create");
	if (chaos_destroy(s->ctx, domid))
		soak_fail(s, "destroy");
	took = now_s() - start;
	if (took > s->worst)
		s->worst = took;
	s->wraps += domid < s->last;
	s->last = domid;
	s->cycles++;
}

static int soak(const char *config, unsigned long cycles, double seconds)
{
	struct soak s = { 0 };
	double start = now_s(), part = start;
	unsigned long at = 0;

	if (chaos_open(NULL, &s.ctx) ||
	    chaos_config_parse_file(s.ctx, config, NULL, &s.cfg))
		soak_fail(&s, "set-up");
	while (s.cycles < cycles && now_s() - start < seconds) {
		cycle(&s);
		/* Does it get slower? */
		if (s.cycles % 10000 && s.cycles < cycles)
			continue;
		printf("cycles %lu to %lu: %.3f ms each, domid %u\n", at,
		       s.cycles, (now_s() - part) * 1e3 / (s.cycles - at),
		       s.last);
		fflush(stdout);
		part = now_s();
		at = s.cycles;
	}
	printf("%lu cycles in %.0f s, %lu wraps, worst %.1f ms\n", s.cycles,
	       now_s() - start, s.wraps, s.worst * 1e3);
	chaos_config_free(s.cfg);
	chaos_close(s.ctx);
	return 0;
}

static uint32_t domid_of(const char *text)
{
	unsigned long domid = strtoul(text, NULL, 10);

	if (!domid || domid > LAST) {
		errno = ERANGE;
		die(text);
	}
	return domid;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int rc = 2;

	if (argc == 5 && !strcmp(verb, "soak"))
		return soak(argv[2], strtoul(argv[3], NULL, 10),
			    atof(argv[4]));
	if (argc != 3) {
		fprintf(stderr, "usage: domids next|replace|remove DOMID\n");
		return 2;
	}
	env_open();
	if (!strcmp(verb, "next"))
		rc = next(domid_of(argv[2]));
	else if (!strcmp(verb, "replace"))
		rc = replace(domid_of(argv[2]));
	else if (!strcmp(verb, "remove")) {
		domain_destroy(domid_of(argv[2]));
		rc = 0;
	}
	env_close();
	return rc;
}
