// SPDX-License-Identifier: BSD-2-Clause
/*
 * labstream INTERFACE MAC COUNT: so many frames of 60 bytes, of an Ethernet type for
 * experiments, to which nobody answers; BURST of them one behind the other, then
 * a pause, so that whoever takes them can keep up.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXPERIMENTAL	0x88b5
#define BURST		64
#define PAUSE_US	3000

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_ll address_of(const char *ifname, const char *mac)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(EXPERIMENTAL),
		.sll_ifindex = (int)if_nametoindex(ifname),
		.sll_halen = ETH_ALEN,
	};
	const struct ether_addr *addr = ether_aton(mac);

	if (!to.sll_ifindex)
		die(ifname);
	if (!addr) {
		fprintf(stderr, "labstream: %s: not a MAC\n", mac);
		exit(2);
	}
	memcpy(to.sll_addr, addr, ETH_ALEN);
	return to;
}

int main(int argc, char **argv)
{
	static const char data[ETH_ZLEN - ETH_HLEN];
	struct sockaddr_ll to;
	long i, count;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: labstream INTERFACE MAC COUNT\n");
		return 2;
	}
	to = address_of(argv[1], argv[2]);
	count = atol(argv[3]);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0)
		die("socket");
	for (i = 0; i < count; i++) {
		if (i % BURST == BURST - 1)
			usleep(PAUSE_US);
		if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			die("sendto");
	}
	return 0;
}
