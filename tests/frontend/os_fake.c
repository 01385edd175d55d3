/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_fake.c owns the OS's services for the loopback test, made of the guest's
 * side of tests/fake; they act for the guest that was entered last.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake.h"
#include "guest.h"

void (*os_rmb_hook)(void);
void (*os_wmb_hook)(void);

static struct guest *now;
static unsigned int nr_allocs;

void guest_enter(struct guest *guest)
{
	now = guest;
}

unsigned int guest_allocs(void)
{
	return nr_allocs;
}

int noxs_os_hypercall(unsigned int cmd, void *arg)
{
	return fake_dom_hypercall(now->dom, cmd, arg);
}

int noxs_os_map_page(unsigned int index, bool writable, void **out)
{
	return fake_fail_now() ? -ENOMEM
			       : fake_dom_map(now->dom, index, writable, out);
}

void noxs_os_unmap_page(unsigned int index, void *addr)
{
	fake_dom_unmap(now->dom, index, addr);
}

void *noxs_os_alloc(size_t size)
{
	void *ptr = fake_fail_now() ? NULL : calloc(1, size);

	nr_allocs += ptr != NULL;
	return ptr;
}

void noxs_os_free(void *ptr)
{
	nr_allocs -= ptr != NULL;
	free(ptr);
}

void *noxs_os_page_alloc(void)
{
	return fake_fail_now() ? NULL : fake_dom_pages_alloc(now->dom, 1);
}

void noxs_os_page_free(void *page)
{
	if (page)
		fake_dom_pages_free(now->dom, page, 1);
}

int noxs_os_grant_access(uint16_t domid, void *page, bool readonly,
			 uint32_t *ref)
{
	return fake_fail_now() ? -ENOSPC
			       : fake_dom_grant(now->dom, domid, page,
						readonly, ref);
}

int noxs_os_grant_end(uint32_t ref)
{
	return fake_dom_grant_end(now->dom, ref);
}

int noxs_os_evtchn_bind(uint32_t port, noxs_os_handler handler, void *data)
{
	return fake_fail_now() ? -EBUSY
			       : fake_dom_evtchn_bind(now->dom, port, handler,
						      data);
}

void noxs_os_evtchn_unbind(uint32_t port)
{
	fake_dom_evtchn_unbind(now->dom, port);
}

void noxs_os_evtchn_notify(uint32_t port)
{
	fake_dom_evtchn_notify(now->dom, port);
}

int noxs_os_virq_bind(unsigned int virq, noxs_os_handler handler, void *data)
{
	return fake_fail_now() ? -EBUSY
			       : fake_dom_virq_bind(now->dom, virq, handler,
						    data);
}

void noxs_os_virq_unbind(unsigned int virq)
{
	fake_dom_virq_unbind(now->dom, virq);
}

void noxs_os_log(enum noxs_os_level level, const char *fmt, ...)
{
	va_list ap;

	if (!getenv("VERBOSE"))
		return;
	fprintf(stderr, "# guest %d: ", (int)level);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}
