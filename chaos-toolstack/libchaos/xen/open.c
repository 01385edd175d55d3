// SPDX-License-Identifier: BSD-2-Clause
/* The handle on Xen, and the one place where libxc's errors become ours. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

static struct chaos__xen *of_logger(struct xentoollog_logger *logger)
{
	return (struct chaos__xen *)((char *)logger -
				     offsetof(struct chaos__xen, logger));
}

/* The libraries say more than their errno; the first error is the cause. */
static void keep_message(struct xentoollog_logger *logger,
			 xentoollog_level level, int errnoval,
			 const char *context, const char *format, va_list al)
{
	struct chaos__xen *xen = of_logger(logger);
	size_t n;

	(void)context;
	if (level < XTL_ERROR || xen->detail[0])
		return;
	vsnprintf(xen->detail, sizeof(xen->detail), format, al);
	n = strcspn(xen->detail, "\n");
	xen->detail[n] = '\0';
	if (errnoval > 0)
		snprintf(xen->detail + n, sizeof(xen->detail) - n, ": %s",
			 strerror(errnoval));
}

static void no_progress(struct xentoollog_logger *logger, const char *context,
			const char *doing_what, int percent,
			unsigned long done, unsigned long total)
{
	(void)logger;
	(void)context;
	(void)doing_what;
	(void)percent;
	(void)done;
	(void)total;
}

static void no_destroy(struct xentoollog_logger *logger)
{
	(void)logger;
}

int chaos__xen_errno(struct chaos__xen *xen)
{
	(void)xen;
	return errno > 0 ? -errno : -EIO;
}

const char *chaos__xen_detail(const struct chaos__xen *xen)
{
	return xen->detail;
}

/* libxc hides why it could not open its devices. */
static int open_error(void)
{
	int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return -EIO;
}

int chaos__xen_open(struct chaos__xen **out)
{
	struct chaos__xen *xen;

	xen = calloc(1, sizeof(*xen));
	if (!xen)
		return -ENOMEM;
	xen->logger.vmessage = keep_message;
	xen->logger.progress = no_progress;
	xen->logger.destroy = no_destroy;
	xen->xch = xc_interface_open(&xen->logger, &xen->logger,
				     XC_OPENFLAG_NON_REENTRANT);
	if (!xen->xch) {
		free(xen);
		return open_error();
	}
	*out = xen;
	return 0;
}

void chaos__xen_close(struct chaos__xen *xen)
{
	if (!xen)
		return;
	xc_interface_close(xen->xch);
	free(xen);
}
