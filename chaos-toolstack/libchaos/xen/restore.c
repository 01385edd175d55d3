// SPDX-License-Identifier: BSD-2-Clause
/*
 * A saved domain's state into a domain that was just made: its memory, its
 * vCPUs, its parameters.  Each chunk is checked before it is used.  What names
 * the host, the console's port, is the new one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* After <xenctrl.h>, which asks for the toolstack's half of Xen's headers. */
#include <xen/hvm/params.h>

int chaos__input_next(struct chaos__input *in)
{
	struct chaos__xen *xen = in->b->xen;
	int rc;

	rc = in->source->next(in->source->arg, &in->type, &in->data,
			      &in->size);
	if (rc == -ENODATA) {
		snprintf(xen->detail, sizeof(xen->detail),
			 "it ends too early");
		return -EPROTO;
	}
	if (rc)
		return rc;
	rc = chaos__chunk_check_next(&in->check, in->type, in->data, in->size);
	if (rc == -EPROTO)
		snprintf(xen->detail, sizeof(xen->detail), "%s",
			 in->check.why);
	return rc;
}

static int get_tsc(struct chaos__xen_build *b, const void *data)
{
	struct chaos__chunk_tsc tsc;

	memcpy(&tsc, data, sizeof(tsc));
	if (xc_domain_set_tsc_info(b->xen->xch, b->domid, tsc.mode, tsc.nsec,
				   tsc.khz, tsc.incarnation))
		return chaos__xen_errno(b->xen);
	return 0;
}

static int get_params(struct chaos__xen_build *b, const uint8_t *data,
		      size_t size, struct chaos__xen_console_where *con)
{
	struct chaos__chunk_param p;

	for (; size; data += sizeof(p), size -= sizeof(p)) {
		memcpy(&p, data, sizeof(p));
		if (xc_hvm_param_set(b->xen->xch, b->domid, (uint32_t)p.index,
				     p.value))
			return chaos__xen_errno(b->xen);
		if (p.index == HVM_PARAM_CONSOLE_PFN)
			con->gfn = p.value;
	}
	if (xc_hvm_param_set(b->xen->xch, b->domid, HVM_PARAM_CONSOLE_EVTCHN,
			     con->port))
		return chaos__xen_errno(b->xen);
	return 0;
}

static int get_context(struct chaos__xen_build *b, const void *data,
		       size_t size)
{
	uint8_t *copy;
	int rc = 0;

	/* libxc's argument is no const. */
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	if (xc_domain_hvm_setcontext(b->xen->xch, b->domid, copy,
				     (uint32_t)size))
		rc = chaos__xen_errno(b->xen);
	free(copy);
	return rc;
}

static int use_pvh(struct chaos__input *in, struct chaos__fill *fill,
		   struct chaos__xen_console_where *con)
{
	struct chaos__xen_build *b = in->b;

	switch (in->type) {
	case CHAOS__CHUNK_PLATFORM:
		return chaos__xen_pvh_paging(b);
	case CHAOS__CHUNK_CPU:
		return chaos__state_get_cpu(b->xen, b->domid, true, in->data);
	case CHAOS__CHUNK_TSC:
		return get_tsc(b, in->data);
	case CHAOS__CHUNK_MEMORY:
		return chaos__fill_memory(fill, &in->check, in->data, in->size);
	case CHAOS__CHUNK_PAGES:
		return chaos__fill_pages(fill, in->data);
	case CHAOS__CHUNK_PARAMS:
		return get_params(b, in->data, in->size, con);
	case CHAOS__CHUNK_HVM_CONTEXT:
		return get_context(b, in->data, in->size);
	default:
		return 0;	/* END */
	}
}

static int restore_pvh(struct chaos__input *in,
		       struct chaos__xen_console_where *con)
{
	struct chaos__fill *fill;
	int rc;

	fill = calloc(1, sizeof(*fill));
	if (!fill)
		return -ENOMEM;
	fill->b = in->b;
	do {
		rc = chaos__input_next(in);
		if (!rc)
			rc = use_pvh(in, fill, con);
	} while (!rc && in->type != CHAOS__CHUNK_END);
	free(fill);
	return rc;
}

static int restore_pv(struct chaos__input *in,
		      struct chaos__xen_console_where *con)
{
	struct chaos__xen_build *b = in->b;
	int rc;

	do {
		rc = chaos__input_next(in);
		if (!rc && in->type == CHAOS__CHUNK_CPU)
			rc = chaos__state_get_cpu(b->xen, b->domid, false,
						  in->data);
	} while (!rc && in->type != CHAOS__CHUNK_PV_STREAM);
	return rc ? rc : chaos__state_get_pv(in, &con->gfn);
}

int chaos__xen_build_restore(struct chaos__xen_build *b,
			     const struct chaos__source *source,
			     struct chaos__xen_console_where *con)
{
	struct chaos__chunk_limits limits = {
		.pvh = b->p->pvh,
		.vcpus = b->p->vcpus,
		.max_pages = b->p->max_mem_kb / (CHAOS__PAGE_SIZE / 1024),
	};
	struct chaos__input in = { .b = b, .source = source };
	struct chaos__xen_console_where to = { .port = b->console_port };
	int rc;

	b->xen->detail[0] = '\0';
	chaos__chunk_check_init(&in.check, &limits);
	rc = b->p->pvh ? restore_pvh(&in, &to) : restore_pv(&in, &to);
	chaos__chunk_check_fini(&in.check);
	if (!rc)
		*con = to;
	return rc;
}
