/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image: text and read-only data, then data, then what starts as zero.
 * Virtual = ELF physical; boot/notes.S says how each kind of guest sees it.
 */
#include "minios/layout.h"

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(pv_entry)

PHDRS
{
	text PT_LOAD FLAGS(5);
	data PT_LOAD FLAGS(6);
	note PT_NOTE FLAGS(4);
}

SECTIONS
{
	. = IMAGE_BASE;
	image_start = .;
	.text : {
		KEEP(*(.text.hypercall_page))
		KEEP(*(.text.boot))
		*(.text .text.*)
	} :text
	.note.Xen : { KEEP(*(.note.Xen)) } :text :note
	.rodata : {
		*(.rodata .rodata.*)
	} :text
	. = ALIGN(PAGE_SIZE);
	image_rw = .;
	.data : { *(.data .data.*) } :data
	.bss : {
		*(.bss .bss.* COMMON)
		. = ALIGN(PAGE_SIZE);
		*(.pvh_tables)
	} :data
	. = ALIGN(PAGE_SIZE);
	image_end = .;

	ASSERT(image_rw <= 0x200000, "read-only part ends above 2 MB")

	/DISCARD/ : {
		*(.comment .eh_frame .eh_frame_hdr .note.GNU-stack .note.gnu.*)
	}
}
