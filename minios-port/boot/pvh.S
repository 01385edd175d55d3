/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PVH entry: 32-bit protected mode, paging off, %ebx = start info.
 *
 * Maps the first and the fourth gigabyte one to one with 2 MB pages (RAM and
 * what Xen puts below 4 GB) and goes to 64-bit mode.  mm/protect.c refines
 * the first 2 MB later.
 */
#include "minios/layout.h"

#define PTE_P		0x01
#define PTE_RW		0x02
#define PTE_PS		0x80
#define MSR_EFER	0xc0000080
#define EFER_LME	0x100
#define CR0_PE		0x00000001
#define CR0_WP		0x00010000
#define CR0_PG		0x80000000
#define CR4_PAE		0x20

	.section .text.boot, "ax", @progbits
	.code32
	.globl	pvh_entry
	.type	pvh_entry, @function
pvh_entry:
	cld
	movl	$boot_stack_end, %esp
	movl	$pvh_pd_low, %edi
	movl	$(PTE_P | PTE_RW | PTE_PS), %eax
	call	fill_pd
	movl	$pvh_pd_high, %edi
	movl	$(0xc0000000 + PTE_P + PTE_RW + PTE_PS), %eax
	call	fill_pd
	movl	$(pvh_pd_low + PTE_P + PTE_RW), pvh_pdpt
	movl	$(pvh_pd_high + PTE_P + PTE_RW), pvh_pdpt + 3 * 8
	movl	$(pvh_pdpt + PTE_P + PTE_RW), pvh_pml4

	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$pvh_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	movl	$EFER_LME, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdt	gdt_ptr
	ljmp	$SEL_CODE64, $long_mode

/*
 * %edi = page directory, %eax = its first entry; 511 more follow at 2 MB
 * distance.  The upper halves are 0: the loader cleared the tables.
 */
fill_pd:
	movl	$512, %ecx
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	decl	%ecx
	jnz	1b
	ret

	.code64
long_mode:
	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$boot_stack_end, %esp
	xorl	%ebp, %ebp
	movl	%ebx, %edi
	call	boot_pvh
	ud2
	.size	pvh_entry, . - pvh_entry

	.section .rodata.gdt, "a", @progbits
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code */
	.quad	0x00cf93000000ffff	/* data */
gdt_end:
gdt_ptr:
	.word	gdt_end - gdt - 1
	.long	gdt

/* Of no use to a PV guest, whose mm gives these pages to the allocator. */
	.section .pvh_tables, "aw", @nobits
	.balign	4096
	.globl	pvh_tables_start, pvh_tables_end, pvh_pd_low, pvh_pt_low
pvh_tables_start:
pvh_pml4:
	.skip	4096
pvh_pdpt:
	.skip	4096
pvh_pd_high:
	.skip	4096
pvh_pd_low:
	.skip	4096
pvh_pt_low:
	.skip	4096
pvh_tables_end:

	.section .note.GNU-stack, "", @progbits
