// SPDX-License-Identifier: BSD-2-Clause
/*
 * idle: boots and does nothing, for measurements.
 */
#include "minios/app.h"
#include "minios/console.h"
#include "minios/sched.h"

const char app_name[] = "idle";

int app_main(void)
{
	struct waitq never = { 0 };

	printf("idle\n");
	waitq_wait(&never, SCHED_FOREVER);
	return 0;
}
