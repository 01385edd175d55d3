// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "stream.h"

/* A signal that comes between the look at cancelled and poll is seen so late. */
#define SLICE_MS 200

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int chaos__stream_wait(int fd, short events, int timeout_ms,
		       const volatile int *cancelled)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t end = now_ms() + timeout_ms, left = timeout_ms;
	int n;

	for (;;) {
		if (cancelled && *cancelled)
			return -ECANCELED;
		n = poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
	}
}
