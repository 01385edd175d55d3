// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ACPI tables of a PVH guest, after the ACPI specification 5.0 (the first
 * with a hardware-reduced platform, which is what a PVH guest is: it has none
 * of the PC's power management registers, interrupt controllers and timers).
 *
 * Without \_S5 in the DSDT a kernel that powers off halts its CPUs with
 * interrupts disabled; Xen takes the last one doing so for a shutdown.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "acpi.h"
#include "xen/xen.h"

#define LAPIC_PADDR	0xfee00000u

/* FADT: what is not there, and the power states that always are. */
#define BOOT_NO_VGA		(1u << 2)
#define BOOT_NO_CMOS_RTC	(1u << 5)
#define FIXED_WBINVD		(1u << 0)
#define FIXED_C1		(1u << 2)
#define FIXED_NO_POWER_BUTTON	(1u << 4)
#define FIXED_NO_SLEEP_BUTTON	(1u << 5)
#define FIXED_NO_RTC_WAKE	(1u << 6)
#define FIXED_HEADLESS		(1u << 12)
#define FIXED_HW_REDUCED	(1u << 20)
#define LATENCY_NO_C2		101u
#define LATENCY_NO_C3		1001u

#define MADT_LOCAL_APIC		0u
#define LOCAL_APIC_ENABLED	(1u << 0)

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	uint8_t checksum;		/* of the part before length */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;	/* of all */
	uint8_t reserved[3];
} __attribute__((packed));

struct xsdt {
	struct header header;
	uint64_t fadt, madt;
} __attribute__((packed));

struct address {
	uint8_t space, bit_width, bit_offset, access_size;
	uint64_t address;
} __attribute__((packed));

struct fadt {
	struct header header;
	uint32_t facs, dsdt;
	uint8_t reserved0, profile;
	uint16_t sci;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr;
	uint32_t gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, cst_cnt;
	uint16_t c2_latency_us, c3_latency_us;
	uint16_t flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot;
	uint8_t reserved1;
	uint32_t fixed;
	struct address reset;
	uint8_t reset_value, reserved2[3];
	uint64_t x_facs, x_dsdt;
	struct address x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt;
	struct address x_pm2_cnt, x_pm_tmr, x_gpe0, x_gpe1;
	struct address sleep_control, sleep_status;
} __attribute__((packed));

struct lapic {
	uint8_t type, length;
	uint8_t processor, apic;
	uint32_t flags;
} __attribute__((packed));

struct madt {
	struct header header;
	uint32_t lapic_paddr;
	uint32_t flags;			/* no 8259s beside the APICs */
	struct lapic lapic[CHAOS__ACPI_MAX_VCPUS];
} __attribute__((packed));

#define TABLE __attribute__((aligned(16)))

struct tables {
	struct rsdp rsdp TABLE;
	struct xsdt xsdt TABLE;
	struct fadt fadt TABLE;
	struct header dsdt TABLE;
	struct madt madt TABLE;
};

_Static_assert(sizeof(struct header) == 36, "header");
_Static_assert(sizeof(struct rsdp) == 36, "RSDP");
_Static_assert(offsetof(struct rsdp, length) == 20, "RSDP of ACPI 1.0");
_Static_assert(offsetof(struct fadt, boot) == 109, "FADT");
_Static_assert(offsetof(struct fadt, fixed) == 112, "FADT");
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "FADT");
_Static_assert(sizeof(struct fadt) == 268, "FADT");
_Static_assert(sizeof(struct lapic) == 8, "local APIC");
_Static_assert(offsetof(struct madt, lapic) == 44, "MADT");
_Static_assert(sizeof(struct tables) <= CHAOS__PAGE_SIZE, "one page");
_Static_assert(2 * (CHAOS__ACPI_MAX_VCPUS - 1) < 255, "8-bit APIC ids");

/* Makes the bytes add up to 0; the checksum among them is 0 before. */
static uint8_t checksum(const void *table, size_t length)
{
	const uint8_t *p = table;
	uint8_t sum = 0;

	while (length--)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

/* After the rest of the table. */
static void finish(struct header *h, const char *signature, uint8_t revision,
		   size_t length)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	h->length = (uint32_t)length;
	h->revision = revision;
	memcpy(h->oem_id, "NOXS  ", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "PVH     ", sizeof(h->oem_table_id));
	h->oem_revision = 1;
	memcpy(h->creator_id, "CHAO", sizeof(h->creator_id));
	h->creator_revision = 1;
	h->checksum = checksum(h, length);
}

static void put_rsdp(struct rsdp *r, uint64_t xsdt)
{
	memcpy(r->signature, "RSD PTR ", sizeof(r->signature));
	memcpy(r->oem_id, "NOXS  ", sizeof(r->oem_id));
	r->revision = 2;
	r->length = sizeof(*r);
	r->xsdt = xsdt;
	r->checksum = checksum(r, offsetof(struct rsdp, length));
	r->extended_checksum = checksum(r, sizeof(*r));
}

static void put_fadt(struct fadt *f, uint64_t dsdt)
{
	f->dsdt = (uint32_t)dsdt;
	f->x_dsdt = dsdt;
	f->c2_latency_us = LATENCY_NO_C2;
	f->c3_latency_us = LATENCY_NO_C3;
	f->boot = BOOT_NO_VGA | BOOT_NO_CMOS_RTC;
	f->fixed = FIXED_WBINVD | FIXED_C1 | FIXED_NO_POWER_BUTTON |
		   FIXED_NO_SLEEP_BUTTON | FIXED_NO_RTC_WAKE | FIXED_HEADLESS |
		   FIXED_HW_REDUCED;
	finish(&f->header, "FACP", 5, sizeof(*f));
}

static void put_madt(struct madt *m, uint32_t vcpus)
{
	uint32_t i;

	m->lapic_paddr = LAPIC_PADDR;
	for (i = 0; i < vcpus; i++) {
		m->lapic[i].type = MADT_LOCAL_APIC;
		m->lapic[i].length = sizeof(m->lapic[i]);
		/* Linux takes it for Xen's number of the vCPU. */
		m->lapic[i].processor = (uint8_t)i;
		m->lapic[i].apic = (uint8_t)(2 * i);
		m->lapic[i].flags = LOCAL_APIC_ENABLED;
	}
	finish(&m->header, "APIC", 3, offsetof(struct madt, lapic) +
				      vcpus * sizeof(m->lapic[0]));
}

int chaos__acpi_build(void *page, uint64_t paddr, uint32_t vcpus)
{
	struct tables *t = page;

	if (!vcpus || vcpus > CHAOS__ACPI_MAX_VCPUS)
		return -EINVAL;
	if (paddr % CHAOS__PAGE_SIZE || paddr >> 32)
		return -EINVAL;
	memset(page, 0, CHAOS__PAGE_SIZE);
	put_rsdp(&t->rsdp, paddr + offsetof(struct tables, xsdt));
	t->xsdt.fadt = paddr + offsetof(struct tables, fadt);
	t->xsdt.madt = paddr + offsetof(struct tables, madt);
	finish(&t->xsdt.header, "XSDT", 1, sizeof(t->xsdt));
	put_fadt(&t->fadt, paddr + offsetof(struct tables, dsdt));
	finish(&t->dsdt, "DSDT", 2, sizeof(t->dsdt));
	put_madt(&t->madt, vcpus);
	return 0;
}
