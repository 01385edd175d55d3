// SPDX-License-Identifier: BSD-2-Clause
/*
 * The first vCPU of a PVH guest: 32-bit flat protected mode without paging,
 * at the kernel's entry, with the start info in ebx (the PVH boot ABI of
 * Xen's docs/misc/pvh.pandoc).  One hypercall: the records are made here, not
 * fetched and changed, because a new vCPU's state is known.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* After <xenctrl.h>, which asks for the toolstack's half of Xen's headers. */
#include <xen/hvm/save.h>

#define CR0_PE		(1u << 0)
#define CR0_ET		(1u << 4)
#define DR6_RESET	0xffff0ff0u
#define DR7_RESET	0x400u
#define PAT_RESET	0x0007040600070406ull
#define MTRR_WB		6u
#define MTRR_ENABLE	(1u << 11)
#define MTRR_CAP	((1u << 10) | (1u << 8) | 8u)	/* WC, fixed, 8 var. */

/* Segment attributes as in a descriptor: present, S, type, D/B, G. */
#define AR_CODE		0xc9bu
#define AR_DATA		0xc93u
#define AR_TSS		0x08bu


static void describe(struct hvm_save_descriptor *d, unsigned int type,
		     unsigned int instance, size_t length)
{
	d->typecode = (uint16_t)type;
	d->instance = (uint16_t)instance;
	d->length = (uint32_t)length;
}

static void fill_header(HVM_SAVE_TYPE(HEADER) *h)
{
	unsigned int eax = 0, ebx, ecx, edx;

	__get_cpuid(1, &eax, &ebx, &ecx, &edx);
	h->magic = HVM_FILE_MAGIC;
	h->version = HVM_FILE_VERSION;
	h->cpuid = eax;
	h->gtsc_khz = 0;	/* what Xen gave the domain */
}

static void fill_cpu(HVM_SAVE_TYPE(CPU) *c, uint32_t entry, uint64_t info)
{
	c->cs_limit = ~0u;
	c->ds_limit = ~0u;
	c->es_limit = ~0u;
	c->ss_limit = ~0u;
	c->tr_limit = 0x67;
	c->cs_arbytes = AR_CODE;
	c->ds_arbytes = AR_DATA;
	c->es_arbytes = AR_DATA;
	c->ss_arbytes = AR_DATA;
	c->tr_arbytes = AR_TSS;
	c->cr0 = CR0_PE | CR0_ET;
	c->dr6 = DR6_RESET;
	c->dr7 = DR7_RESET;
	c->rip = entry;
	c->rbx = info;
}

static void fill_mtrr(HVM_SAVE_TYPE(MTRR) *m)
{
	m->msr_pat_cr = PAT_RESET;
	m->msr_mtrr_cap = MTRR_CAP;
	m->msr_mtrr_def_type = MTRR_WB | MTRR_ENABLE;
}

static void *put(uint8_t **pos, unsigned int type, unsigned int instance,
		 size_t length)
{
	void *record = *pos + sizeof(struct hvm_save_descriptor);

	describe((struct hvm_save_descriptor *)*pos, type, instance, length);
	*pos += sizeof(struct hvm_save_descriptor) + length;
	return record;
}

int chaos__xen_pvh_vcpu(struct chaos__xen *xen, uint32_t domid, uint32_t vcpus,
			uint32_t entry, uint64_t start_info)
{
	size_t desc = sizeof(struct hvm_save_descriptor);
	size_t size = 3 * desc + HVM_SAVE_LENGTH(HEADER) +
		      HVM_SAVE_LENGTH(CPU) +
		      vcpus * (desc + HVM_SAVE_LENGTH(MTRR));
	uint8_t *buf, *pos;
	uint32_t i;
	int rc = 0;

	buf = calloc(1, size);
	if (!buf)
		return -ENOMEM;
	pos = buf;
	fill_header(put(&pos, HVM_SAVE_CODE(HEADER), 0,
			HVM_SAVE_LENGTH(HEADER)));
	for (i = 0; i < vcpus; i++)
		fill_mtrr(put(&pos, HVM_SAVE_CODE(MTRR), i,
			      HVM_SAVE_LENGTH(MTRR)));
	/* Loading takes all vCPUs down; the CPU record brings this one up. */
	fill_cpu(put(&pos, HVM_SAVE_CODE(CPU), 0, HVM_SAVE_LENGTH(CPU)), entry,
		 start_info);
	put(&pos, HVM_SAVE_CODE(END), 0, 0);
	if (xc_domain_hvm_setcontext(xen->xch, domid, buf, (uint32_t)size))
		rc = chaos__xen_errno(xen);
	free(buf);
	return rc;
}
