// SPDX-License-Identifier: BSD-2-Clause
/* How the ends of a migration begin. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "migrate.h"
#include "stream.h"

/* A pipe or a socket that is ready takes this much at once. */
int chaos__migrate_greet(int fd, int timeout_ms, const volatile int *cancelled)
{
	struct chaos__migrate_banner b = { .version = CHAOS__MIGRATE_VERSION };
	int rc = chaos__stream_wait(fd, POLLOUT, timeout_ms, cancelled);
	ssize_t n;

	memcpy(b.magic, CHAOS__MIGRATE_MAGIC, sizeof(b.magic));
	if (rc)
		return rc;
	n = write(fd, &b, sizeof(b));
	if (n < 0)
		return -errno;
	return n == sizeof(b) ? 0 : -EIO;
}

static int check(const struct chaos__migrate_banner *b, char why[160])
{
	if (memcmp(b->magic, CHAOS__MIGRATE_MAGIC, sizeof(b->magic)))
		snprintf(why, 160, "what the other side says is not from "
			 "chaos: does its shell print something?");
	else if (b->version != CHAOS__MIGRATE_VERSION || b->flags)
		snprintf(why, 160, "the other side speaks version %u, this "
			 "one version %u", b->version, CHAOS__MIGRATE_VERSION);
	else
		return 0;
	return -EPROTO;
}

int chaos__migrate_meet(int fd, int timeout_ms, const volatile int *cancelled,
			char why[160])
{
	struct chaos__migrate_banner b = { .version = 0 };
	size_t got = 0;
	ssize_t n;
	int rc;

	while (got < sizeof(b)) {
		rc = chaos__stream_wait(fd, POLLIN, timeout_ms, cancelled);
		if (rc)
			return rc;
		n = read(fd, (char *)&b + got, sizeof(b) - got);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -ECONNRESET;
		got += (size_t)n;
	}
	return check(&b, why);
}
