// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each request means here.
 */
#include <errno.h>

#include "minios/hypercall.h"
#include <xen/noxs.h>
#include <xen/sched.h>

#include "minios/app.h"
#include "minios/balloon.h"
#include "minios/console.h"
#include "minios/power.h"
#include "minios/suspend.h"

static void end(unsigned int reason) __attribute__((noreturn));

static void end(unsigned int reason)
{
	bool reboot = reason == SHUTDOWN_reboot;

	if (app_ends)
		app_ends(reboot);
	printf("%s: %s\n", app_name, reboot ? "reboots" : "powers off");
	console_flush();
	xen_shutdown(reason);
}

int power_do(unsigned int cmd, uint64_t arg)
{
	switch (cmd) {
	case XEN_NOXS_POWER_POWEROFF:
		end(SHUTDOWN_poweroff);
	case XEN_NOXS_POWER_REBOOT:
		end(SHUTDOWN_reboot);
	case XEN_NOXS_POWER_SUSPEND:
		return suspend();
	case XEN_NOXS_POWER_MEMORY:
		return balloon_set(arg);
	default:
		return -EOPNOTSUPP;
	}
}
