/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that the linker script, the assembly and the C code share.
 */
#ifndef MINIOS_LAYOUT_H
#define MINIOS_LAYOUT_H

#define IMAGE_BASE	0x100000	/* where the image starts, virtually */
#define PAGE_SHIFT	12
#define PAGE_SIZE	4096
#define BOOT_STACK_SIZE	16384		/* also the main thread's */

/* Segments of the PVH GDT. */
#define SEL_CODE64	0x08
#define SEL_DATA	0x10

#endif
