/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of a hypervisor as the noxs files ask for, in one process with one
 * CPU: domains, event channels, frames, locks, guest memory.
 *
 * What it checks by itself, by aborting: lock order (noxs-private.h says which),
 * no copying from or to a guest under a lock, balanced RCU sections, no frame
 * freed twice or while mapped, no unknown pointer freed.
 *
 * Other CPUs are played by hooks: shim.on_* run where another CPU may get in
 * between.
 */
#ifndef HYPERVISOR_SHIM_H
#define HYPERVISOR_SHIM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

typedef uint16_t domid_t;
typedef uint32_t evtchn_port_t;
typedef unsigned long xen_pfn_t;
typedef struct { unsigned long mfn; } mfn_t;

#define DOMID_FIRST_RESERVED	0x7ff0u
#define PAGE_SIZE		4096
#define ERESTART		85
#define cf_check

/* lib */
void shim_assert_failed(const char *expr, const char *file, int line)
	__attribute__((noreturn));
#define ASSERT(e) \
	((e) ? (void)0 : shim_assert_failed(#e, __FILE__, __LINE__))
#define BUILD_BUG_ON(e) _Static_assert(!(e), #e)
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define array_index_nospec(i, n) ((i) < (n) ? (i) : 0)

/* barriers and atomics */
void shim_barrier(void);
#define smp_mb() shim_barrier()
#define smp_wmb() shim_barrier()
#define read_atomic(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define write_atomic(p, v) \
	__atomic_store_n((p), (__typeof__(*(p)))(v), __ATOMIC_RELAXED)
typedef struct { int counter; } atomic_t;
#define atomic_read(a) ((a)->counter)
#define atomic_inc(a) ((void)(a)->counter++)
#define atomic_dec(a) ((void)(a)->counter--)

/* locks */
enum shim_lock_class {
	SHIM_LOCK_NOXS,		/* noxs_domain.lock: what is not named else */
	SHIM_LOCK_WATCH,
	SHIM_LOCK_CHANGE,
	SHIM_LOCK_EVENT,	/* domain.event_lock */
	SHIM_LOCK_EVTCHN,	/* evtchn.lock */
	SHIM_LOCK_CLASSES,
};
typedef struct { enum shim_lock_class class; bool held; } spinlock_t;
typedef spinlock_t rwlock_t;
#define DEFINE_SPINLOCK(n) spinlock_t n = { SHIM_LOCK_CHANGE, false }
#define DEFINE_RWLOCK(n) rwlock_t n = { SHIM_LOCK_WATCH, false }
#define spin_lock_init(l) (*(l) = (spinlock_t){ SHIM_LOCK_NOXS, false })
void shim_lock(spinlock_t *lock);
void shim_unlock(spinlock_t *lock);
#define spin_lock shim_lock
#define spin_unlock shim_unlock
#define read_lock shim_lock
#define read_unlock shim_unlock
#define write_lock shim_lock
#define write_unlock shim_unlock

/* pool and heap */
void *shim_zalloc(size_t size);
#define xzalloc(type) ((type *)shim_zalloc(sizeof(type)))
void xfree(void *p);
void *alloc_xenheap_page(void);
void free_xenheap_page(void *va);
#define clear_page(va) memset(va, 0, PAGE_SIZE)

#define PGT_none		0ul
#define PGT_writable_page	(7ul << 61)
#define PGT_type_mask		(7ul << 61)
enum XENSHARE_flags { SHARE_rw, SHARE_ro };
struct page_info {
	void *va;
	struct domain *owner;
	unsigned int mappings;	/* by other domains; see shim_map() */
	union { struct { unsigned long type_info; } inuse; } u;
};
struct page_info *virt_to_page(const void *va);
mfn_t page_to_mfn(const struct page_info *pg);
struct page_info *mfn_to_page(mfn_t mfn);
#define mfn_x(m) ((m).mfn)
#define is_xen_heap_page(pg) ((pg)->va != NULL)
void share_xen_page_with_guest(struct page_info *page, struct domain *d,
			       enum XENSHARE_flags flags);

/* domains */
#define SHIM_PORTS	64
enum { ECS_FREE, ECS_RESERVED, ECS_UNBOUND, ECS_INTERDOMAIN };
struct evtchn {
	spinlock_t lock;
	uint8_t state;
	evtchn_port_t port;
	unsigned short notify_vcpu_id;
	union {
		struct { domid_t remote_domid; } unbound;
		struct {
			evtchn_port_t remote_port;
			struct domain *remote_dom;
		} interdomain;
	} u;
	unsigned int raised;	/* how often */
};
struct vcpu { struct domain *domain; };
struct domain {
	domid_t domain_id;
	int is_dying;
	bool is_shut_down;
	unsigned int shutdown_code;
	int controller_pause_count;
	bool creation_finished;
	uint8_t handle[16];
	struct vcpu **vcpu;
	struct domain *next_in_list;
	struct noxs_domain *noxs;

	bool is_privileged;
	bool is_translated;
	unsigned int xenheap_pages;
	unsigned int max_ports;
	unsigned int virqs;	/* VIRQ_NOXS raised */
	struct vcpu *vcpu0, vcpu0_storage;
	struct evtchn evtchn[SHIM_PORTS];
};
#define paging_mode_translate(d) ((d)->is_translated)
#define current (&shim.current_domain->vcpu0_storage)

typedef int rcu_read_lock_t;
extern rcu_read_lock_t domlist_read_lock;
void rcu_read_lock(rcu_read_lock_t *lock);
void rcu_read_unlock(rcu_read_lock_t *lock);
#define rcu_dereference(p) (p)
struct domain *rcu_lock_domain_by_id(domid_t domid);
void rcu_unlock_domain(struct domain *d);

/* event channels */
typedef struct { domid_t dom, remote_dom; evtchn_port_t port; }
	evtchn_alloc_unbound_t;
typedef struct { domid_t remote_dom; evtchn_port_t remote_port, local_port; }
	evtchn_bind_interdomain_t;
int evtchn_alloc_unbound(evtchn_alloc_unbound_t *alloc, evtchn_port_t port);
int evtchn_bind_interdomain(evtchn_bind_interdomain_t *bind, struct domain *ld,
			    evtchn_port_t lport);
int evtchn_close(struct domain *d, int port, bool guest);
#define port_is_valid(d, p) ((p) < (d)->max_ports)
#define evtchn_from_port(d, p) ((struct evtchn *)&(d)->evtchn[p])
#define evtchn_read_lock(chn) shim_lock(&(chn)->lock)
#define evtchn_read_unlock(chn) shim_unlock(&(chn)->lock)
void evtchn_port_set_pending(struct domain *d, unsigned int vcpu_id,
			     struct evtchn *chn);
void send_guest_global_virq(struct domain *d, uint32_t virq);

/* guest memory: what a hypercall may read and write */
typedef struct { void *p; } shim_handle_t;
#define XEN_GUEST_HANDLE_PARAM(type) shim_handle_t
unsigned long shim_copy(void *dst, const void *src, const void *guest,
			size_t size);
#define copy_from_guest(ptr, hnd, nr) \
	shim_copy((ptr), (hnd).p, (hnd).p, sizeof(*(ptr)) * (nr))
#define copy_to_guest(hnd, ptr, nr) \
	shim_copy((hnd).p, (ptr), (hnd).p, sizeof(*(ptr)) * (nr))
long do_noxs_op(unsigned int cmd, XEN_GUEST_HANDLE_PARAM(void) arg);

/* XSM: the dummy policy */
enum { XSM_PRIV };
int xsm_noxs(int action, struct domain *d, unsigned int op);

/* The state of it all, and the levers. */
struct shim {
	struct domain *current_domain;
	struct domain *domains;		/* in order of domid */
	uint8_t *guest_mem;
	size_t guest_size;

	/* Every allocation (pool, heap, port) and copy counts as a step. */
	unsigned int steps;
	unsigned int fail_at;		/* the step that fails; 0: none */
	bool failed;

	unsigned int allocs, frames;	/* outstanding */
	unsigned int rcu, held[SHIM_LOCK_CLASSES];

	void (*on_barrier)(void);
	/* Once, before a lock of the class is taken. */
	void (*on_lock)(void);
	enum shim_lock_class on_lock_class;
	void (*on_alloc_unbound)(void);
};
extern struct shim shim;

void shim_reset(void);
bool shim_step_fails(void);
void shim_other_cpu(void (*hook)(void));
/* Domains: listed from create to unlist, freed by destroy. */
struct domain *shim_domain_create(domid_t domid);
void shim_domain_unlist(struct domain *d);
void shim_domain_free(struct domain *d);
/* A mapping by another domain: the frame must not be freed meanwhile. */
void shim_map(mfn_t mfn);
void shim_unmap(mfn_t mfn);
unsigned int shim_ports(const struct domain *d);	/* not free */

#endif
