// SPDX-License-Identifier: BSD-2-Clause
/*
 * Cooperative threads and the idle loop.
 */
#include <errno.h>
#include <stddef.h>

#include "minios/boot.h"
#include "minios/console.h"
#include "minios/events.h"
#include "minios/mm.h"
#include "minios/panic.h"
#include "minios/sched.h"
#include "minios/time.h"

#define STACK_MAGIC	0x6e6f7873737461ull
#define NR_SAVED	6	/* registers that switch_stack pushes */

struct thread {
	uintptr_t sp;
	struct thread *next;		/* in the run queue */
	struct thread *all_next;
	uint64_t deadline;		/* of a sleeper; 0: does not sleep */
	struct waitq *wq;		/* waiting there */
	uint64_t *stack;		/* lowest word holds STACK_MAGIC */
	const char *name;
};

void switch_stack(uintptr_t *save, uintptr_t load);
void thread_entry(void);
void thread_run(void (*fn)(void *), void *arg) __attribute__((noreturn));

static struct thread main_thread;
static struct thread *current, *all;
static struct thread *run_head, *run_tail;
static struct thread *dead;	/* its stack is freed by the next to run */

static void make_ready(struct thread *t)
{
	t->deadline = 0;
	t->wq = NULL;
	t->next = NULL;
	if (run_tail)
		run_tail->next = t;
	else
		run_head = t;
	run_tail = t;
}

/* Make sleepers ready whose time has come; the next one's time, or 0. */
static uint64_t wake_sleepers(void)
{
	uint64_t next = 0, now = 0;
	struct thread *t;

	for (t = all; t; t = t->all_next) {
		if (!t->deadline || t->deadline == SCHED_FOREVER)
			continue;
		if (!now)
			now = time_ns();
		if (t->deadline <= now) {
			if (t->wq)
				t->wq->waiter = NULL;
			make_ready(t);
		} else if (!next || t->deadline < next) {
			next = t->deadline;
		}
	}
	return next;
}

static struct thread *pick(void)
{
	struct thread *t;
	uint64_t next;

	for (;;) {
		bool any = events_dispatch();

		next = wake_sleepers();
		if (run_head)
			break;
		if (any)
			continue;
		console_flush();
		events_wait(next);
	}
	t = run_head;
	run_head = t->next;
	if (!run_head)
		run_tail = NULL;
	return t;
}

static void reap(void)
{
	struct thread **p, *t = dead;

	if (!t)
		return;
	dead = NULL;
	for (p = &all; *p; p = &(*p)->all_next) {
		if (*p == t) {
			*p = t->all_next;
			break;
		}
	}
	if (t == &main_thread)
		return;
	page_free(t->stack, THREAD_STACK_PAGES);
	free(t);
}

/* The caller is in the run queue, or somebody will put it there. */
static void reschedule(void)
{
	struct thread *prev = current;
	struct thread *next = pick();

	if (*prev->stack != STACK_MAGIC)
		panic("thread %s used up its stack", prev->name);
	if (next != prev) {
		current = next;
		switch_stack(&prev->sp, next->sp);
	}
	reap();
}

void sched_init(void)
{
	main_thread.name = "main";
	main_thread.stack = (uint64_t *)boot_stack;
	*main_thread.stack = STACK_MAGIC;
	current = all = &main_thread;
}

int thread_create(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = calloc(1, sizeof(*t));
	uint64_t *sp;

	if (!t)
		return -ENOMEM;
	t->stack = page_alloc(THREAD_STACK_PAGES);
	if (!t->stack) {
		free(t);
		return -ENOMEM;
	}
	t->name = name;
	*t->stack = STACK_MAGIC;
	/* What switch_stack pops: r15 r14 r13 r12 rbx rbp, return address. */
	sp = t->stack + THREAD_STACK_PAGES * PAGE_SIZE / sizeof(*sp);
	*--sp = 0;		/* keeps the stack aligned at the call */
	*--sp = (uintptr_t)thread_entry;
	sp -= NR_SAVED;
	sp[0] = sp[1] = sp[4] = sp[5] = 0;
	sp[2] = (uintptr_t)arg;	/* r13 */
	sp[3] = (uintptr_t)fn;	/* r12 */
	t->sp = (uintptr_t)sp;
	t->all_next = all;
	all = t;
	make_ready(t);
	return 0;
}

const char *thread_name(void)
{
	return current ? current->name : "boot";
}

/* Where a new thread begins, from thread_entry. */
void thread_run(void (*fn)(void *), void *arg)
{
	reap();
	fn(arg);
	dead = current;
	reschedule();
	panic("a thread came back from its end");
}

void sched_yield(void)
{
	make_ready(current);
	reschedule();
}

void sched_sleep_until(uint64_t deadline_ns)
{
	current->deadline = deadline_ns ? deadline_ns : 1;
	reschedule();
}

bool waitq_wait(struct waitq *wq, uint64_t deadline_ns)
{
	bool woken;

	if (!wq->woken) {
		wq->waiter = current;
		current->wq = wq;
		current->deadline = deadline_ns ? deadline_ns : 1;
		reschedule();
	}
	woken = wq->woken;
	wq->woken = false;
	return woken;
}

void waitq_wake(struct waitq *wq)
{
	struct thread *t = wq->waiter;

	wq->woken = true;
	wq->waiter = NULL;
	if (t)
		make_ready(t);
}
