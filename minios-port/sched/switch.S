/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * void switch_stack(uintptr_t *save, uintptr_t load): leave the caller's
 * registers on its stack and its stack pointer in *save, go on where `load`
 * was saved.  thread_entry is where a new thread's stack "returns" to.
 */
	.text
	.globl	switch_stack, thread_entry
	.type	switch_stack, @function
switch_stack:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	switch_stack, . - switch_stack

	.type	thread_entry, @function
thread_entry:
	movq	%r12, %rdi
	movq	%r13, %rsi
	xorl	%ebp, %ebp
	call	thread_run
	ud2
	.size	thread_entry, . - thread_entry

	.section .note.GNU-stack, "", @progbits
