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

/* The ports of VIRQs; there are NR_VIRQS kinds. */
static uint32_t virq_port[NR_VIRQS];

int noxs_os_virq_bind(unsigned int virq, noxs_os_handler handler, void *data)
{
	int rc;

	if (xenbus_active) {
		xenbus_virq(handler, data);
		return 0;
	}
	if (virq >= NR_VIRQS)
		return -EINVAL;
	if (virq_port[virq])
		return -EBUSY;
	rc = virq_bind(virq, &virq_port[virq]);
	if (rc)
		return rc;
	rc = event_bind(virq_port[virq], handler, data);
	if (rc)
		noxs_os_virq_unbind(virq);
	return rc;
}

void noxs_os_virq_unbind(unsigned int virq)
{
	if (xenbus_active)
		xenbus_virq(NULL, NULL);
	if (virq >= NR_VIRQS || !virq_port[virq])
		return;
	event_unbind(virq_port[virq]);
	port_close(virq_port[virq]);
	virq_port[virq] = 0;
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
