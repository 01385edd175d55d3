/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI tables of a PVH guest: the only place where a kernel looks for its
 * vCPUs.  Linux wants them for a single one as well, and without stalls when
 * it is idle for the first time; a Mini-OS with one goes without.
 *
 * RSDP -> XSDT -> FADT -> DSDT (empty: no device to describe)
 *             \-> MADT (a local APIC for each vCPU)
 */
#ifndef CHAOS_ACPI_H
#define CHAOS_ACPI_H

#include <stdint.h>

/* An APIC id is twice the vCPU's number and has 8 bits; 255 means all. */
#define CHAOS__ACPI_MAX_VCPUS	128u

/*
 * Fills a page (and aligned like one) that the guest will see at paddr; the
 * RSDP is at its start.
 * -EINVAL: vcpus is 0 or above the maximum, or paddr is not that of a page
 * below 4 GB.
 */
int chaos__acpi_build(void *page, uint64_t paddr, uint32_t vcpus);

#endif
