// SPDX-License-Identifier: BSD-2-Clause
/* The shim's machine: locks, RCU, memory, guest memory, domains. */

#include <stdio.h>
#include <stdlib.h>

#include "shim.h"

#define MAX_FRAMES	4096
#define FIRST_MFN	0x1000

struct shim shim;
rcu_read_lock_t domlist_read_lock;

static struct page_info frame_table[MAX_FRAMES];

void shim_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: hypervisor assertion failed: %s\n", file, line,
		expr);
	abort();
}

bool shim_step_fails(void)
{
	if (++shim.steps != shim.fail_at)
		return false;
	shim.failed = true;
	return true;
}

void shim_reset(void)
{
	ASSERT(!shim.domains);
	ASSERT(!shim.allocs);
	ASSERT(!shim.frames);
	ASSERT(!shim.rcu);
	memset(&shim, 0, sizeof(shim));
}

/* What this CPU holds does not restrain the other one, but its locks do. */
void shim_other_cpu(void (*hook)(void))
{
	unsigned int held[SHIM_LOCK_CLASSES];

	memcpy(held, shim.held, sizeof(held));
	memset(shim.held, 0, sizeof(shim.held));
	hook();
	memcpy(shim.held, held, sizeof(held));
}

void shim_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (shim.on_barrier)
		shim_other_cpu(shim.on_barrier);
}

/* What may be held when a lock of a class is taken: a bit per class. */
static const unsigned int may_hold[SHIM_LOCK_CLASSES] = {
	[SHIM_LOCK_NOXS] = 0,
	[SHIM_LOCK_WATCH] = 0,
	[SHIM_LOCK_CHANGE] = 0,
	[SHIM_LOCK_EVENT] = 1u << SHIM_LOCK_NOXS,
	[SHIM_LOCK_EVTCHN] = 1u << SHIM_LOCK_NOXS | 1u << SHIM_LOCK_WATCH |
			     1u << SHIM_LOCK_EVENT,
};

void shim_lock(spinlock_t *lock)
{
	unsigned int class;

	if (shim.on_lock && shim.on_lock_class == lock->class) {
		void (*hook)(void) = shim.on_lock;

		shim.on_lock = NULL;
		shim_other_cpu(hook);
	}
	ASSERT(!lock->held);
	for (class = 0; class < SHIM_LOCK_CLASSES; class++)
		ASSERT(!shim.held[class] ||
		       (may_hold[lock->class] & (1u << class)));
	lock->held = true;
	shim.held[lock->class]++;
}

void shim_unlock(spinlock_t *lock)
{
	ASSERT(lock->held);
	lock->held = false;
	shim.held[lock->class]--;
}

void rcu_read_lock(rcu_read_lock_t *lock)
{
	(void)lock;
	shim.rcu++;
}

void rcu_read_unlock(rcu_read_lock_t *lock)
{
	(void)lock;
	ASSERT(shim.rcu);
	shim.rcu--;
}

void *shim_zalloc(size_t size)
{
	void *p = shim_step_fails() ? NULL : calloc(1, size);

	if (p)
		shim.allocs++;
	return p;
}

void xfree(void *p)
{
	if (p)
		shim.allocs--;
	free(p);
}

void *alloc_xenheap_page(void)
{
	unsigned int i;
	void *va;

	if (shim_step_fails() || posix_memalign(&va, PAGE_SIZE, PAGE_SIZE))
		return NULL;
	memset(va, 0xa5, PAGE_SIZE);
	for (i = 0; frame_table[i].va; i++)
		ASSERT(i < MAX_FRAMES - 1);
	frame_table[i] = (struct page_info){ .va = va };
	shim.frames++;
	return va;
}

void free_xenheap_page(void *va)
{
	struct page_info *pg;

	if (!va)
		return;
	pg = virt_to_page(va);
	ASSERT(!pg->mappings);
	if (pg->owner)
		pg->owner->xenheap_pages--;
	pg->va = NULL;
	shim.frames--;
	free(va);
}

struct page_info *virt_to_page(const void *va)
{
	unsigned int i;

	for (i = 0; i < MAX_FRAMES; i++)
		if (va && frame_table[i].va == va)
			return &frame_table[i];
	shim_assert_failed("a frame of the heap", __FILE__, __LINE__);
}

mfn_t page_to_mfn(const struct page_info *pg)
{
	return (mfn_t){ FIRST_MFN + (pg - frame_table) };
}

struct page_info *mfn_to_page(mfn_t mfn)
{
	ASSERT(mfn.mfn >= FIRST_MFN && mfn.mfn < FIRST_MFN + MAX_FRAMES);
	return &frame_table[mfn.mfn - FIRST_MFN];
}

void share_xen_page_with_guest(struct page_info *page, struct domain *d,
			       enum XENSHARE_flags flags)
{
	static const uint8_t zero[PAGE_SIZE];

	ASSERT(!page->owner);
	/* What the guest sees first must not be somebody else's. */
	ASSERT(!memcmp(page->va, zero, PAGE_SIZE));
	page->owner = d;
	page->u.inuse.type_info =
		(flags == SHARE_ro ? PGT_none : PGT_writable_page) | 1;
	d->xenheap_pages++;
}

void shim_map(mfn_t mfn)
{
	mfn_to_page(mfn)->mappings++;
}

void shim_unmap(mfn_t mfn)
{
	mfn_to_page(mfn)->mappings--;
}

unsigned long shim_copy(void *dst, const void *src, const void *guest,
			size_t size)
{
	const uint8_t *p = guest;
	unsigned int class;

	for (class = 0; class < SHIM_LOCK_CLASSES; class++)
		ASSERT(!shim.held[class]);
	if (shim_step_fails() || !shim.guest_mem || p < shim.guest_mem ||
	    size > shim.guest_size ||
	    (size_t)(p - shim.guest_mem) > shim.guest_size - size)
		return size;
	memcpy(dst, src, size);
	return 0;
}

int xsm_noxs(int action, struct domain *d, unsigned int op)
{
	(void)d;
	(void)op;
	ASSERT(action == XSM_PRIV);
	return shim.current_domain->is_privileged ? 0 : -EPERM;
}

struct domain *shim_domain_create(domid_t domid)
{
	struct domain *d = calloc(1, sizeof(*d)), **pd;
	unsigned int i;

	ASSERT(d);
	d->domain_id = domid;
	d->max_ports = SHIM_PORTS;
	d->is_translated = true;
	d->vcpu0_storage.domain = d;
	d->vcpu0 = &d->vcpu0_storage;
	d->vcpu = &d->vcpu0;
	for (i = 0; i < SHIM_PORTS; i++) {
		d->evtchn[i].port = i;
		d->evtchn[i].lock.class = SHIM_LOCK_EVTCHN;
	}
	d->evtchn[0].state = ECS_RESERVED;
	for (pd = &shim.domains; *pd; pd = &(*pd)->next_in_list)
		if ((*pd)->domain_id > domid)
			break;
	d->next_in_list = *pd;
	*pd = d;
	return d;
}

void shim_domain_unlist(struct domain *d)
{
	struct domain **pd;

	for (pd = &shim.domains; *pd && *pd != d; pd = &(*pd)->next_in_list)
		;
	ASSERT(*pd);
	*pd = d->next_in_list;
}

void shim_domain_free(struct domain *d)
{
	ASSERT(!d->noxs && !d->xenheap_pages);
	free(d);
}

struct domain *rcu_lock_domain_by_id(domid_t domid)
{
	struct domain *d;

	for (d = shim.domains; d; d = d->next_in_list)
		if (d->domain_id == domid) {
			shim.rcu++;
			break;
		}
	return d;
}

void rcu_unlock_domain(struct domain *d)
{
	(void)d;
	rcu_read_unlock(&domlist_read_lock);
}

void send_guest_global_virq(struct domain *d, uint32_t virq)
{
	unsigned int class;

	ASSERT(virq == 14);
	for (class = 0; class < SHIM_LOCK_CLASSES; class++)
		ASSERT(!shim.held[class]);
	d->virqs++;
}
