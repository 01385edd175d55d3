/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cooperative threads.  A thread runs until it waits, sleeps, yields or ends;
 * event handlers run in between.  With no thread ready the domain blocks in
 * Xen until an event or the next sleeper's time.
 */
#ifndef MINIOS_SCHED_H
#define MINIOS_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#define THREAD_STACK_PAGES	4
#define SCHED_FOREVER		UINT64_MAX

struct thread;

/* A flag to wait for.  A wake that nobody waits for is remembered. */
struct waitq {
	struct thread *waiter;	/* at most one */
	bool woken;
};

/* The caller becomes the first thread, "main". */
void sched_init(void);
/* -ENOMEM.  Runs from the next switch on; ends when fn returns. */
int thread_create(const char *name, void (*fn)(void *), void *arg);
const char *thread_name(void);
void sched_yield(void);
/* Deadlines are system time in ns. */
void sched_sleep_until(uint64_t deadline_ns);
/* True: woken; false: the deadline (SCHED_FOREVER: none) passed. */
bool waitq_wait(struct waitq *wq, uint64_t deadline_ns);
/* Any context, handlers included. */
void waitq_wake(struct waitq *wq);

#endif
