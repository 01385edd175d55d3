/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noxs_power.h owns the guest's end of the power device: a driver for the
 * noxs bus that turns what the toolstack publishes into calls.
 *
 * Model
 *   There is one power device in a domain.  The driver names the commands that
 *   the OS can do and watches for one with a number that it did not take yet.
 *   The bus only finds it; noxs_power_poll() acknowledges it and calls
 *   ops->command, outside of the bus's callbacks, so that a command may call
 *   the bus (noxs_bus_resume at the end of a suspend).
 *   A command is taken once, however often it is seen.  One that was replaced
 *   by another before poll came is void.
 *
 * Call order
 *   noxs_power_init -> noxs_bus_init with &power->drv among the drivers
 *   -> { noxs_bus_poll -> noxs_power_poll } -> noxs_bus_fini
 *   The struct may serve another noxs_bus_init after that: it remembers what
 *   was taken, so that no command is done twice.
 *
 * Who is told what, and when
 *   POWEROFF, REBOOT, SUSPEND are acknowledged before ops->command is called,
 *   which need not return for the first two.  MEMORY is acknowledged with what
 *   ops->command returned.  What ops->check refused, an argument where there is
 *   none to be, and what is not in commands (EOPNOTSUPP) is acknowledged with
 *   that error and not done.
 *
 * Suspend and resume
 *   ops->command(SUSPEND) stops devices, saves what it must, calls
 *   SCHEDOP_shutdown(SHUTDOWN_suspend), and when that returns puts grant
 *   table, event channels and VIRQ in order.  If the suspend was cancelled
 *   (SCHEDOP_shutdown returned 1) domain and devices are the old ones and
 *   nothing more is needed; else it calls noxs_bus_resume().  The domain's new
 *   power device knows nothing of the old one's commands, and the old one's
 *   acknowledgement is not carried over.
 *
 * Context: task context, one at a time, as the bus (noxs_os.h), unless marked.
 * Nothing here allocates or blocks, but for what ops->command does.
 */
#ifndef NOXS_POWER_H
#define NOXS_POWER_H

#include "noxs_bus.h"

/* From ops->command(MEMORY): it goes on, noxs_power_done() says how it ends. */
#define NOXS_POWER_LATER	1

struct noxs_power_ops {
	/*
	 * May this be done now?  0 or -errno, of which the toolstack is told.
	 * Optional: whatever is in commands may.
	 */
	int (*check)(void *arg, unsigned int cmd, uint64_t cmd_arg);
	/*
	 * Do it: XEN_NOXS_POWER_{POWEROFF,REBOOT,SUSPEND}, cmd_arg 0, or
	 * MEMORY, cmd_arg in KiB.  Called from noxs_power_poll only, may call
	 * the bus and noxs_power_done.  0 or -errno (logged; for MEMORY also
	 * told), for MEMORY also NOXS_POWER_LATER.
	 */
	int (*command)(void *arg, unsigned int cmd, uint64_t cmd_arg);
};

struct noxs_power_config {
	const struct noxs_power_ops *ops;
	void *arg;		/* for ops */
	uint32_t commands;	/* XEN_NOXS_POWER_F() of those it can do */
};

struct noxs_power_command {
	uint32_t cmd;
	uint32_t id;
	uint64_t arg;
};

/* The caller's memory; all fields but drv are the driver's own. */
struct noxs_power {
	struct noxs_driver drv;		/* for noxs_bus_init */
	struct noxs_power *self;
	const struct noxs_power_config *cfg;
	struct noxs_device *dev;	/* NULL: no device */
	/* The device that the rest is about. */
	struct xen_noxs_slot slot;
	uint64_t serial;
	uint32_t life;			/* generation of the domain */
	uint32_t generation;		/* of the offer that was answered */
	bool answered;
	bool due;			/* next is to be taken */
	struct noxs_power_command next;
	uint32_t taken;			/* id taken last, 0: none */
	uint32_t busy;			/* id of a MEMORY under way, or 0 */
	uint32_t ack_id, ack_error;	/* what the front area says */
};

/*
 * cfg and what it points to stay valid as long as power does.  -EINVAL:
 * commands that this ABI does not have, or no ops->command.
 */
int noxs_power_init(struct noxs_power *power,
		    const struct noxs_power_config *cfg);

/* Is noxs_power_poll() due?  After noxs_bus_poll(), which finds commands. */
bool noxs_power_pending(const struct noxs_power *power);
/*
 * Take at most one command.  Not from a callback of bus, driver or ops.  0, or
 * -EAGAIN: another one came meanwhile, call again.
 */
int noxs_power_poll(struct noxs_power *power);
/*
 * A MEMORY that was answered NOXS_POWER_LATER is done: error 0 or -errno.
 * Nothing if another command or another life came meanwhile.
 */
void noxs_power_done(struct noxs_power *power, int error);

#endif
