// SPDX-License-Identifier: BSD-2-Clause
/*
 * The check of a saved domain: the good ones pass, each way to spoil them is
 * refused with a reason, and no bytes at all make it read where it may not.
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunk_maker.h"
#include "fail.h"

static struct made m;

static const struct chaos__chunk_limits pvh_limits = {
	.pvh = true, .vcpus = 2, .max_pages = MAKER_PAGES,
};
static const struct chaos__chunk_limits pv_limits = {
	.vcpus = 2, .max_pages = MAKER_PAGES,
};

static char why[160];

/* Each payload at the end of memory of its own, so that reading on shows. */
static int check(const struct chaos__chunk_limits *limits)
{
	struct chaos__chunk_check c;
	unsigned int i;
	uint8_t *copy;
	int rc = 0;

	chaos__chunk_check_init(&c, limits);
	for (i = 0; !rc && i < m.nr; i++) {
		copy = aligned_alloc(1, m.chunk[i].size + !m.chunk[i].size);
		assert_non_null(copy);
		memcpy(copy, m.chunk[i].data, m.chunk[i].size);
		rc = chaos__chunk_check_next(&c, m.chunk[i].type, copy,
					     m.chunk[i].size);
		free(copy);
	}
	if (!rc)
		rc = chaos__chunk_check_end(&c);
	memcpy(why, c.why, sizeof(why));
	chaos__chunk_check_fini(&c);
	assert_true(!rc || rc == -EPROTO || rc == -ENOMEM);
	assert_true(rc != -EPROTO || why[0]);
	return rc;
}

static int setup(void **state)
{
	(void)state;
	fail_never();
	why[0] = '\0';
	return 0;
}

static void refused(const struct chaos__chunk_limits *limits, const char *text)
{
	assert_int_equal(check(limits), -EPROTO);
	if (!strstr(why, text))
		fail_msg("'%s' says nothing of '%s'", why, text);
}

static void test_good(void **state)
{
	(void)state;
	make_pvh(&m);
	if (check(&pvh_limits))
		fail_msg("%s", why);
	make_pv(&m);
	if (check(&pv_limits))
		fail_msg("%s", why);
}

/* However the stream is cut into chunks. */
static void test_pv_parts(void **state)
{
	static const size_t parts[] = { 1, 3, 7, 8, 11, 40, 1000, 4096 };
	struct chaos__chunk_check c;
	struct made_chunk *s;
	size_t i, at, n;

	(void)state;
	make_pv(&m);
	s = &m.chunk[2];
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		chaos__chunk_check_init(&c, &pv_limits);
		for (at = 0; at < 2; at++)
			assert_int_equal(chaos__chunk_check_next(&c,
				m.chunk[at].type, m.chunk[at].data,
				m.chunk[at].size), 0);
		for (at = 0; at < s->size; at += n) {
			n = s->size - at < parts[i] ? s->size - at : parts[i];
			assert_int_equal(chaos__chunk_check_next(&c, s->type,
						s->data + at, n), 0);
		}
		assert_int_equal(chaos__chunk_check_next(&c, m.chunk[3].type,
					m.chunk[3].data, m.chunk[3].size), 0);
		assert_int_equal(chaos__chunk_check_end(&c), 0);
		chaos__chunk_check_fini(&c);
	}
}

/* Each chunk left out, doubled, cut short by any number of bytes, longer. */
static void spoil_chunks(void (*make)(struct made *),
			 const struct chaos__chunk_limits *limits)
{
	unsigned int i, nr;
	size_t size;

	make(&m);
	nr = m.nr;
	for (i = 0; i < nr; i++) {
		make(&m);
		memmove(&m.chunk[i], &m.chunk[i + 1],
			(nr - i - 1) * sizeof(m.chunk[0]));
		m.nr--;
		assert_int_equal(check(limits), -EPROTO);
		make(&m);
		memmove(&m.chunk[i + 1], &m.chunk[i],
			(nr - i) * sizeof(m.chunk[0]));
		m.nr++;
		assert_int_equal(check(limits), -EPROTO);
		make(&m);
		m.chunk[i].size++;
		assert_int_equal(check(limits), -EPROTO);
		size = m.chunk[i].size - 1;
		while (size) {
			size -= size > 600 ? 97 : 1;
			m.chunk[i].size = size;
			assert_int_equal(check(limits), -EPROTO);
		}
	}
	make(&m);
	m.chunk[nr - 1].type = CHAOS__CHUNK_END + 1;
	refused(limits, "unknown");
	m.chunk[nr - 1].type = 7;
	refused(limits, "unknown");
}

static void test_chunks(void **state)
{
	(void)state;
	spoil_chunks(make_pvh, &pvh_limits);
	spoil_chunks(make_pv, &pv_limits);
}

#define PART(i, type, member) (((struct type *)m.chunk[i].data)->member)

static void test_platform(void **state)
{
	struct chaos__chunk_limits other = pvh_limits;

	(void)state;
	make_pvh(&m);
	refused(&pv_limits, "PVH");
	other.vcpus = 3;
	refused(&other, "2 vCPUs");
	other = pvh_limits;
	other.max_pages--;
	refused(&other, "allows 99");
	PART(0, chaos__chunk_platform, version) = 2;
	refused(&pvh_limits, "version of it, 2");
	make_pvh(&m);
	PART(0, chaos__chunk_platform, flags) |= 2;
	refused(&pvh_limits, "flags");
	make_pvh(&m);
	PART(0, chaos__chunk_platform, pad) = 1;
	refused(&pvh_limits, "flags");
	make_pvh(&m);
	PART(0, chaos__chunk_platform, nr_pages)--;
	assert_int_equal(check(&pvh_limits), 0);	/* it is a hint */
	PART(0, chaos__chunk_platform, nr_pages) = 0;
	refused(&pvh_limits, "0 pages");
	make_pvh(&m);
	PART(2, chaos__chunk_tsc, mode) = 4;
	refused(&pvh_limits, "mode 4");
}

static void test_memory(void **state)
{
	static const struct chaos__chunk_range bad[] = {
		{ 0, 0 }, { 60, 40 }, { 59, 40 }, { CHAOS__MAX_GFN, 40 },
		{ CHAOS__MAX_GFN - 39, 40 }, { ~0ull, 40 }, { 64, ~0ull },
		{ ~0ull - 38, 40 }, { 64, 41 }, { 64, 39 }, { 3, 40 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_pvh(&m);
		memcpy(m.chunk[5].data, &bad[i], sizeof(bad[i]));
		assert_int_equal(check(&pvh_limits), -EPROTO);
	}
}

static void test_pages(void **state)
{
	static const struct chaos__chunk_range bad[] = {
		{ 58, 3 }, { 4, 2 }, { 60, 2 }, { 62, 2 }, { 63, 2 },
		{ 103, 2 }, { 104, 2 }, { ~0ull, 2 }, { 58, 1 }, { 58, 0 },
		{ 58, ~0ull }, { 58, 1ull << 32 | 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_pvh(&m);
		memcpy(m.chunk[4].data + sizeof(struct chaos__chunk_pages) +
		       sizeof(bad[i]), &bad[i], sizeof(bad[i]));
		assert_int_equal(check(&pvh_limits), -EPROTO);
	}
	make_pvh(&m);
	PART(4, chaos__chunk_pages, nr_ranges) = ~0u;
	refused(&pvh_limits, "ranges");
	PART(4, chaos__chunk_pages, nr_ranges) = 2;
	PART(4, chaos__chunk_pages, nr_pages) = 0x80000004;
	refused(&pvh_limits, "ranges");
	/* The same pages again, by the next chunk. */
	make_pvh(&m);
	memcpy(&m.chunk[6], &m.chunk[4], sizeof(m.chunk[4]));
	refused(&pvh_limits, "not behind");
}

static void put_param(unsigned int i, uint64_t index, uint64_t value)
{
	struct chaos__chunk_param p = { index, value };

	memcpy(m.chunk[7].data + i * sizeof(p), &p, sizeof(p));
}

static void test_params(void **state)
{
	static const struct chaos__chunk_param bad[] = {
		{ HVM_PARAM_CONSOLE_PFN, MAKER_HOLE },
		{ HVM_PARAM_CONSOLE_PFN, 1ull << 52 },
		{ HVM_PARAM_CONSOLE_EVTCHN, 1 },
		{ HVM_PARAM_IDENT_PT, MAKER_IDENT << 12 },
		{ HVM_PARAM_VM86_TSS_SIZED, 1ull << 32 | MAKER_HOLE << 12 },
		{ HVM_PARAM_X87_FIP_WIDTH, 4 }, { 1ull << 32, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_pvh(&m);
		put_param(1, bad[i].index, bad[i].value);
		assert_int_equal(check(&pvh_limits), -EPROTO);
	}
	make_pvh(&m);
	put_param(0, HVM_PARAM_IDENT_PT, (MAKER_IDENT << 12) + 1);
	refused(&pvh_limits, "parameters");
	put_param(0, HVM_PARAM_IDENT_PT, 1ull << 32 | MAKER_IDENT << 12);
	refused(&pvh_limits, "parameters");
}

static void spoil_context(size_t at, size_t size, uint32_t value)
{
	make_pvh(&m);
	memcpy(m.chunk[8].data + at, &value, size);
	assert_int_equal(check(&pvh_limits), -EPROTO);
}

static void test_context(void **state)
{
	size_t head = sizeof(struct hvm_save_descriptor);
	size_t cpu = head + HVM_SAVE_LENGTH(HEADER);
	size_t second = cpu + head + HVM_SAVE_LENGTH(CPU);

	(void)state;
	spoil_context(0, 2, 2);			/* first is no header */
	spoil_context(head, 4, 0);		/* magic */
	spoil_context(head + 4, 4, 2);		/* version */
	spoil_context(cpu, 2, 21);		/* no such type */
	spoil_context(cpu, 2, HVM_SAVE_CODE(PIC));
	spoil_context(cpu, 2, HVM_SAVE_CODE(MTRR));	/* wrong length */
	spoil_context(cpu + 2, 2, 1);		/* the same twice */
	spoil_context(second + 2, 2, 0);
	spoil_context(second + 2, 2, 2);	/* no such vCPU */
	spoil_context(cpu + 4, 4, ~0u);		/* length */
	spoil_context(cpu + 4, 4, HVM_SAVE_LENGTH(CPU) - 1);
	spoil_context(cpu, 2, 0);		/* ends early */
}

static void test_cpu(void **state)
{
	struct chaos__chunk_leaf *leaf = (void *)(m.chunk[1].data +
						  sizeof(struct chaos__chunk_cpu));
	struct chaos__chunk_msr *msr = (void *)(leaf + 2);

	(void)state;
	make_pvh(&m);
	leaf[1] = leaf[0];
	refused(&pvh_limits, "leaf 0x1");
	make_pvh(&m);
	msr->flags = 1;
	refused(&pvh_limits, "MSR 0xce");
	make_pvh(&m);
	PART(1, chaos__chunk_cpu, nr_leaves) = ~0u;
	refused(&pvh_limits, "leaves");
	PART(1, chaos__chunk_cpu, nr_leaves) = 0;
	refused(&pvh_limits, "leaves");
}

/* A host that lacks what the guest saw is named with what it lacks. */
static void test_cpu_fits(void **state)
{
	struct chaos__chunk_leaf want[5] = {
		{ 1, ~0u, 0, 0, 1u << 26 | 1u << 27, 1u << 25 },
		{ 7, 0, 0, 1u << 5 | 1u << 16, 0, 0 },
		{ 0xd, 0, 7, 0, 0, 0 },
		{ 0xd, 1, 1, 0, 0, 0 },
		{ 0x80000001, ~0u, 0, 0, 0, 1u << 0 | 1u << 29 },
	};
	struct chaos__chunk_leaf have[5];
	char text[128];

	(void)state;
	memcpy(have, want, sizeof(have));
	assert_int_equal(chaos__chunk_cpu_fits(want, 5, have, 5, text,
					       sizeof(text)), 0);
	have[0].c = 1u << 26;			/* OSXSAVE is the guest's */
	have[0].d = ~0u;
	have[4].d = 1u << 29;			/* said twice on AMD */
	assert_int_equal(chaos__chunk_cpu_fits(want, 5, have, 5, text,
					       sizeof(text)), 0);
	have[1].b = 1u << 5;
	assert_int_equal(chaos__chunk_cpu_fits(want, 5, have, 5, text,
					       sizeof(text)), -EOPNOTSUPP);
	assert_string_equal(text, "AVX512F");
	have[0].c = 0;
	have[2].a = 3;
	assert_int_equal(chaos__chunk_cpu_fits(want, 5, have, 5, text,
					       sizeof(text)), -EOPNOTSUPP);
	assert_string_equal(text, "XSAVE, AVX512F, registers of XSAVE");
	/* All are missing; the text has an end, however little room. */
	assert_int_equal(chaos__chunk_cpu_fits(want, 5, have, 0, text,
					       sizeof(text)), -EOPNOTSUPP);
	assert_non_null(strstr(text, " and "));
	assert_int_equal(chaos__chunk_cpu_fits(want, 5, have, 0, text, 10),
			 -EOPNOTSUPP);
	assert_int_equal(strlen(text), 9);
}

static void spoil_stream(size_t at, size_t size, uint64_t value)
{
	make_pv(&m);
	memcpy(m.chunk[2].data + at, &value, size);
	assert_int_equal(check(&pv_limits), -EPROTO);
}

static void test_stream(void **state)
{
	const size_t policy = 40, sdend = policy + 8 + 24, info = sdend + 8,
		     frames = info + 16, pages = frames + 24,
		     shared = pages + 8 + 32 + 8192, vcpu = shared + 8 + 4096;

	(void)state;
	spoil_stream(0, 1, 0);
	spoil_stream(8, 1, 0);
	spoil_stream(12, 4, 0x04000000);
	spoil_stream(16, 1, 1);			/* big endian */
	spoil_stream(24, 1, 2);			/* HVM */
	spoil_stream(28, 1, 13);
	spoil_stream(policy, 4, 0x13);
	spoil_stream(policy, 4, 0x80000013);
	spoil_stream(policy, 4, 0xe);		/* checkpoint */
	spoil_stream(policy, 4, 9);		/* HVM context */
	spoil_stream(policy + 4, 4, ~0u);
	spoil_stream(info + 8, 1, 5);
	spoil_stream(info, 4, 0x10);		/* twice */
	spoil_stream(frames + 8, 4, 1);
	spoil_stream(frames + 12, 4, ~0u);
	spoil_stream(pages + 8, 4, 0);
	spoil_stream(pages + 8, 4, 1025);
	spoil_stream(pages + 8, 4, 2);
	spoil_stream(pages + 16, 8, 1ull << 51);
	spoil_stream(pages + 16, 8, 1ull << 55 | 5);
	spoil_stream(pages + 16, 8, 0xdull << 60 | 5);
	spoil_stream(shared + 4, 4, 4088);
	spoil_stream(vcpu + 8, 4, 2);
	spoil_stream(vcpu, 4, 5);		/* no BASIC */
}

/* Any bytes changed: passes or is refused, and memory stays whole. */
static void test_noise(void **state)
{
	unsigned int seed = 1, i, n;
	struct made_chunk *k;

	(void)state;
	for (i = 0; i < 20000; i++) {
		if (i & 1)
			make_pvh(&m);
		else
			make_pv(&m);
		for (n = 1 + (unsigned int)rand_r(&seed) % 3; n; n--) {
			k = &m.chunk[(unsigned int)rand_r(&seed) % m.nr];
			k->data[(unsigned int)rand_r(&seed) %
				(k->size < 300 ? k->size : 300)] =
				(uint8_t)rand_r(&seed);
		}
		check(i & 1 ? &pvh_limits : &pv_limits);
	}
}

static void test_no_memory(void **state)
{
	int rc;

	(void)state;
	make_pv(&m);
	fail_nth(1);
	rc = check(&pv_limits);
	assert_true(fail_happened());
	assert_int_equal(rc, -ENOMEM);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good), T(test_pv_parts), T(test_chunks),
		T(test_platform), T(test_memory), T(test_pages),
		T(test_params), T(test_context), T(test_cpu),
		T(test_cpu_fits), T(test_stream), T(test_noise),
		T(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
