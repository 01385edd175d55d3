// SPDX-License-Identifier: BSD-2-Clause
/*
 * The noxs hypercall: a handle with one buffer that never faults, and one
 * function per operation that copies in, calls, and copies out on success.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

int noxs__errno(void)
{
	return errno > 0 ? -errno : -EIO;
}

static void quiet_message(struct xentoollog_logger *logger,
			  xentoollog_level level, int errnoval,
			  const char *context, const char *format, va_list al)
{
	(void)logger;
	(void)level;
	(void)errnoval;
	(void)context;
	(void)format;
	(void)al;
}

static void quiet_progress(struct xentoollog_logger *logger,
			   const char *context, const char *doing_what,
			   int percent, unsigned long done, unsigned long total)
{
	(void)logger;
	(void)context;
	(void)doing_what;
	(void)percent;
	(void)done;
	(void)total;
}

/* The handle is part of the caller's memory: nothing to free. */
static void quiet_destroy(struct xentoollog_logger *logger)
{
	(void)logger;
}

static int noxs_op(struct noxs *nx, unsigned int cmd, void *out,
		   const void *in, size_t size)
{
	int rc;

	memcpy(nx->buf, in, size);
	rc = xencall2(nx->call, __HYPERVISOR_noxs_op, cmd,
		      (uint64_t)(uintptr_t)nx->buf);
	if (rc < 0)
		return noxs__errno();
	if (out)
		memcpy(out, nx->buf, size);
	return 0;
}

static int noxs_probe(struct noxs *nx)
{
	struct xen_noxs_version v = { 0 };
	int rc;

	rc = noxs_op(nx, XEN_NOXS_OP_version, &v, &v, sizeof(v));
	if (rc)
		return rc;
	if (v.magic != XEN_NOXS_MAGIC)
		return -ENOSYS;
	if (v.version != XEN_NOXS_VERSION)
		return -EPROTO;
	nx->version = v;
	return 0;
}

/* Why xencall_open() failed: its clean-up may have overwritten errno. */
static int noxs_open_error(void)
{
	int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return noxs__errno();
	close(fd);
	return -EIO;
}

int noxs_open(struct noxs **out)
{
	struct noxs *nx;
	int rc;

	nx = calloc(1, sizeof(*nx));
	if (!nx)
		return -ENOMEM;
	nx->quiet.vmessage = quiet_message;
	nx->quiet.progress = quiet_progress;
	nx->quiet.destroy = quiet_destroy;

	nx->call = xencall_open(&nx->quiet, XENCALL_OPENFLAG_NON_REENTRANT);
	if (!nx->call) {
		rc = noxs_open_error();
		goto err_free;
	}
	nx->buf = xencall_alloc_buffer_pages(nx->call, 1);
	if (!nx->buf) {
		rc = -ENOMEM;
		goto err_close;
	}
	rc = noxs_probe(nx);
	if (rc)
		goto err_buf;
	*out = nx;
	return 0;

err_buf:
	xencall_free_buffer_pages(nx->call, nx->buf, 1);
err_close:
	xencall_close(nx->call);
err_free:
	free(nx);
	return rc;
}

void noxs_close(struct noxs *nx)
{
	if (!nx)
		return;
	if (nx->fmem)
		xenforeignmemory_close(nx->fmem);
	xencall_free_buffer_pages(nx->call, nx->buf, 1);
	xencall_close(nx->call);
	free(nx);
}

const struct xen_noxs_version *noxs_version(const struct noxs *nx)
{
	return &nx->version;
}

int noxs_add(struct noxs *nx, struct xen_noxs_add *op)
{
	return noxs_op(nx, XEN_NOXS_OP_add, op, op, sizeof(*op));
}

int noxs_remove(struct noxs *nx, const struct xen_noxs_remove *op)
{
	return noxs_op(nx, XEN_NOXS_OP_remove, NULL, op, sizeof(*op));
}

int noxs_list(struct noxs *nx, struct xen_noxs_list *op)
{
	return noxs_op(nx, XEN_NOXS_OP_list, op, op, sizeof(*op));
}

int noxs_publish(struct noxs *nx, const struct xen_noxs_publish *op)
{
	return noxs_op(nx, XEN_NOXS_OP_publish, NULL, op, sizeof(*op));
}

int noxs_watch(struct noxs *nx, const struct xen_noxs_watch *op)
{
	return noxs_op(nx, XEN_NOXS_OP_watch, NULL, op, sizeof(*op));
}

int noxs_states(struct noxs *nx, struct xen_noxs_states *op)
{
	return noxs_op(nx, XEN_NOXS_OP_states, op, op, sizeof(*op));
}

int noxs_limit(struct noxs *nx, const struct xen_noxs_limit *op)
{
	return noxs_op(nx, XEN_NOXS_OP_limit, NULL, op, sizeof(*op));
}

int noxs_generation(struct noxs *nx, const struct xen_noxs_generation *op)
{
	return noxs_op(nx, XEN_NOXS_OP_generation, NULL, op, sizeof(*op));
}

int noxs_read(struct noxs *nx, struct xen_noxs_read *op)
{
	return noxs_op(nx, XEN_NOXS_OP_read, op, op, sizeof(*op));
}
