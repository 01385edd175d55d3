/* SPDX-License-Identifier: BSD-2-Clause */
/* A small PVH guest's chunks and a PV guest's stream, for tests to spoil. */
#ifndef TOOLSTACK_CHUNK_MAKER_H
#define TOOLSTACK_CHUNK_MAKER_H

#include <stdint.h>
#include <string.h>

#include <xen/hvm/params.h>
#include <xen/hvm/save.h>

#include "chunk.h"

#define MAKER_PAGES	100u		/* populated: 0-59, 64-103 */
#define MAKER_HOLE	60u
#define MAKER_BEHIND	64u
#define MAKER_CONSOLE	65u
#define MAKER_IDENT	66u
#define MAKER_MAX	16u		/* chunks */
#define MAKER_BYTES	65536u

struct made_chunk {
	uint32_t type;
	size_t size;
	uint8_t data[MAKER_BYTES];
};

struct made {
	uint32_t vcpus;			/* 0: two */
	uint8_t first;			/* byte of the first page */
	unsigned int nr;
	struct made_chunk chunk[MAKER_MAX];
};

static inline void make_add(struct made *m, uint32_t type, const void *data,
			    size_t size)
{
	struct made_chunk *c = &m->chunk[m->nr++];

	c->type = type;
	c->size = size;
	memcpy(c->data, data, size);
}

static inline void make_more(struct made *m, const void *data, size_t size)
{
	struct made_chunk *c = &m->chunk[m->nr - 1];

	memcpy(c->data + c->size, data, size);
	c->size += size;
}

static inline void make_record(struct made *m, unsigned int type,
			       unsigned int instance, const void *data,
			       size_t size)
{
	struct hvm_save_descriptor d = {
		.typecode = (uint16_t)type,
		.instance = (uint16_t)instance,
		.length = (uint32_t)size,
	};

	make_more(m, &d, sizeof(d));
	make_more(m, data, size);
}

static inline void make_head(struct made *m, bool pvh)
{
	struct chaos__chunk_platform platform = {
		.version = CHAOS__PLATFORM_VERSION,
		.flags = pvh ? CHAOS__PLATFORM_PVH : 0,
		.xen_major = 4, .xen_minor = 17,
		.vcpus = m->vcpus ? m->vcpus : 2,
		.nr_pages = MAKER_PAGES,
	};
	struct chaos__chunk_cpu cpu = { .nr_leaves = 2, .nr_msrs = 1 };
	struct chaos__chunk_leaf leaf[2] = {
		{ .leaf = 1, .subleaf = ~0u, .c = 1 << 26, .d = 1 << 25 },
		{ .leaf = 7, .subleaf = 0, .b = 1 << 5 },
	};
	struct chaos__chunk_msr msr = { .index = 0xce, .value = 1 };

	m->nr = 0;
	make_add(m, CHAOS__CHUNK_PLATFORM, &platform, sizeof(platform));
	make_add(m, CHAOS__CHUNK_CPU, &cpu, sizeof(cpu));
	make_more(m, leaf, sizeof(leaf));
	make_more(m, &msr, sizeof(msr));
}

static inline void make_context(struct made *m)
{
	struct hvm_save_header head = { .magic = HVM_FILE_MAGIC,
					.version = HVM_FILE_VERSION };
	HVM_SAVE_TYPE(CPU) cpu = { .rip = 0x100000 };
	HVM_SAVE_TYPE(LAPIC_REGS) lapic = { { 0 } };

	make_add(m, CHAOS__CHUNK_HVM_CONTEXT, "", 0);
	make_record(m, HVM_SAVE_CODE(HEADER), 0, &head, sizeof(head));
	make_record(m, HVM_SAVE_CODE(CPU), 0, &cpu, sizeof(cpu));
	if (m->vcpus != 1)
		make_record(m, HVM_SAVE_CODE(CPU), 1, &cpu, sizeof(cpu));
	make_record(m, HVM_SAVE_CODE(LAPIC_REGS), 0, &lapic, sizeof(lapic));
	make_record(m, HVM_SAVE_CODE(END), 0, "", 0);
}

static inline void make_pages(struct made *m, uint64_t gfn_a, uint64_t nr_a,
			      uint64_t gfn_b, uint64_t nr_b)
{
	struct chaos__chunk_range r[2] = { { gfn_a, nr_a }, { gfn_b, nr_b } };
	struct chaos__chunk_pages head = {
		.nr_ranges = 2, .nr_pages = (uint32_t)(nr_a + nr_b),
	};
	uint8_t page[4096];
	uint32_t i;

	make_add(m, CHAOS__CHUNK_PAGES, &head, sizeof(head));
	make_more(m, r, sizeof(r));
	for (i = 0; i < nr_a + nr_b; i++) {
		memset(page, (int)(m->first + i + 1), sizeof(page));
		make_more(m, page, sizeof(page));
	}
}

static inline void make_pvh(struct made *m)
{
	struct chaos__chunk_tsc tsc = { .mode = 2, .khz = 1000000 };
	struct chaos__chunk_range memory[2] = {
		{ 0, MAKER_HOLE },
		{ MAKER_BEHIND, MAKER_PAGES - MAKER_HOLE },
	};
	struct chaos__chunk_param param[2] = {
		{ HVM_PARAM_IDENT_PT, MAKER_IDENT << 12 },
		{ HVM_PARAM_CONSOLE_PFN, MAKER_CONSOLE },
	};
	struct chaos__chunk_end end = { MAKER_PAGES, 9, 0 };

	make_head(m, true);
	make_add(m, CHAOS__CHUNK_TSC, &tsc, sizeof(tsc));
	make_add(m, CHAOS__CHUNK_MEMORY, &memory[0], sizeof(memory[0]));
	make_pages(m, 3, 2, MAKER_HOLE - 2, 2);
	make_add(m, CHAOS__CHUNK_MEMORY, &memory[1], sizeof(memory[1]));
	make_pages(m, MAKER_CONSOLE, 2, MAKER_PAGES, 3);
	make_add(m, CHAOS__CHUNK_PARAMS, param, sizeof(param));
	make_context(m);
	make_add(m, CHAOS__CHUNK_END, &end, sizeof(end));
}

static inline void make_pv_record(struct made *m, uint32_t type,
				  const void *data, size_t size)
{
	uint32_t head[2] = { type, (uint32_t)size };
	uint64_t zero = 0;

	make_more(m, head, sizeof(head));
	make_more(m, data, size);
	make_more(m, &zero, -size & 7);
}

static inline void make_pv(struct made *m)
{
	static const uint32_t headers[10] = {
		~0u, ~0u, 0x464e4558, 0x03000000, 0, 0, 1, 12, 4, 17,
	};
	static const uint32_t info[2] = { 0x0408 }, frames[4] = { 0, 99, 98 };
	const uint32_t vcpu[4] = { m->vcpus == 1 ? 0 : 1 };
	struct { uint32_t count, pad; uint64_t pfn[3]; uint8_t p[2][4096]; }
		pages = { 3, 0, { 5, 4ull << 60 | 7, 0xfull << 60 | 8 },
			  { { (uint8_t)(m->first + 1) }, { 2 } } };
	struct chaos__chunk_end end = { 0, 0, 0 };
	uint8_t shared[4096] = { 0 };

	make_head(m, false);
	make_add(m, CHAOS__CHUNK_PV_STREAM, headers, sizeof(headers));
	make_pv_record(m, 0x11, headers, 24);
	make_pv_record(m, 0x10, "", 0);
	make_pv_record(m, 2, info, sizeof(info));
	make_pv_record(m, 3, frames, sizeof(frames));
	make_pv_record(m, 1, &pages, sizeof(pages));
	make_pv_record(m, 7, shared, sizeof(shared));
	make_pv_record(m, 4, vcpu, sizeof(vcpu));
	make_pv_record(m, 0xc, vcpu, 9);
	make_pv_record(m, 0, "", 0);
	end.nr_bytes = m->chunk[m->nr - 1].size;
	make_add(m, CHAOS__CHUNK_END, &end, sizeof(end));
}

#endif
