// SPDX-License-Identifier: BSD-2-Clause
/*
 * labpower: commands through the power device, and suspends that end where they
 * began, for tests of guests without a toolstack's help.
 *
 *   labpower DOMID poweroff|reboot       prints the reason of the shutdown
 *   labpower DOMID memory KIB
 *   labpower DOMID cancel|anew COUNT [MS] suspend and resume so often, with MS
 *                                        in between: "cancel" tells the guest
 *                                        that it was called off, "anew" that it
 *                                        is somewhere else
 *   labpower DOMID memory-now            print what it owns, KiB
 *
 * A refusal is an exit status of 1 and the guest's reason.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xenctrl.h>
#include <xenguest.h>
#include <xen/sched.h>

#include <noxs/noxs.h>

#define WAIT_MS		10000
#define GENERATION	1u	/* of libchaos' offer */

static struct noxs *nx;
static xc_interface *xch;
static struct xen_noxs_list_entry device;
static const volatile struct xen_noxs_power_front *front;

static int fail(const char *what, int err)
{
	fprintf(stderr, "labpower: %s: %s\n", what, strerror(err));
	return 1;
}

static void nap(unsigned long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static int find(uint16_t domid)
{
	struct xen_noxs_list list = { .domid = domid,
				      .backend = XEN_NOXS_ANY };
	struct noxs_mapping *map;
	const void *page;
	unsigned int i;
	int rc = noxs_list(nx, &list);

	if (rc)
		return rc;
	for (i = 0; i < list.nr; i++)
		if (list.entry[i].type == XEN_NOXS_TYPE_POWER)
			break;
	if (i == list.nr)
		return -ENODEV;
	device = list.entry[i];
	rc = noxs_map(nx, domid, XEN_NOXS_PAGE_FRONT(device.pair), 1, &map,
		      &page);
	if (!rc)
		front = (const void *)((const char *)page + device.offset);
	return rc;
}

static int command(uint32_t cmd, uint64_t arg)
{
	struct xen_noxs_power_back back = {
		.hdr = {
			.magic = XEN_NOXS_BACK_MAGIC,
			.version = XEN_NOXS_VERSION,
			.size = sizeof(back),
			.state = XEN_NOXS_STATE_CONNECTED,
			.generation = GENERATION,
			.features = XEN_NOXS_POWER_F_ALL,
		},
		.cmd = cmd,
		.cmd_id = front->ack_id + 1 ? front->ack_id + 1 : 1,
		.arg = arg,
	};
	struct xen_noxs_publish op = {
		.domid = device.domid,
		.type = XEN_NOXS_TYPE_POWER,
		.size = sizeof(back),
		.serial = device.serial,
		.flags = XEN_NOXS_PUBLISH_NOTIFY,
	};
	unsigned int ms;
	int rc;

	for (ms = 0; !(front->hdr.features & XEN_NOXS_POWER_F(cmd)); ms++) {
		if (ms == WAIT_MS)
			return EOPNOTSUPP;
		nap(1);
	}
	memcpy(op.data, &back, sizeof(back));
	rc = noxs_publish(nx, &op);
	if (rc)
		return -rc;
	for (ms = 0; front->ack_id != back.cmd_id; ms++) {
		if (ms == WAIT_MS)
			return ETIMEDOUT;
		nap(1);
	}
	return (int)front->ack_error;
}

/* 0, and why it shut down. */
static int wait_shutdown(unsigned int *reason)
{
	unsigned int ms;
	xc_dominfo_t info;

	for (ms = 0; ms < WAIT_MS; ms++) {
		if (xc_domain_getinfo(xch, device.domid, 1, &info) != 1 ||
		    info.domid != device.domid)
			return ESRCH;
		if (info.shutdown) {
			*reason = info.shutdown_reason;
			return 0;
		}
		nap(1);
	}
	return ETIMEDOUT;
}

static int end(uint32_t cmd)
{
	unsigned int reason;
	int rc = command(cmd, 0);

	if (rc)
		return fail("command", rc);
	rc = wait_shutdown(&reason);
	if (rc)
		return fail("wait for the shutdown", rc);
	printf("%u\n", reason);
	return 0;
}

static int suspend(bool cancel, unsigned long count, unsigned long ms)
{
	unsigned int reason;
	int rc;

	while (count--) {
		rc = command(XEN_NOXS_POWER_SUSPEND, 0);
		if (rc)
			return fail("suspend", rc);
		rc = wait_shutdown(&reason);
		if (rc)
			return fail("wait for the suspend", rc);
		if (reason != SHUTDOWN_suspend) {
			fprintf(stderr, "labpower: shut down with %u\n",
				reason);
			return 1;
		}
		if (xc_domain_resume(xch, device.domid, cancel))
			return fail("resume", errno);
		nap(ms);
	}
	return 0;
}

static int memory_now(void)
{
	xc_dominfo_t info;

	if (xc_domain_getinfo(xch, device.domid, 1, &info) != 1)
		return fail("memory", errno);
	printf("%lu\n", info.nr_pages * 4);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "";
	unsigned long arg = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	int rc;

	if (argc < 3)
		return fail("usage: labpower DOMID COMMAND", EINVAL);
	xch = xc_interface_open(NULL, NULL, 0);
	if (!xch)
		return fail("libxenctrl", errno);
	rc = noxs_open(&nx);
	if (!rc)
		rc = find((uint16_t)strtoul(argv[1], NULL, 10));
	if (rc)
		return fail("power device", -rc);
	if (!strcmp(verb, "poweroff"))
		return end(XEN_NOXS_POWER_POWEROFF);
	if (!strcmp(verb, "reboot"))
		return end(XEN_NOXS_POWER_REBOOT);
	if (!strcmp(verb, "cancel") || !strcmp(verb, "anew"))
		return suspend(!strcmp(verb, "cancel"), arg,
			       argc > 4 ? strtoul(argv[4], NULL, 10) : 0);
	if (!strcmp(verb, "memory-now"))
		return memory_now();
	if (strcmp(verb, "memory"))
		return fail("no such command", EINVAL);
	rc = command(XEN_NOXS_POWER_MEMORY, arg);
	return rc ? fail("memory", rc) : 0;
}
