// SPDX-License-Identifier: BSD-2-Clause
/* TAP devices through /dev/net/tun. */
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tap.h"

int nbl_tap_open(const char *ifname, int *out)
{
	struct ifreq ifr = {
		/* EXCL: never adopt somebody's persistent TAP */
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL,
	};
	int fd, rc;

	if (strlen(ifname) >= sizeof(ifr.ifr_name))
		return -EINVAL;
	strcpy(ifr.ifr_name, ifname);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		/* EBUSY: a TAP; EINVAL: a device of another kind has it */
		rc = errno == EBUSY || if_nametoindex(ifname) ? -EEXIST
							      : -errno;
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

int nbl_tap_offload(int fd, unsigned int tun_f)
{
	return ioctl(fd, TUNSETOFFLOAD, (unsigned long)tun_f) ? -errno : 0;
}

/* A filter on what comes in, of one address that nobody has; or no filter. */
int nbl_tap_deaf(int fd, bool deaf)
{
	union {
		struct tun_filter filter;
		uint8_t bytes[sizeof(struct tun_filter) + ETH_ALEN];
	} u = { .filter = { .count = deaf } };

	/* It returns how many addresses it took. */
	return ioctl(fd, TUNSETTXFILTER, &u) < 0 ? -errno : 0;
}

void nbl_tap_close(int fd)
{
	close(fd);
}
