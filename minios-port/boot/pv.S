/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PV entry: 64-bit mode, Xen's flat segments, page tables and a stack from
 * the domain builder, %rsi = start info (virtual).  Also the page through
 * which both kinds of guest call Xen, and the boot stack.
 */
#include "minios/layout.h"

	.section .text.boot, "ax", @progbits
	.code64
	.globl	pv_entry
	.type	pv_entry, @function
pv_entry:
	cld
	movl	$boot_stack_end, %esp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	boot_pv
	ud2
	.size	pv_entry, . - pv_entry

	.section .text.hypercall_page, "ax", @progbits
	.balign	4096
	.globl	hypercall_page
hypercall_page:
	.skip	4096

	.section .bss.boot_stack, "aw", @nobits
	.balign	16
	.globl	boot_stack, boot_stack_end
boot_stack:
	.skip	BOOT_STACK_SIZE
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
