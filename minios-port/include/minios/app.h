/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an application provides.
 */
#ifndef MINIOS_APP_H
#define MINIOS_APP_H

#include <stdbool.h>

extern const char app_name[];

/*
 * Runs in the main thread.  When it returns, the domain powers off (0) or
 * counts as crashed (anything else).
 */
int app_main(void);
/*
 * Optional.  The toolstack wants the domain to power off or to reboot, which
 * it does when this returns.
 */
void app_ends(bool reboot) __attribute__((weak));

#endif
