/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the domain builder reads: one image for both kinds of guest.
 *
 * PVH: loaded at its physical addresses (1 MB), entered at PHYS32_ENTRY with
 * paging off.  PV: pseudo-physical page 0 is where the image starts, mapped
 * at VIRT_BASE; so virtual addresses are the same in both, and PADDR_OFFSET
 * is subtracted from the ELF's physical ones.
 */
#include <xen/elfnote.h>
#include "minios/layout.h"

.macro note_begin type
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4				/* "Xen\0" */
	.long 2f - 1f
	.long \type
	.asciz "Xen"
1:
.endm
.macro note_end
2:	.balign 4
	.popsection
.endm
.macro note_string type, string
	note_begin \type
	.asciz "\string"
	note_end
.endm
.macro note_quad type, value
	note_begin \type
	.quad \value
	note_end
.endm
.macro note_long type, value
	note_begin \type
	.long \value
	note_end
.endm

	note_string XEN_ELFNOTE_GUEST_OS, "noxs-minios"
	note_string XEN_ELFNOTE_LOADER, "generic"
	note_string XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
	note_string XEN_ELFNOTE_FEATURES, "pae_pgdir_above_4gb"
	note_quad XEN_ELFNOTE_VIRT_BASE, IMAGE_BASE
	note_quad XEN_ELFNOTE_PADDR_OFFSET, IMAGE_BASE
	note_quad XEN_ELFNOTE_ENTRY, pv_entry
	note_quad XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
	note_long XEN_ELFNOTE_PHYS32_ENTRY, pvh_entry

	.section .note.GNU-stack, "", @progbits
