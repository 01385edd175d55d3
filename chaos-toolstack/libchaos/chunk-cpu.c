// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a guest's CPUs can do.  Xen takes features away from a guest without a
 * word when the host does not have them, so we look before.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chunk-parts.h"

#define NO_SUBLEAF	~0u
#define XSTATE_LEAF	0xdu
#define MAX_NAMED	4u

static const struct {
	uint32_t value;			/* word * 32 + bit */
	const char *name;
} names[] = {
#define XEN_CPUFEATURE(feature, number) { number, #feature },
#include <xen/arch-x86/cpufeatureset.h>
};

/* The words that these numbers count, where they stand in leaves. */
enum reg { A, B, C, D };

/* On AMD's CPUs these say again what word 0 says; a host's list does not. */
#define MIRRORED	0x0183f3ffu
/* These tell a guest what it did itself. */
#define OSXSAVE		(1u << 27)
#define OSPKE		(1u << 4)

static const struct word {
	uint32_t index, leaf, subleaf;
	enum reg reg;
	uint32_t ignore;		/* is about something else */
} words[] = {
	{ 0, 1, NO_SUBLEAF, D, 0 },
	{ 1, 1, NO_SUBLEAF, C, OSXSAVE },
	{ 2, 0x80000001, NO_SUBLEAF, D, MIRRORED },
	{ 3, 0x80000001, NO_SUBLEAF, C, 0 },
	{ 4, XSTATE_LEAF, 1, A, 0 },
	{ 5, 7, 0, B, 0 },
	{ 6, 7, 0, C, OSPKE },
	{ 7, 0x80000007, NO_SUBLEAF, D, 0 },
	{ 8, 0x80000008, NO_SUBLEAF, B, 0 },
	{ 9, 7, 0, D, 0 },
	{ 10, 7, 1, A, 0 },
	{ 11, 0x80000021, NO_SUBLEAF, A, 0 },
	{ 12, 7, 1, B, 0 },
	{ 13, 7, 2, D, 0 },
};

struct leaves {
	const struct chaos__chunk_leaf *leaf;
	uint32_t nr;
};

struct missing {
	char *text;
	size_t size, used;
	unsigned int nr;
};

int chaos__chunk_cpu(struct chaos__chunk_check *c, const uint8_t *p,
		     size_t size)
{
	struct chaos__chunk_leaf leaf;
	struct chaos__chunk_cpu head;
	struct chaos__chunk_msr msr;
	uint64_t next = 0, key;
	uint32_t i;

	memcpy(&head, p, sizeof(head));
	if (head.nr_leaves > CHAOS__MAX_LEAVES ||
	    head.nr_msrs > CHAOS__MAX_MSRS || !head.nr_leaves ||
	    size != sizeof(head) + head.nr_leaves * sizeof(leaf) +
		    head.nr_msrs * sizeof(msr))
		return chaos__chunk_bad(c, "%u leaves, %u MSRs and %zu bytes",
					head.nr_leaves, head.nr_msrs, size);
	p += sizeof(head);
	for (i = 0; i < head.nr_leaves; i++, p += sizeof(leaf)) {
		memcpy(&leaf, p, sizeof(leaf));
		key = (uint64_t)leaf.leaf << 32 | leaf.subleaf;
		if (key < next)
			return chaos__chunk_bad(c, "leaf %#x.%#x where it "
						"cannot be", leaf.leaf,
						leaf.subleaf);
		next = key + 1;
	}
	next = 0;
	for (i = 0; i < head.nr_msrs; i++, p += sizeof(msr)) {
		memcpy(&msr, p, sizeof(msr));
		if (msr.index < next || msr.flags)
			return chaos__chunk_bad(c, "MSR %#x where it cannot "
						"be", msr.index);
		next = msr.index + 1ull;
	}
	return 0;
}

static const struct chaos__chunk_leaf *find_leaf(const struct leaves *l,
						 uint32_t leaf,
						 uint32_t subleaf)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++)
		if (l->leaf[i].leaf == leaf && l->leaf[i].subleaf == subleaf)
			return &l->leaf[i];
	return NULL;
}

static uint32_t bits(const struct leaves *l, uint32_t leaf, uint32_t subleaf,
		     enum reg reg)
{
	const struct chaos__chunk_leaf *f = find_leaf(l, leaf, subleaf);

	if (!f)
		return 0;
	return reg == A ? f->a : reg == B ? f->b : reg == C ? f->c : f->d;
}

static void add_text(struct missing *m, const char *text)
{
	int n;

	if (m->nr++ >= MAX_NAMED)
		return;
	n = snprintf(m->text + m->used, m->size - m->used, "%s%s",
		     m->used ? ", " : "", text);
	m->used += (size_t)n;
	if (m->used >= m->size)
		m->used = m->size - 1;
}

static void add_bit(struct missing *m, uint32_t value)
{
	char number[32];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].value == value) {
			add_text(m, names[i].name);
			return;
		}
	}
	snprintf(number, sizeof(number), "feature %u.%u", value / 32,
		 value % 32);
	add_text(m, number);
}

static void compare_word(struct missing *m, const struct word *w,
			 const struct leaves *want, const struct leaves *have)
{
	uint32_t lost = bits(want, w->leaf, w->subleaf, w->reg) &
			~bits(have, w->leaf, w->subleaf, w->reg) & ~w->ignore;
	unsigned int bit;

	for (; lost; lost &= lost - 1) {
		bit = (unsigned int)__builtin_ctz(lost);
		add_bit(m, w->index * 32 + bit);
	}
}

int chaos__chunk_cpu_fits(const struct chaos__chunk_leaf *want, uint32_t nr_want,
			  const struct chaos__chunk_leaf *have, uint32_t nr_have,
			  char *why, size_t size)
{
	struct leaves w = { want, nr_want }, h = { have, nr_have };
	struct missing m = { .text = why, .size = size };
	char more[32];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		compare_word(&m, &words[i], &w, &h);
	if ((bits(&w, XSTATE_LEAF, 0, A) & ~bits(&h, XSTATE_LEAF, 0, A)) ||
	    (bits(&w, XSTATE_LEAF, 0, D) & ~bits(&h, XSTATE_LEAF, 0, D)))
		add_text(&m, "registers of XSAVE");
	if (!m.nr)
		return 0;
	if (m.nr > MAX_NAMED) {
		snprintf(more, sizeof(more), " and %u more", m.nr - MAX_NAMED);
		snprintf(why + m.used, size - m.used, "%s", more);
	}
	return -EOPNOTSUPP;
}
