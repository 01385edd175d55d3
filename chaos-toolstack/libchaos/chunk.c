// SPDX-License-Identifier: BSD-2-Clause
/* The check of a saved domain: which chunk may come when. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chunk-parts.h"

#define BIT(type) (1u << ((type) - CHAOS__CHUNK_PLATFORM))

struct kind {
	const char *name;
	size_t min, max;
	int (*check)(struct chaos__chunk_check *c, const uint8_t *p,
		     size_t size);
	uint32_t then[2];		/* PV, PVH: what may follow */
};

int chaos__chunk_bad(struct chaos__chunk_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->why, sizeof(c->why), format, ap);
	va_end(ap);
	return -EPROTO;
}

static int check_platform(struct chaos__chunk_check *c, const uint8_t *p,
			  size_t size)
{
	struct chaos__chunk_platform head;
	bool pvh;

	(void)size;
	memcpy(&head, p, sizeof(head));
	if (head.version != CHAOS__PLATFORM_VERSION)
		return chaos__chunk_bad(c, "a version of it, %u, that this "
					"chaos does not know", head.version);
	if ((head.flags & ~CHAOS__PLATFORM_FLAGS) || head.pad)
		return chaos__chunk_bad(c, "unknown flags");
	pvh = head.flags & CHAOS__PLATFORM_PVH;
	if (pvh != c->limits.pvh)
		return chaos__chunk_bad(c, "it is of a %s guest, the "
					"configuration of a %s one",
					pvh ? "PVH" : "PV",
					c->limits.pvh ? "PVH" : "PV");
	if (head.vcpus != c->limits.vcpus)
		return chaos__chunk_bad(c, "%u vCPUs, the configuration says "
					"%u", head.vcpus, c->limits.vcpus);
	if (!head.nr_pages || head.nr_pages > c->limits.max_pages)
		return chaos__chunk_bad(c, "%llu pages, the configuration "
					"allows %llu",
					(unsigned long long)head.nr_pages,
					(unsigned long long)
					c->limits.max_pages);
	return 0;
}

static int check_tsc(struct chaos__chunk_check *c, const uint8_t *p,
		     size_t size)
{
	struct chaos__chunk_tsc tsc;

	(void)size;
	memcpy(&tsc, p, sizeof(tsc));
	if (tsc.mode > 3 || tsc.pad || !tsc.khz)
		return chaos__chunk_bad(c, "mode %u, %u kHz", tsc.mode,
					tsc.khz);
	return 0;
}

static int check_end(struct chaos__chunk_check *c, const uint8_t *p,
		     size_t size)
{
	struct chaos__chunk_end end;

	(void)size;
	memcpy(&end, p, sizeof(end));
	if (memcmp(&end, &c->sum, sizeof(end)))
		return chaos__chunk_bad(c, "chunks are missing");
	return c->limits.pvh ? 0 : chaos__chunk_stream_end(c);
}

#define AFTER_MEMORY (BIT(CHAOS__CHUNK_MEMORY) | BIT(CHAOS__CHUNK_PAGES) | \
		      BIT(CHAOS__CHUNK_PARAMS))

#define FIXED(type) sizeof(struct type), sizeof(struct type)

static const struct kind kinds[] = {
	[CHAOS__CHUNK_PLATFORM - CHAOS__CHUNK_PLATFORM] = {
		"platform", FIXED(chaos__chunk_platform), check_platform,
		{ BIT(CHAOS__CHUNK_CPU), BIT(CHAOS__CHUNK_CPU) } },
	[CHAOS__CHUNK_CPU - CHAOS__CHUNK_PLATFORM] = {
		"CPU", sizeof(struct chaos__chunk_cpu), CHAOS__CHUNK_MAX,
		chaos__chunk_cpu,
		{ BIT(CHAOS__CHUNK_PV_STREAM), BIT(CHAOS__CHUNK_TSC) } },
	[CHAOS__CHUNK_TSC - CHAOS__CHUNK_PLATFORM] = {
		"TSC", FIXED(chaos__chunk_tsc), check_tsc,
		{ 0, BIT(CHAOS__CHUNK_MEMORY) } },
	[CHAOS__CHUNK_MEMORY - CHAOS__CHUNK_PLATFORM] = {
		"memory", sizeof(struct chaos__chunk_range),
		CHAOS__MAX_RANGES * sizeof(struct chaos__chunk_range),
		chaos__chunk_memory,
		{ 0, AFTER_MEMORY } },
	[CHAOS__CHUNK_PAGES - CHAOS__CHUNK_PLATFORM] = {
		"pages", sizeof(struct chaos__chunk_pages), CHAOS__CHUNK_MAX,
		chaos__chunk_pages,
		{ 0, AFTER_MEMORY } },
	[CHAOS__CHUNK_PARAMS - CHAOS__CHUNK_PLATFORM] = {
		"parameters", sizeof(struct chaos__chunk_param),
		CHAOS__MAX_PARAMS * sizeof(struct chaos__chunk_param),
		chaos__chunk_params,
		{ 0, BIT(CHAOS__CHUNK_HVM_CONTEXT) } },
	[CHAOS__CHUNK_HVM_CONTEXT - CHAOS__CHUNK_PLATFORM] = {
		"HVM context", 1, CHAOS__MAX_CONTEXT, chaos__chunk_context,
		{ 0, BIT(CHAOS__CHUNK_END) } },
	[CHAOS__CHUNK_PV_STREAM - CHAOS__CHUNK_PLATFORM] = {
		"PV stream", 1, CHAOS__MAX_STREAM_PART, chaos__chunk_stream,
		{ BIT(CHAOS__CHUNK_PV_STREAM) | BIT(CHAOS__CHUNK_END), 0 } },
	[CHAOS__CHUNK_END - CHAOS__CHUNK_PLATFORM] = {
		"end", FIXED(chaos__chunk_end), check_end, { 0, 0 } },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

void chaos__chunk_check_init(struct chaos__chunk_check *c,
			     const struct chaos__chunk_limits *limits)
{
	memset(c, 0, sizeof(*c));
	c->limits = *limits;
	c->expect = BIT(CHAOS__CHUNK_PLATFORM);
}

static void prefix(struct chaos__chunk_check *c, const char *name)
{
	char text[sizeof(c->why)];

	memcpy(text, c->why, sizeof(text));
	snprintf(c->why, sizeof(c->why), "chunk \"%s\": %.*s", name,
		 (int)(sizeof(c->why) - 32), text);
}

int chaos__chunk_check_next(struct chaos__chunk_check *c, uint32_t type,
			    const void *data, size_t size)
{
	uint32_t i = type - CHAOS__CHUNK_PLATFORM;
	const struct kind *k;
	int rc;

	if (i >= NR_KINDS)
		return chaos__chunk_bad(c, "unknown chunk, type %#x", type);
	k = &kinds[i];
	if (!(c->expect & 1u << i))
		rc = chaos__chunk_bad(c, "it is not its turn");
	else if (size < k->min || size > k->max)
		rc = chaos__chunk_bad(c, "it cannot be %zu bytes", size);
	else
		rc = k->check(c, data, size);
	if (rc == -EPROTO)
		prefix(c, k->name);
	if (!rc)
		c->expect = k->then[c->limits.pvh];
	return rc;
}

int chaos__chunk_check_end(struct chaos__chunk_check *c)
{
	return c->expect ? chaos__chunk_bad(c, "it ends too early") : 0;
}

void chaos__chunk_check_fini(struct chaos__chunk_check *c)
{
	free(c->range);
	c->range = NULL;
	free(c->pv);
	c->pv = NULL;
}
