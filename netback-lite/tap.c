// SPDX-License-Identifier: BSD-2-Clause
/* TAP devices through /dev/net/tun. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tap.h"

#define TAP_FLAGS	(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)

static int tap_open(const char *ifname, int flags, int *out)
{
	struct ifreq ifr = { .ifr_flags = (short)flags };
	int fd, rc;

	if (strlen(ifname) >= sizeof(ifr.ifr_name))
		return -EINVAL;
	strcpy(ifr.ifr_name, ifname);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

static int queue_flag(bool many)
{
	return many ? IFF_MULTI_QUEUE : 0;
}

int nbl_tap_open(const char *ifname, bool many, int *out)
{
	/* EXCL: never adopt somebody's persistent TAP */
	int rc = tap_open(ifname, TAP_FLAGS | IFF_TUN_EXCL | queue_flag(many),
			  out);

	/* EBUSY: a TAP; EINVAL: a device of another kind has it */
	if (rc == -EBUSY || (rc && if_nametoindex(ifname)))
		return -EEXIST;
	return rc;
}

int nbl_tap_queue(const char *ifname, int *out)
{
	return tap_open(ifname, TAP_FLAGS | IFF_MULTI_QUEUE, out);
}

int nbl_tap_steer(int fd, int program)
{
	return ioctl(fd, TUNSETSTEERINGEBPF, &program) ? -errno : 0;
}

int nbl_tap_again(int fd)
{
	nbl_tap_no_filter(fd);
	nbl_tap_steer(fd, -1);
	nbl_tap_carrier(fd, true);
	return nbl_tap_offload(fd, 0);
}

/*
 * The kernel knows a filter by the address of its code in the memory of who
 * set it, and would look for it in ours, but for IFF_NOFILTER, which is the
 * same bit as IFF_NO_PI.
 */
int nbl_tap_adopt(const char *ifname, bool many, int *out)
{
	int fd = -1, rc;

	rc = tap_open(ifname, TAP_FLAGS | queue_flag(many), &fd);
	if (rc)
		return rc;
	rc = nbl_tap_again(fd);
	if (rc) {
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

int nbl_tap_keep(int fd, bool keep)
{
	return ioctl(fd, TUNSETPERSIST, (unsigned long)keep) ? -errno : 0;
}

int nbl_tap_offload(int fd, unsigned int tun_f)
{
	return ioctl(fd, TUNSETOFFLOAD, (unsigned long)tun_f) ? -errno : 0;
}

void nbl_tap_carrier(int fd, bool on)
{
	unsigned int carrier = on;

	ioctl(fd, TUNSETCARRIER, &carrier);
}

static uint32_t get_be(const uint8_t *p, unsigned int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/*
 * Addresses of what comes in; none: no filter.  The kernel compares the first eight
 * and hashes the others, which must be groups'.
 */
static int set_addresses(int fd, const uint8_t (*mac)[6], unsigned int nr)
{
	union {
		struct tun_filter filter;
		uint8_t bytes[sizeof(struct tun_filter) +
			      (NBL_TAP_GROUPS + 2) * ETH_ALEN];
	} u = { .filter = { .count = (uint16_t)nr } };

	memcpy(u.filter.addr, mac, nr * sizeof(*mac));
	/* It returns how many addresses it took. */
	return ioctl(fd, TUNSETTXFILTER, &u) < 0 ? -errno : 0;
}

int nbl_tap_deaf(int fd, bool deaf)
{
	static const uint8_t nobodys[1][6];

	return set_addresses(fd, nobodys, deaf);
}

int nbl_tap_hear(int fd, const uint8_t own[6], const uint8_t (*group)[6],
		 unsigned int nr)
{
	uint8_t mac[2 + NBL_TAP_GROUPS][6];

	if (nr > NBL_TAP_GROUPS)
		return -EINVAL;
	memcpy(mac[0], own, 6);
	memset(mac[1], 0xff, 6);
	if (nr)
		memcpy(mac[2], group, nr * sizeof(*group));
	return set_addresses(fd, mac, nr + 2);
}

/* Classic BPF, over the frame.  Jumps count from the next instruction. */
int nbl_tap_filter(int fd, const uint8_t mac[6], const uint8_t ip[4])
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 0, 4),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REQUEST, 0, 8),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 38),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 6),	/* ip */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4),	/* mac */
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 2),	/* mac */
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (ip)
		code[5].k = get_be(ip, 4);
	else
		code[5].jf = code[5].jt;
	if (mac) {
		code[7].k = get_be(mac, 4);
		code[9].k = get_be(mac + 4, 2);
	} else {
		/* The bit of groups, in the word of its first four bytes */
		code[7] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JSET | BPF_K, 0x01000000, 4, 3);
	}
	return ioctl(fd, TUNATTACHFILTER, &prog) ? -errno : 0;
}

/* There is one; and if not, that is what was asked for. */
void nbl_tap_no_filter(int fd)
{
	struct sock_fprog prog = { 0, NULL };

	(void)ioctl(fd, TUNDETACHFILTER, &prog);
}

void nbl_tap_close(int fd)
{
	close(fd);
}
