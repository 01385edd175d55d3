// SPDX-License-Identifier: BSD-2-Clause
/*
 * Exceptions and panic: say what happened, then crash the domain.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "minios/hypercall.h"
#include <xen/sched.h>

#include "minios/boot.h"
#include "minios/console.h"
#include "minios/panic.h"
#include "minios/sched.h"

#define NR_VECTORS	32
#define STUB_SIZE	16
#define STUB_PV_SIZE	32
#define GATE_PRESENT	0x8e00		/* 64-bit interrupt gate, ring 0 */

/* As trap_common pushes it, lowest address first. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct gate {
	uint16_t offset_low, selector, flags, offset_mid;
	uint32_t offset_high, pad;
};

struct idt_ptr {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern char trap_stubs[], trap_stubs_pv[];
void trap(const struct trap_frame *f) __attribute__((noreturn));

static void report(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static void report(const char *fmt, ...)
{
	char line[160];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	console_emergency(line, n);
}

void panic(const char *fmt, ...)
{
	char line[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	report("minios: panic in %s: %s\n", thread_name(), line);
	xen_shutdown(SHUTDOWN_crash);
}

static uint64_t fault_address(void)
{
	uint64_t cr2;

	/* PV: Xen leaves it in shared_info; reading cr2 is emulated too. */
	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	return cr2;
}

/* Addresses in our text that lie on the stack: a poor man's backtrace. */
static void report_stack(const struct trap_frame *f)
{
	const uint64_t *sp = (const uint64_t *)f->rsp;
	unsigned int i, shown = 0;

	if ((f->rsp & 7) || f->rsp < (uintptr_t)image_rw)
		return;
	for (i = 0; i < 128 && shown < 12; i++) {
		/* Not beyond the page after the one that rsp is in. */
		if (((uintptr_t)(sp + i) >> PAGE_SHIFT) >
		    (f->rsp >> PAGE_SHIFT))
			break;
		if (sp[i] >= (uintptr_t)image_start &&
		    sp[i] < (uintptr_t)image_rw) {
			report("  on stack: %lx\n", (unsigned long)sp[i]);
			shown++;
		}
	}
}

void trap(const struct trap_frame *f)
{
	static bool nested;

	if (nested)
		xen_shutdown(SHUTDOWN_crash);
	nested = true;
	report("minios: exception %u error %lx in %s at %lx:%lx\n",
	       (unsigned int)f->vector, (unsigned long)f->error, thread_name(),
	       (unsigned long)f->cs, (unsigned long)f->rip);
	report("  rsp %lx rflags %lx cr2 %lx\n", (unsigned long)f->rsp,
	       (unsigned long)f->rflags, (unsigned long)fault_address());
	report("  rax %lx rbx %lx rcx %lx rdx %lx\n", (unsigned long)f->rax,
	       (unsigned long)f->rbx, (unsigned long)f->rcx,
	       (unsigned long)f->rdx);
	report("  rsi %lx rdi %lx rbp %lx r8 %lx\n", (unsigned long)f->rsi,
	       (unsigned long)f->rdi, (unsigned long)f->rbp,
	       (unsigned long)f->r8);
	report("  r9 %lx r10 %lx r11 %lx r12 %lx\n", (unsigned long)f->r9,
	       (unsigned long)f->r10, (unsigned long)f->r11,
	       (unsigned long)f->r12);
	report("  r13 %lx r14 %lx r15 %lx\n", (unsigned long)f->r13,
	       (unsigned long)f->r14, (unsigned long)f->r15);
	report_stack(f);
	xen_shutdown(SHUTDOWN_crash);
}

static void traps_init_pv(void)
{
	static struct trap_info table[NR_VECTORS + 1];
	unsigned int i;

	for (i = 0; i < NR_VECTORS; i++) {
		table[i].vector = i;
		/* Ring 3 is where we live; 4 (mask events) is our way anyhow. */
		table[i].flags = 3 | 4;
		table[i].cs = FLAT_KERNEL_CS;
		table[i].address = (uintptr_t)trap_stubs_pv +
				   i * STUB_PV_SIZE;
	}
	hypercall1(__HYPERVISOR_set_trap_table, table);
}

static void traps_init_pvh(void)
{
	static struct gate idt[NR_VECTORS];
	struct idt_ptr ptr = { sizeof(idt) - 1, (uintptr_t)idt };
	unsigned int i;

	for (i = 0; i < NR_VECTORS; i++) {
		uintptr_t stub = (uintptr_t)trap_stubs + i * STUB_SIZE;

		idt[i] = (struct gate){
			.offset_low = stub,
			.selector = SEL_CODE64,
			.flags = GATE_PRESENT,
			.offset_mid = stub >> 16,
			.offset_high = stub >> 32,
		};
	}
	__asm__ volatile("lidt %0" :: "m"(ptr));
}

void traps_init(void)
{
	if (boot.pv)
		traps_init_pv();
	else
		traps_init_pvh();
}
