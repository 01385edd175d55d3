// SPDX-License-Identifier: BSD-2-Clause
/*
 * Suspend and what comes after.
 */
#include <errno.h>

#include "minios/hypercall.h"
#include <xen/hvm/params.h>

#include "minios/boot.h"
#include "minios/bus.h"
#include "minios/console.h"
#include "minios/events.h"
#include "minios/gnttab.h"
#include "minios/mm.h"
#include "minios/random.h"
#include "minios/shared.h"
#include "minios/suspend.h"
#include "minios/time.h"

/*
 * A toolstack that calls a suspend off tells a PVH guest so (by the return
 * value) only if it has said how it wants to be interrupted.  It never is: all
 * event channels are masked.
 */
#define CALLBACK_VECTOR	(2ull << 56 | 0xf3)

static int leave(void)
{
	int rc;

	if (!boot.pv) {
		rc = hvm_param_set(HVM_PARAM_CALLBACK_IRQ, CALLBACK_VECTOR);
		if (rc)
			return rc;
	}
	return gnttab_suspend();
}

/* The rest of the system does not know yet. */
static void arrive(void)
{
	shared_resume();
	events_resume();
	time_resume();
	console_resume();
}

int suspend(void)
{
	int rc = leave();

	if (rc)
		return rc;
	console_flush();
	time_suspend();
	/*
	 * From here to window_resume no page of Xen's is mapped: they stay
	 * behind.  A PV guest's page tables may hold its own frames only.
	 */
	window_suspend();
	rc = xen_suspend(boot_suspend());
	boot_resume(rc);
	window_resume(rc);
	if (!rc)
		arrive();
	gnttab_resume(rc);
	if (!rc) {
		random_reseed();
		bus_resume();
	}
	return rc;
}
