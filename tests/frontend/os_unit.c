/* SPDX-License-Identifier: BSD-2-Clause */
/* os_unit.c owns the pretended OS of os_unit.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os_unit.h"

#define CHECK(cond) do {						\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: the core did wrong: %s\n", \
				__FILE__, __LINE__, #cond);		\
			abort();					\
		}							\
	} while (0)

#define VIRQ	VIRQ_NOXS

struct grant {
	void *page;
	uint16_t domid;
	bool readonly;
	bool mapped;
};

struct port {
	noxs_os_handler handler;
	void *data;
	unsigned int notified;
	bool pending;
};

static struct {
	uint8_t *xen;		/* XEN_NOXS_MAX_PAGES pages, writable */
	uint8_t *ro;		/* the same, read-only */
	bool mapped[XEN_NOXS_MAX_PAGES];
	struct grant grant[OS_NR_GRANTS];
	struct port port[OS_NR_PORTS];
	struct port virq;
	unsigned int nr_allocs, nr_pages, nr_grants;
	unsigned int fail_at, calls;
	bool fail_hit;
} os;

void (*os_rmb_hook)(void);
void (*os_wmb_hook)(void);
int os_version_rc;
struct xen_noxs_version os_version;
unsigned int os_nr_logged;

static void pages_create(void)
{
	size_t size = XEN_NOXS_MAX_PAGES * NOXS_OS_PAGE_SIZE;
	int fd = memfd_create("noxs", MFD_CLOEXEC);

	CHECK(fd >= 0 && !ftruncate(fd, (off_t)size));
	os.xen = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	os.ro = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(os.xen != MAP_FAILED && os.ro != MAP_FAILED);
	close(fd);
}

void os_reset(void)
{
	uint8_t *xen = os.xen, *ro = os.ro;
	struct xen_noxs_device_page *page;

	memset(&os, 0, sizeof(os));
	os.xen = xen;
	os.ro = ro;
	if (!os.xen)
		pages_create();
	memset(os.xen, 0, XEN_NOXS_MAX_PAGES * NOXS_OS_PAGE_SIZE);
	page = os_device_page();
	page->magic = XEN_NOXS_MAGIC;
	page->version = XEN_NOXS_VERSION;
	page->size = 128;
	page->generation = 1;
	page->domid = 7;
	memset(&os_version, 0, sizeof(os_version));
	os_version.magic = XEN_NOXS_MAGIC;
	os_version.version = XEN_NOXS_VERSION;
	os_version.max_slots = XEN_NOXS_MAX_SLOTS;
	os_version.area_size = XEN_NOXS_AREA_SIZE;
	os_version.virq = VIRQ;
	os_version_rc = 0;
	os_nr_logged = 0;
	os_rmb_hook = NULL;
	os_wmb_hook = NULL;
}

bool os_clean(void)
{
	unsigned int i, left = os.nr_allocs + os.nr_pages + os.nr_grants;

	for (i = 0; i < XEN_NOXS_MAX_PAGES; i++)
		left += os.mapped[i];
	for (i = 0; i < OS_NR_PORTS; i++)
		left += os.port[i].handler != NULL;
	return !left && !os.virq.handler;
}

void os_fail_at(unsigned int n)
{
	os.fail_at = n;
	os.calls = 0;
	os.fail_hit = false;
}

bool os_fail_hit(void)
{
	return os.fail_hit;
}

static bool fail_now(void)
{
	if (++os.calls != os.fail_at)
		return false;
	os.fail_hit = true;
	return true;
}

/* --- Xen's side --------------------------------------------------------- */

struct xen_noxs_device_page *os_device_page(void)
{
	return os_page(XEN_NOXS_PAGE_DEVICE);
}

void *os_page(unsigned int index)
{
	return os.xen + index * NOXS_OS_PAGE_SIZE;
}

void os_slot_add(unsigned int i, uint8_t type, uint16_t id, uint32_t port)
{
	struct xen_noxs_device_page *page = os_device_page();
	struct xen_noxs_slot *slot = &page->slot[i];

	slot->seq++;
	slot->type = type;
	slot->id = id;
	slot->backend = 3;
	slot->nr_ports = 1;
	slot->pair = (uint8_t)(i / XEN_NOXS_AREAS_PER_PAGE);
	slot->offset = (uint16_t)(i % XEN_NOXS_AREAS_PER_PAGE *
				  XEN_NOXS_AREA_SIZE);
	slot->port[0] = port;
	slot->state = XEN_NOXS_SLOT_PRESENT;
	if (page->nr_slots <= i)
		page->nr_slots = (uint16_t)(i + 1);
	page->seq++;
	os_raise_virq();
}

void os_slot_remove(unsigned int i)
{
	struct xen_noxs_device_page *page = os_device_page();
	struct xen_noxs_slot *slot = &page->slot[i];
	uint32_t seq = slot->seq + 1;

	memset(slot, 0, sizeof(*slot));
	slot->seq = seq;
	memset(os_back(i), 0, XEN_NOXS_AREA_SIZE);
	memset(os_front(i), 0, XEN_NOXS_AREA_SIZE);
	page->seq++;
	os_raise_virq();
}

static void *area(unsigned int i, unsigned int page)
{
	return (uint8_t *)os_page(page) +
	       i % XEN_NOXS_AREAS_PER_PAGE * XEN_NOXS_AREA_SIZE;
}

void *os_back(unsigned int i)
{
	return area(i, XEN_NOXS_PAGE_BACK(i / XEN_NOXS_AREAS_PER_PAGE));
}

void *os_front(unsigned int i)
{
	return area(i, XEN_NOXS_PAGE_FRONT(i / XEN_NOXS_AREAS_PER_PAGE));
}

void os_publish(unsigned int i, const void *from, size_t size)
{
	struct xen_noxs_area_hdr *hdr = os_back(i);
	uint32_t seq = hdr->seq;

	memcpy(hdr, from, size);
	hdr->seq = seq + 2;
	os_raise(os_device_page()->slot[i].port[0]);
}

static bool raise_event(struct port *port)
{
	if (!port->handler) {
		port->pending = true;
		return false;
	}
	port->handler(port->data);
	return true;
}

bool os_raise(uint32_t port)
{
	return raise_event(&os.port[port]);
}

bool os_raise_virq(void)
{
	return raise_event(&os.virq);
}

unsigned int os_notified(uint32_t port)
{
	unsigned int nr = os.port[port].notified;

	os.port[port].notified = 0;
	return nr;
}

bool os_port_bound(uint32_t port)
{
	return os.port[port].handler != NULL;
}

void *os_grant_page(uint32_t ref, uint16_t domid, bool write)
{
	struct grant *grant = &os.grant[ref];

	if (ref >= OS_NR_GRANTS || !grant->page || grant->domid != domid ||
	    (write && grant->readonly))
		return NULL;
	return grant->page;
}

unsigned int os_nr_grants(void)
{
	return os.nr_grants;
}

void os_grant_map(uint32_t ref, bool mapped)
{
	os.grant[ref].mapped = mapped;
}

/* --- the OS's side ------------------------------------------------------- */

int noxs_os_hypercall(unsigned int cmd, void *arg)
{
	if (cmd != XEN_NOXS_OP_version)
		return -ENOSYS;
	if (!os_version_rc)
		memcpy(arg, &os_version, sizeof(os_version));
	return os_version_rc;
}

int noxs_os_map_page(unsigned int index, bool writable, void **out)
{
	uint8_t *base = writable ? os.xen : os.ro;

	CHECK(index < XEN_NOXS_MAX_PAGES && !os.mapped[index]);
	/* Only front pages, which have odd numbers. */
	CHECK(!writable || index % 2);
	if (fail_now())
		return -ENOMEM;
	os.mapped[index] = true;
	*out = base + index * NOXS_OS_PAGE_SIZE;
	return 0;
}

void noxs_os_unmap_page(unsigned int index, void *addr)
{
	size_t at = index * NOXS_OS_PAGE_SIZE;

	CHECK(os.mapped[index]);
	CHECK((uint8_t *)addr == os.xen + at || (uint8_t *)addr == os.ro + at);
	os.mapped[index] = false;
}

void *noxs_os_alloc(size_t size)
{
	void *ptr;

	if (fail_now())
		return NULL;
	ptr = calloc(1, size);
	CHECK(ptr);
	os.nr_allocs++;
	return ptr;
}

void noxs_os_free(void *ptr)
{
	os.nr_allocs -= ptr != NULL;
	free(ptr);
}

void *noxs_os_page_alloc(void)
{
	void *page;

	if (fail_now())
		return NULL;
	page = aligned_alloc(NOXS_OS_PAGE_SIZE, NOXS_OS_PAGE_SIZE);
	CHECK(page);
	memset(page, 0, NOXS_OS_PAGE_SIZE);
	os.nr_pages++;
	return page;
}

void noxs_os_page_free(void *page)
{
	unsigned int i;

	for (i = 0; page && i < OS_NR_GRANTS; i++)
		CHECK(os.grant[i].page != page);
	os.nr_pages -= page != NULL;
	free(page);
}

int noxs_os_grant_access(uint16_t domid, void *page, bool readonly,
			 uint32_t *ref)
{
	unsigned int i;

	CHECK(!((uintptr_t)page % NOXS_OS_PAGE_SIZE));
	if (fail_now())
		return -ENOSPC;
	for (i = 8; i < OS_NR_GRANTS && os.grant[i].page; i++)
		;
	if (i == OS_NR_GRANTS)
		return -ENOSPC;
	os.grant[i] = (struct grant){ page, domid, readonly, false };
	os.nr_grants++;
	*ref = i;
	return 0;
}

int noxs_os_grant_end(uint32_t ref)
{
	CHECK(ref < OS_NR_GRANTS && os.grant[ref].page);
	if (os.grant[ref].mapped)
		return -EBUSY;
	memset(&os.grant[ref], 0, sizeof(os.grant[ref]));
	os.nr_grants--;
	return 0;
}

static int bind(struct port *port, noxs_os_handler handler, void *data)
{
	if (fail_now() || port->handler)
		return -EBUSY;
	port->handler = handler;
	port->data = data;
	if (port->pending) {
		port->pending = false;
		handler(data);
	}
	return 0;
}

static void unbind(struct port *port)
{
	CHECK(port->handler);
	port->handler = NULL;
}

int noxs_os_evtchn_bind(uint32_t port, noxs_os_handler handler, void *data)
{
	if (port >= OS_NR_PORTS)
		return -EINVAL;
	return bind(&os.port[port], handler, data);
}

void noxs_os_evtchn_unbind(uint32_t port)
{
	unbind(&os.port[port]);
}

void noxs_os_evtchn_notify(uint32_t port)
{
	os.port[port].notified++;
}

int noxs_os_virq_bind(unsigned int virq, noxs_os_handler handler, void *data)
{
	CHECK(virq == VIRQ);
	return bind(&os.virq, handler, data);
}

void noxs_os_virq_unbind(unsigned int virq)
{
	CHECK(virq == VIRQ);
	unbind(&os.virq);
}

void noxs_os_log(enum noxs_os_level level, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	CHECK(level <= NOXS_OS_INFO && len > 0 && line[len - 1] == '\n');
	os_nr_logged++;
}
