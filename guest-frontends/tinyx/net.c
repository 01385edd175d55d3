// SPDX-License-Identifier: BSD-2-Clause
/*
 * The interfaces of a Tinyx guest: what the toolstack wants them to be called
 * by stands in /sys/class/net/NAME/noxs (docs/linux-guests.md); uevents say when
 * they come, change or go.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"

#define NET		"/sys/class/net"
#define VIFS		"/sys/bus/noxs/devices"
#define BUSYBOX		"/bin/busybox"
#define DHCP_SCRIPT	"/etc/tinyx/dhcp"

/* <linux/netlink.h>, which not every C library's headers find. */
#define UEVENT_PROTOCOL	15
struct netlink_address {
	sa_family_t family;
	unsigned short pad;
	uint32_t pid, groups;
};

/* As many as a domain has devices. */
#define MAX_INTERFACES	64

struct interface {
	char name[IFNAMSIZ];		/* "": free */
	pid_t dhcp;			/* is asking; 0: not */
};

static struct interface interfaces[MAX_INTERFACES];
static int control = -1;	/* a socket for the ioctls */

/* --- one interface ---------------------------------------------------------- */

static int noxs_file(const char *name, const char *file, char *buf, size_t size)
{
	char path[128];
	ssize_t n;

	snprintf(path, sizeof(path), NET "/%s/noxs/%s", name, file);
	n = read_text(path, buf, size);
	if (n < 0)
		return (int)n;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static void request(struct ifreq *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
}

static int set_flags(const char *name, short flags)
{
	struct ifreq r;

	request(&r, name);
	if (ioctl(control, SIOCGIFFLAGS, &r))
		return -errno;
	r.ifr_flags |= flags;
	return ioctl(control, SIOCSIFFLAGS, &r) ? -errno : 0;
}

static void put_address(struct sockaddr *to, uint32_t address)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = address,
	};

	memcpy(to, &in, sizeof(in));
}

static int set_address(const char *name, uint32_t address, unsigned int prefix)
{
	uint32_t mask = prefix ? htonl(~0u << (32 - prefix)) : 0;
	struct ifreq r;

	request(&r, name);
	put_address(&r.ifr_addr, address);
	if (ioctl(control, SIOCSIFADDR, &r))
		return -errno;
	put_address(&r.ifr_netmask, mask);
	if (ioctl(control, SIOCSIFNETMASK, &r))
		return -errno;
	if (prefix > 30)
		return 0;
	put_address(&r.ifr_broadaddr, address | ~mask);
	return ioctl(control, SIOCSIFBRDADDR, &r) ? -errno : 0;
}

static int add_gateway(const char *name, uint32_t gateway)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };

	put_address(&route.rt_dst, 0);
	put_address(&route.rt_genmask, 0);
	put_address(&route.rt_gateway, gateway);
	route.rt_dev = (char *)name;
	/* A second interface may have one, too. */
	return ioctl(control, SIOCADDRT, &route) && errno != EEXIST ?
	       -errno : 0;
}

static int configure_static(const char *name)
{
	char text[64], *slash;
	struct in_addr address;
	int rc;

	rc = noxs_file(name, "address", text, sizeof(text));
	slash = strchr(text, '/');
	if (rc || !slash)
		return rc ? rc : -EINVAL;
	*slash = '\0';
	if (!inet_aton(text, &address) || atoi(slash + 1) > 32)
		return -EINVAL;
	rc = set_address(name, address.s_addr,
			 (unsigned int)atoi(slash + 1));
	if (rc)
		return rc;
	rc = noxs_file(name, "gateway", text, sizeof(text));
	if (rc || !*text)
		return rc;
	return inet_aton(text, &address) ?
	       add_gateway(name, address.s_addr) : -EINVAL;
}

/* --- DHCP --------------------------------------------------------------------- */

static void pid_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/run/udhcpc.%s", name);
}

static void stop_dhcp(const char *name)
{
	char path[64], text[16];
	pid_t pid;

	pid_path(name, path, sizeof(path));
	if (read_text(path, text, sizeof(text)) <= 0)
		return;
	pid = atoi(text);
	if (pid > 1)
		kill(pid, SIGTERM);
	unlink(path);
}

/* It goes on in the background when it has an answer; net_child() hears of it. */
static int start_dhcp(struct interface *i)
{
	char path[64];
	pid_t pid;

	if (access(BUSYBOX, X_OK))
		return -ENOENT;
	pid_path(i->name, path, sizeof(path));
	pid = fork();
	if (!pid) {
		unblock_signals();
		execl(BUSYBOX, "udhcpc", "-n", "-S", "-t", "5", "-T", "2", "-i",
		      i->name, "-p", path, "-s", DHCP_SCRIPT, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	i->dhcp = pid;
	return 0;
}

void net_child(pid_t pid, int status)
{
	struct interface *i;

	for (i = interfaces; i < interfaces + MAX_INTERFACES; i++) {
		if (!*i->name || i->dhcp != pid)
			continue;
		i->dhcp = 0;
		if (status)
			say("configure", i->name,
			    "no answer from a DHCP server");
	}
}

/* --- all of them ---------------------------------------------------------------- */

static struct interface *find(const char *name)
{
	struct interface *i;

	for (i = interfaces; i < interfaces + MAX_INTERFACES; i++)
		if (!strcmp(i->name, name))
			return i;
	return NULL;
}

static struct interface *find_or_add(const char *name)
{
	struct interface *i = find(name);

	if (i || strlen(name) >= sizeof(i->name))
		return i;
	i = find("");
	if (i)
		strcpy(i->name, name);
	return i;
}

static void forget(const char *name)
{
	struct interface *i = find(name);

	stop_dhcp(name);
	if (!i)
		return;
	if (i->dhcp)
		kill(i->dhcp, SIGTERM);
	memset(i, 0, sizeof(*i));
}

static int apply(struct interface *i, const char *mode, bool again)
{
	int rc = set_flags(i->name, IFF_UP);

	if (rc)
		return rc;
	if (!strcmp(mode, "static"))
		return configure_static(i->name);
	/* After a restore it may be called by another address, or by none. */
	if (again)
		rc = set_address(i->name, 0, 0);
	return rc || strcmp(mode, "dhcp") ? rc : start_dhcp(i);
}

static void configure(const char *name)
{
	bool again = find(name);
	struct interface *i;
	char mode[16];
	int rc;

	if (noxs_file(name, "mode", mode, sizeof(mode)))
		return;		/* none of ours, or gone already */
	forget(name);
	i = find_or_add(name);
	rc = i ? apply(i, mode, again) : -ENOSPC;
	if (rc == -ENOENT)
		say("configure", name,
		    "dhcp needs busybox, which this image has not");
	else if (rc)
		say("configure", name, strerror(-rc));
}

void net_configure_all(void)
{
	struct dirent *e;
	DIR *dir = opendir(NET);

	while (dir && (e = readdir(dir)))
		if (*e->d_name != '.')
			configure(e->d_name);
	if (dir)
		closedir(dir);
}

unsigned int net_nr_waited_for(void)
{
	unsigned int nr_vifs = 0, nr_ready = 0;
	struct interface *i;
	struct dirent *e;
	DIR *dir = opendir(VIFS);

	while (dir && (e = readdir(dir)))
		nr_vifs += !strncmp(e->d_name, "vif", 3);
	if (dir)
		closedir(dir);
	for (i = interfaces; i < interfaces + MAX_INTERFACES; i++)
		nr_ready += *i->name && !i->dhcp;
	return nr_vifs > nr_ready ? nr_vifs - nr_ready : 0;
}

bool net_any(void)
{
	return *interfaces[0].name || net_nr_waited_for();
}

/* --- uevents -------------------------------------------------------------------- */

int net_open(void)
{
	struct netlink_address any = { .family = AF_NETLINK, .groups = 1 };
	int fd;

	control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (control < 0 || set_flags("lo", IFF_UP))
		say("network", NULL, "this kernel has none");
	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    UEVENT_PROTOCOL);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return fd;
	say("uevents", NULL, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The value of KEY= in a uevent, which is text with zero bytes between. */
static const char *value(const char *event, size_t size, const char *key)
{
	const char *p = event;
	size_t n = strlen(key);

	while (p < event + size) {
		if (!strncmp(p, key, n))
			return p + n;
		p += strlen(p) + 1;
	}
	return "";
}

void net_uevents(int fd)
{
	char event[4096];
	const char *name, *action;
	ssize_t n = recv(fd, event, sizeof(event) - 1, 0);

	if (n < 0 && errno == ENOBUFS) {
		net_configure_all();	/* we do not know what was lost */
		return;
	}
	if (n <= 0)
		return;
	event[n] = '\0';
	if (strcmp(value(event, (size_t)n, "SUBSYSTEM="), "net"))
		return;
	name = value(event, (size_t)n, "INTERFACE=");
	action = value(event, (size_t)n, "ACTION=");
	if (!*name || strchr(name, '/'))
		return;
	if (!strcmp(action, "remove"))
		forget(name);
	else if (!strcmp(action, "change") || !find(name))
		configure(name);
}
