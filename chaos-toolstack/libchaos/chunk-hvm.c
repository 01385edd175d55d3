// SPDX-License-Identifier: BSD-2-Clause
/*
 * The state of a PVH guest's vCPUs as Xen hands it out, and its parameters.
 * Xen looks at the values of a record itself when it loads it; what is looked
 * at here is that the records are the ones of such a guest, each once.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/hvm/params.h>
#include <xen/hvm/save.h>

#include "chunk-parts.h"
#include "xen/xen.h"

#define MAX_VARIABLE	16384u	/* XSAVE, MSR: with everything 11 KB */
#define FOUR_GB		(1ull << 32)

struct record {
	bool known, per_vcpu;
	size_t min, max;
};

#define FIXED(type, vcpu) \
	[HVM_SAVE_CODE(type)] = { true, vcpu, HVM_SAVE_LENGTH(type), \
				  HVM_SAVE_LENGTH(type) }

/* Interrupt lines are there although no such guest has a use for them. */
static const struct record records[HVM_SAVE_CODE_MAX + 1] = {
	FIXED(HEADER, false),
	FIXED(CPU, true),
	FIXED(LAPIC, true),
	FIXED(LAPIC_REGS, true),
	FIXED(PCI_IRQ, false),
	FIXED(ISA_IRQ, false),
	FIXED(PCI_LINK, false),
	FIXED(MTRR, true),
	[CPU_XSAVE_CODE] = { true, true, sizeof(struct hvm_hw_cpu_xsave),
			     MAX_VARIABLE },
	FIXED(VMCE_VCPU, true),
	FIXED(TSC_ADJUST, true),
	[CPU_MSR_CODE] = { true, true, sizeof(uint32_t), MAX_VARIABLE },
};

static int check_header(struct chaos__chunk_check *c, const uint8_t *p)
{
	struct hvm_save_header head;

	memcpy(&head, p, sizeof(head));
	if (head.magic != HVM_FILE_MAGIC || head.version != HVM_FILE_VERSION)
		return chaos__chunk_bad(c, "version %u", head.version);
	return 0;
}

static int check_record(struct chaos__chunk_check *c,
			const struct hvm_save_descriptor *d, const uint8_t *p)
{
	const struct record *r;

	if (d->typecode > HVM_SAVE_CODE_MAX || !records[d->typecode].known)
		return chaos__chunk_bad(c, "a record that no such guest has, "
					"type %u", d->typecode);
	r = &records[d->typecode];
	if (d->length < r->min || d->length > r->max)
		return chaos__chunk_bad(c, "a record of type %u cannot be %u "
					"bytes", d->typecode, d->length);
	if (d->instance >= (r->per_vcpu ? c->limits.vcpus : 1u))
		return chaos__chunk_bad(c, "a record of type %u for vCPU %u",
					d->typecode, d->instance);
	return d->typecode == HVM_SAVE_CODE(HEADER) ? check_header(c, p) : 0;
}

int chaos__chunk_context(struct chaos__chunk_check *c, const uint8_t *p,
			 size_t size)
{
	uint32_t key, last = 0;
	struct hvm_save_descriptor d;
	bool cpu = false;
	int rc;

	/* Header first, end last; the types ascend and within one the vCPUs. */
	for (;;) {
		if (size < sizeof(d))
			return chaos__chunk_bad(c, "it has no end");
		memcpy(&d, p, sizeof(d));
		p += sizeof(d);
		size -= sizeof(d);
		if (d.typecode == HVM_SAVE_CODE(END))
			break;
		if (d.length > size)
			return chaos__chunk_bad(c, "a record of type %u ends "
						"behind it", d.typecode);
		rc = check_record(c, &d, p);
		if (rc)
			return rc;
		key = (uint32_t)d.typecode << 16 | d.instance;
		if (last ? key <= last : d.typecode != HVM_SAVE_CODE(HEADER))
			return chaos__chunk_bad(c, "a record of type %u where "
						"none may be", d.typecode);
		cpu |= d.typecode == HVM_SAVE_CODE(CPU);
		last = key;
		p += d.length;
		size -= d.length;
	}
	if (d.instance || d.length || size)
		return chaos__chunk_bad(c, "it goes on behind its end");
	if (!cpu)
		return chaos__chunk_bad(c, "none of its vCPUs is up");
	return 0;
}

static bool is_page(const struct chaos__chunk_check *c, uint64_t addr)
{
	return addr < FOUR_GB && !(addr % CHAOS__PAGE_SIZE) &&
	       chaos__chunk_populated(c, addr >> CHAOS__PAGE_SHIFT);
}

static bool param_ok(const struct chaos__chunk_check *c,
		     const struct chaos__chunk_param *e)
{
	switch (e->index) {
	case HVM_PARAM_CONSOLE_PFN:
		return chaos__chunk_populated(c, e->value);
	case HVM_PARAM_IDENT_PT:
		return is_page(c, e->value);
	case HVM_PARAM_VM86_TSS_SIZED:		/* size << 32 | address */
		return is_page(c, (uint32_t)e->value);
	case HVM_PARAM_X87_FIP_WIDTH:
		return e->value == 4 || e->value == 8;
	default:
		return false;
	}
}

int chaos__chunk_params(struct chaos__chunk_check *c, const uint8_t *p,
			size_t size)
{
	struct chaos__chunk_param e;
	uint64_t next = 0;
	bool console = false;

	if (size % sizeof(e))
		return chaos__chunk_bad(c, "it cannot be %zu bytes", size);
	for (; size; size -= sizeof(e), p += sizeof(e)) {
		memcpy(&e, p, sizeof(e));
		if (e.index < next || !param_ok(c, &e))
			return chaos__chunk_bad(c, "%llu cannot be %#llx here",
						(unsigned long long)e.index,
						(unsigned long long)e.value);
		console |= e.index == HVM_PARAM_CONSOLE_PFN;
		next = e.index + 1;
	}
	return console ? 0 : chaos__chunk_bad(c, "no console");
}
