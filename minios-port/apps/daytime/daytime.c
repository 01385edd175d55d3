// SPDX-License-Identifier: BSD-2-Clause
/*
 * daytime: sends the date and time to whoever connects to TCP port 13, and
 * closes.  lwIP answers pings.
 */
#include <stdio.h>

#include "lwip/tcp.h"

#include "date.h"
#include "minios/app.h"
#include "minios/console.h"
#include "minios/net.h"
#include "minios/sched.h"
#include "minios/time.h"

#define DAYTIME_PORT	13

const char app_name[] = "daytime";

static err_t daytime_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	char line[DATE_LINE_MAX];
	int len;

	(void)arg;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	len = date_line(time_wall(NULL), line, sizeof(line));
	err = tcp_write(pcb, line, len, TCP_WRITE_FLAG_COPY);
	if (err == ERR_OK)
		err = tcp_close(pcb);	/* what was written is sent first */
	if (err == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static int daytime_listen(void)
{
	struct tcp_pcb *pcb = tcp_new(), *listener;

	if (!pcb)
		return ERR_MEM;
	if (tcp_bind(pcb, IP_ADDR_ANY, DAYTIME_PORT) != ERR_OK) {
		tcp_close(pcb);
		return ERR_USE;
	}
	listener = tcp_listen(pcb);
	if (!listener) {
		tcp_close(pcb);
		return ERR_MEM;
	}
	tcp_accept(listener, daytime_accept);
	return ERR_OK;
}

int app_main(void)
{
	struct waitq never = { 0 };

	printf("daytime\n");
	/* Without network there is nobody to serve, but nothing is broken. */
	if (!net_start() && daytime_listen() != ERR_OK) {
		printf("daytime: cannot listen on port %d\n", DAYTIME_PORT);
		return 1;
	}
	waitq_wait(&never, SCHED_FOREVER);
	return 0;
}
