/* SPDX-License-Identifier: BSD-2-Clause */
/* PV entry: 64 bit, mapped 1:1 by the builder, start info in rsi. */
	.macro note type, value
	.balign 4
	.long 4, 8, \type
	.asciz "Xen"
	.quad \value
	.endm

	.macro note_text type, value
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	.asciz "\value"
2:	.balign 4
	.endm

	.section .note.Xen, "a", @note
	note 1, start			/* ENTRY */
	note 2, hypercall_page
	note 3, 0			/* VIRT_BASE */
	note_text 5, xen-3.0		/* XEN_VERSION */
	note_text 6, hostile		/* GUEST_OS */
	note_text 8, generic		/* LOADER */

	.text
	.globl start, hypercall_page
start:
	lea stack_end(%rip), %rsp
	mov %rsi, %rdi
	call start_c
1:	jmp 1b

	.balign 4096
hypercall_page:
	.space 4096

	.bss
	.balign 16
	.space 16384
stack_end:
	.section .note.GNU-stack, "", @progbits
