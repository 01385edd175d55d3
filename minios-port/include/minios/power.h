/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the toolstack asks of this guest: to power off, to reboot, to suspend,
 * to own more or less memory.  It asks through the noxs power device or through
 * XenStore's control nodes; both acknowledge it before it is done here.
 */
#ifndef MINIOS_POWER_H
#define MINIOS_POWER_H

#include <stdint.h>

/*
 * Do it: XEN_NOXS_POWER_*.  From a thread that is in no call of the bus.
 * POWEROFF and REBOOT do not return; SUSPEND: as suspend(); MEMORY: as
 * balloon_set(arg).
 */
int power_do(unsigned int cmd, uint64_t arg);

#endif
