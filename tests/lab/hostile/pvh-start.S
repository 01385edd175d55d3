/* SPDX-License-Identifier: BSD-2-Clause */
/* PVH entry: 32 bit, flat segments, paging off, interrupts off. */
	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long start

	.text
	.globl start
start:
	mov $stack_end, %esp
	call start_c
1:	hlt
	jmp 1b

	.bss
	.balign 16
	.space 16384
stack_end:
	.section .note.GNU-stack, "", @progbits
