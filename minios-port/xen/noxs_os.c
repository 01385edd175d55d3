// SPDX-License-Identifier: BSD-2-Clause
/*
 * The services that the noxs bus and the frontends want from an OS.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "minios/hypercall.h"
#include <xen/noxs.h>

#include "minios/boot.h"
#include "minios/bus.h"
#include "minios/console.h"
#include "minios/events.h"
#include "minios/gnttab.h"
#include "minios/mm.h"
#include "minios/xenbus.h"
#include "noxs_os.h"

int noxs_os_hypercall(unsigned int cmd, void *arg)
{
	if (xenbus_active)
		return xenbus_hypercall(cmd, arg);
	return hypercall2(__HYPERVISOR_noxs_op, cmd, arg);
}

int noxs_os_map_page(unsigned int index, bool writable, void **out)
{
	struct xen_noxs_frames op = { .first = index, .nr = 1 };
	int rc;

	if (xenbus_active) {
		*out = xenbus_page(index);
		return *out ? 0 : -ENOENT;
	}
	if (!boot.pv)
		return window_map_space(XENMAPSPACE_noxs, index, out);
	rc = noxs_os_hypercall(XEN_NOXS_OP_frames, &op);
	return rc ? rc : window_map_frame(op.mfn[0], writable, out);
}

void noxs_os_unmap_page(unsigned int index, void *addr)
{
	(void)index;
	if (!xenbus_active)
		window_unmap(addr);
}

void *noxs_os_alloc(size_t size)
{
	return calloc(1, size);
}

void noxs_os_free(void *ptr)
{
	free(ptr);
}

void *noxs_os_page_alloc(void)
{
	return page_alloc(1);
}

void noxs_os_page_free(void *page)
{
	page_free(page, 1);
}

int noxs_os_grant_access(uint16_t domid, void *page, bool readonly,
			 uint32_t *ref)
{
	return gnttab_grant(domid, page, readonly, ref);
}

int noxs_os_grant_end(uint32_t ref)
{
	return gnttab_end(ref);
}

int noxs_os_evtchn_bind(uint32_t port, noxs_os_handler handler, void *data)
{
	return event_bind(port, handler, data);
}

void noxs_os_evtchn_unbind(uint32_t port)
{
	event_unbind(port);
}

void noxs_os_evtchn_notify(uint32_t port)
{
	if (xenbus_active)
		xenbus_notify(port);
	else
		event_notify(port);
}

/* There are NR_VIRQS kinds.  port 0: not bound. */
static struct {
	uint32_t port;
	noxs_os_handler handler;
	void *data;
} virqs[NR_VIRQS];

int noxs_os_virq_bind(unsigned int virq, noxs_os_handler handler, void *data)
{
	int rc;

	if (xenbus_active) {
		xenbus_virq(handler, data);
		return 0;
	}
	if (virq >= NR_VIRQS)
		return -EINVAL;
	if (virqs[virq].port)
		return -EBUSY;
	rc = virq_bind(virq, &virqs[virq].port);
	if (rc)
		return rc;
	virqs[virq].handler = handler;
	virqs[virq].data = data;
	rc = event_bind(virqs[virq].port, handler, data);
	if (rc)
		noxs_os_virq_unbind(virq);
	return rc;
}

void noxs_os_virq_unbind(unsigned int virq)
{
	if (xenbus_active)
		xenbus_virq(NULL, NULL);
	if (virq >= NR_VIRQS || !virqs[virq].port)
		return;
	event_unbind(virqs[virq].port);
	port_close(virqs[virq].port);
	virqs[virq].port = 0;
}

int noxs_os_resume(void)
{
	unsigned int virq;
	int rc = 0;

	for (virq = 0; !rc && virq < NR_VIRQS; virq++) {
		uint32_t *port = &virqs[virq].port;

		if (!*port)
			continue;
		/* Still there if this is the same domain after all. */
		if (!virq_bound(virq, *port))
			rc = virq_bind(virq, port);
		if (!rc)
			rc = event_bind(*port, virqs[virq].handler,
					virqs[virq].data);
	}
	return rc;
}

void noxs_os_log(enum noxs_os_level level, const char *fmt, ...)
{
	static const char *const word[] = { "error: ", "warning: ", "" };
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("noxs: %s%s\n", level <= NOXS_OS_INFO ? word[level] : "", line);
}
