/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first answer of a guest's web server, from somebody who asks until there
 * is one.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <netinet/in.h>
#include <stdint.h>

/*
 * Whom address is, so that nobody has to ask: the kernel would ask once a second.
 * On bridge.
 */
void bench_http_neighbour(const char *bridge, struct in_addr address,
			  const uint8_t mac[6]);
/*
 * When the first bytes of "200" came from port 80, on bench_now_ms's scale.
 * Negative: not within timeout_ms, or it was another answer.
 */
double bench_http_wait(struct in_addr address, int timeout_ms);

#endif
