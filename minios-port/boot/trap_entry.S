/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions: 32 entries that bring every vector to one frame,
 * struct trap_frame in boot/traps.c.  None returns.
 */
	.text
	.globl	trap_stubs

/* Vectors with an error code: 8, 10-14, 17, 21. */
#define ERROR_CODES	0x00227d00

/* PVH: the CPU pushed ss rsp rflags cs rip and perhaps an error code. */
	.balign	16
trap_stubs:
vector = 0
	.rept	32
	.balign	16
	.if	!((ERROR_CODES >> vector) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	vector = vector + 1
	.endr

/* PV: Xen also pushed r11 and rcx, on top. */
	.balign	32
	.globl	trap_stubs_pv
trap_stubs_pv:
vector = 0
	.rept	32
	.balign	32
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	.if	((ERROR_CODES >> vector) & 1)
	addq	$16, %rsp
	.else
	addq	$8, %rsp
	movq	$0, (%rsp)
	.endif
	pushq	$vector
	jmp	trap_common
	vector = vector + 1
	.endr

trap_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	andq	$-16, %rsp
	cld
	call	trap
	ud2

	.section .note.GNU-stack, "", @progbits
