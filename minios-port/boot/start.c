// SPDX-License-Identifier: BSD-2-Clause
/*
 * The order in which things come up, and the application's life.
 */
#include "minios/hypercall.h"
#include <xen/sched.h>

#include "minios/app.h"
#include "minios/boot.h"
#include "minios/bus.h"
#include "minios/console.h"
#include "minios/events.h"
#include "minios/mm.h"
#include "minios/panic.h"
#include "minios/sched.h"
#include "minios/shared.h"

void start(void)
{
	int rc;

	if (!boot.pv)
		protect_init();
	page_init();
	shared_init();
	events_init();
	sched_init();
	if (bus_init())
		panic("no memory for the first thread");
	rc = app_main();
	printf("%s: ends with %d\n", app_name, rc);
	console_flush();
	xen_shutdown(rc ? SHUTDOWN_crash : SHUTDOWN_poweroff);
}
