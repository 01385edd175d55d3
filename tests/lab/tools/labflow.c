// SPDX-License-Identifier: BSD-2-Clause
/*
 * labflow KEY QUEUES QUEUE FROM TO COUNT: so many datagrams between these IPv4
 * addresses, each of a flow of its own, whose hash by KEY (as `ethtool -x` prints it)
 * is one for QUEUE of a guest with QUEUES of them; a moment between any two.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <toeplitz.h>

#define DISCARD		9	/* the port */
#define FIRST_PORT	10000
#define LAST_PORT	60000
#define PAUSE_US	5000

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void key_of(const char *text, uint8_t key[XEN_NOXS_NET_HASH_KEY])
{
	unsigned int i;
	int used;

	for (i = 0; i < XEN_NOXS_NET_HASH_KEY; i++, text += used) {
		used = 0;
		if (sscanf(text, "%2hhx%n", &key[i], &used) != 1 || !used) {
			fprintf(stderr, "labflow: not a key\n");
			exit(2);
		}
		used += text[used] == ':';
	}
}

static struct sockaddr_in address_of(const char *text, unsigned int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	};

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1) {
		fprintf(stderr, "labflow: %s: not an address\n", text);
		exit(2);
	}
	return a;
}

static unsigned int queue_of(const struct nbl_toeplitz *t,
			     const struct sockaddr_in *from,
			     const struct sockaddr_in *to, unsigned int queues)
{
	uint8_t f[14 + 20 + 8] = { [12] = 0x08, [14] = 0x45, [23] = IPPROTO_UDP };

	memcpy(f + 26, &from->sin_addr, 4);
	memcpy(f + 30, &to->sin_addr, 4);
	memcpy(f + 34, &from->sin_port, 2);
	memcpy(f + 36, &to->sin_port, 2);
	return nbl_toeplitz_queue(nbl_toeplitz_frame(t, f, sizeof(f)), queues);
}

static void send_one(const struct sockaddr_in *from,
		     const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket");
	if (bind(fd, (const struct sockaddr *)from, sizeof(*from)))
		die("bind");
	if (sendto(fd, "flow", 4, 0, (const struct sockaddr *)to,
		   sizeof(*to)) < 0)
		die("sendto");
	close(fd);
	usleep(PAUSE_US);
}

int main(int argc, char **argv)
{
	static struct nbl_toeplitz t;
	struct sockaddr_in from, to;
	unsigned int queues, queue, port;
	int left;

	if (argc != 7) {
		fprintf(stderr, "usage: labflow KEY QUEUES QUEUE FROM TO COUNT\n");
		return 2;
	}
	key_of(argv[1], t.key);
	nbl_toeplitz_init(&t);
	queues = (unsigned int)atoi(argv[2]);
	queue = (unsigned int)atoi(argv[3]);
	to = address_of(argv[5], DISCARD);
	left = atoi(argv[6]);
	for (port = FIRST_PORT; left > 0 && port < LAST_PORT; port++) {
		from = address_of(argv[4], port);
		if (queue_of(&t, &from, &to, queues) != queue)
			continue;
		send_one(&from, &to);
		left--;
	}
	return left != 0;
}
