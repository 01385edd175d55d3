// SPDX-License-Identifier: BSD-2-Clause
/*
 * labforbid: netback-lite that does, when somebody is connected, what the
 * environment's FORBIDDEN says and its sandbox does not allow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <connection.h>
#include <xen/xen.h>

#include <xen/sys/privcmd.h>

void __real_nbl_control_turn(struct nbl_control *ctl);
void __wrap_nbl_control_turn(struct nbl_control *ctl);

void __wrap_nbl_control_turn(struct nbl_control *ctl)
{
	const char *what = getenv("FORBIDDEN");

	__real_nbl_control_turn(ctl);
	if (!ctl || !ctl->nr_connections || !what)
		return;
	if (!strcmp(what, "exec"))
		execl("/bin/sh", "sh", "-c", "echo a shell", (char *)NULL);
	if (!strcmp(what, "packet") && socket(AF_PACKET, SOCK_RAW, 0) < 0)
		fputs("no packet socket\n", stderr);
	if (!strcmp(what, "privcmd") && ioctl(0, IOCTL_PRIVCMD_MMAPBATCH_V2, 0))
		fputs("no mapping\n", stderr);
	fputs("it lives\n", stderr);
	unsetenv("FORBIDDEN");
}
