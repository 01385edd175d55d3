/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the domain builder told us, in one form for PVH and PV.
 *
 * Filled by boot/boot.c before anything else runs, and what a domain has of its
 * own again when we wake in another one; read-only otherwise.
 */
#ifndef MINIOS_BOOT_H
#define MINIOS_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "minios/layout.h"

#define BOOT_MAX_RANGES		2
#define BOOT_CMDLINE_SIZE	1024

/* Memory, as virtual addresses, whole pages. */
struct boot_range {
	uintptr_t start, end;
};

struct start_info;

struct boot_info {
	bool pv;
	unsigned int nr_ranges;
	struct boot_range range[BOOT_MAX_RANGES]; /* free, ascending */
	uintptr_t left_end;	/* the last range has the builder's data up to here */
	uintptr_t mapped_end;	/* free memory from here on is not mapped yet */
	uintptr_t window;	/* unused addresses (PVH: and frames) from here */
	char cmdline[BOOT_CMDLINE_SIZE];
	struct start_info *start_info;	/* PV */
	/* PV: machine address of shared_info, tables of the domain builder */
	uint64_t shared_info_maddr;
	uint64_t *p2m;		/* machine frame of each page, from IMAGE_BASE */
	unsigned long nr_pages;	/* entries of p2m */
	uint64_t *l4;
	uint64_t console_mfn;
	uint32_t console_port;
	uint64_t store_mfn;
	uint32_t store_port;
};

extern struct boot_info boot;

/* From the linker script and the assembly. */
extern char image_start[], image_rw[], image_end[];
extern char pvh_tables_start[], pvh_tables_end[];
extern char boot_stack[], boot_stack_end[];

/* The two entries in C; they do not return. */
void boot_pvh(uintptr_t start_info_paddr) __attribute__((noreturn));
void boot_pv(struct start_info *si) __attribute__((noreturn));

/*
 * Around xen_suspend(): make the start info fit for the way (returns its
 * machine frame, PV) / find Xen and what the toolstack gave us.
 */
uint64_t boot_suspend(void);
void boot_resume(bool same);

/*
 * The value of the word key=value in the command line, copied to value
 * (cut to size - 1 characters).  False: there is no such word.
 */
bool boot_option(const char *cmdline, const char *key, char *value,
		 unsigned int size);

/* Xen's console ring and its port; NULL: none.  PVH: asks Xen. */
void *boot_console(uint32_t *port);
/* The same for XenStore.  NULL: this toolstack has none. */
void *boot_store(uint32_t *port);

/* start.c: brings up the rest and runs the application. */
void start(void) __attribute__((noreturn));

#endif
