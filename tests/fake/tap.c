// SPDX-License-Identifier: BSD-2-Clause
/* TAPs (packet sockets between network and backend) and bridges. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <link.h>
#include <steer.h>
#include <tap.h>

#include "internal.h"

/* nbl_tap_close comes from other threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct nbl_link {
	int unused;
};

void fake_bridge_add(const char *name, unsigned int mtu)
{
	struct fake_bridge *b = &fake_host->bridge[fake_host->nr_bridges++];

	fake_assert(fake_host->nr_bridges <= FAKE_MAX_BRIDGES &&
		    strlen(name) < sizeof(b->name));
	strcpy(b->name, name);
	b->mtu = mtu;
}

void fake_bridge_filter(const char *name)
{
	unsigned int i;

	for (i = 0; i < fake_host->nr_bridges; i++)
		if (!strcmp(fake_host->bridge[i].name, name))
			fake_host->bridge[i].filters = true;
}

void fake_bridge_remove(const char *name)
{
	struct fake_bridge *b = fake_host->bridge;

	while (strcmp(b->name, name))
		fake_assert(++b < fake_host->bridge + FAKE_MAX_BRIDGES);
	b->name[0] = '\0';
}

/* lock is held */
static struct fake_tap *tap_find(const char *name)
{
	struct fake_tap *t;

	for (t = fake_host->tap; t < fake_host->tap + FAKE_MAX_TAPS; t++)
		if (t->used && !strcmp(t->name, name))
			return t;
	return NULL;
}

/* Which of its queues this is, FAKE_TAP_QUEUES: none. */
static unsigned int queue_of(const struct fake_tap *t, int fd)
{
	unsigned int i;

	for (i = 0; i < FAKE_TAP_QUEUES && t->fd[i] != fd; i++)
		;
	return i;
}

/* lock is held.  There is one. */
static struct fake_tap *tap_of(int fd)
{
	struct fake_tap *t = fake_host->tap;

	while (!t->used || queue_of(t, fd) == FAKE_TAP_QUEUES)
		fake_assert(++t < fake_host->tap + FAKE_MAX_TAPS);
	return t;
}

/* A queue that has no descriptor gets one; 0 or -errno. */
static int queue_open(struct fake_tap *t, int *out)
{
	unsigned int i = queue_of(t, -1);
	int fds[2];

	fake_assert(i < FAKE_TAP_QUEUES && (t->many || !i));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, fds))
		return -errno;
	*out = t->fd[i] = fds[0];
	t->peer[i] = fds[1];
	return 0;
}

/* As the kernel does it, the last one takes its place. */
static void queue_close(struct fake_tap *t, unsigned int i)
{
	unsigned int last = queue_of(t, -1) - 1;

	close(t->fd[i]);
	close(t->peer[i]);
	t->fd[i] = t->fd[last];
	t->peer[i] = t->peer[last];
	t->fd[last] = t->peer[last] = -1;
}

static bool is_open(const struct fake_tap *t)
{
	return t->fd[0] >= 0;
}

/* lock is held.  There is one. */
static struct fake_tap *tap_at(int ifindex)
{
	struct fake_tap *t = fake_host->tap;

	while (!t->used || t->ifindex != ifindex)
		fake_assert(++t < fake_host->tap + FAKE_MAX_TAPS);
	return t;
}

int fake_tap_queue_peer(const char *name, unsigned int queue)
{
	struct fake_tap *t;
	int fd;

	pthread_mutex_lock(&lock);
	t = tap_find(name);
	fd = t ? t->peer[queue] : -1;
	pthread_mutex_unlock(&lock);
	return fd;
}

unsigned int fake_tap_queue(const char *name, int fd)
{
	unsigned int nr;

	pthread_mutex_lock(&lock);
	nr = queue_of(tap_find(name), fd);
	pthread_mutex_unlock(&lock);
	return nr;
}

int fake_tap_peer(const char *name)
{
	return fake_tap_queue_peer(name, 0);
}

int fake_tap_info(const char *name, struct fake_tap_info *out)
{
	struct fake_tap *t;

	pthread_mutex_lock(&lock);
	t = tap_find(name);
	if (t)
		*out = t->info;
	pthread_mutex_unlock(&lock);
	return t ? 0 : -ENODEV;
}

void fake_tap_leave_bridge(const char *name)
{
	struct fake_tap *t;

	pthread_mutex_lock(&lock);
	t = tap_find(name);
	fake_assert(t);
	t->info.bridge[0] = '\0';
	pthread_mutex_unlock(&lock);
}

void fake_taps_usage(struct fake_usage *out)
{
	pthread_mutex_lock(&lock);
	*out = fake_host->usage;
	pthread_mutex_unlock(&lock);
}

void fake_taps_close(void)
{
	struct fake_tap *t;

	for (t = fake_host->tap; t < fake_host->tap + FAKE_MAX_TAPS; t++)
		while (t->used && t->fd[0] >= 0)
			queue_close(t, 0);
}

int nbl_tap_open(const char *ifname, bool many, int *out)
{
	struct fake_tap *t = fake_host->tap;
	int rc = -EEXIST;

	if (fake_fail_now())
		return -ENFILE;
	pthread_mutex_lock(&lock);
	if (tap_find(ifname))
		goto out;
	while (t->used)
		fake_assert(++t < fake_host->tap + FAKE_MAX_TAPS);
	memset(t, 0, sizeof(*t));
	memset(t->fd, -1, sizeof(t->fd));
	memset(t->peer, -1, sizeof(t->peer));
	t->many = many;
	rc = queue_open(t, out);
	if (rc)
		goto out;
	strcpy(t->name, ifname);
	t->used = true;
	t->ifindex = ++fake_host->last_ifindex;
	t->info.mtu = 1500;
	fake_host->usage.taps++;
out:
	pthread_mutex_unlock(&lock);
	return rc;
}

int nbl_tap_queue(const char *ifname, int *out)
{
	struct fake_tap *t;
	int rc;

	if (fake_fail_now())
		return -ENFILE;
	pthread_mutex_lock(&lock);
	t = tap_find(ifname);
	fake_assert(t && t->many);
	rc = queue_open(t, out);
	pthread_mutex_unlock(&lock);
	return rc;
}

/* Only said (and that there is one): what it says is netback-steer's business. */
int nbl_tap_steer(int fd, int program)
{
	if (program >= 0 && fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	fake_assert(tap_of(fd)->many);
	tap_of(fd)->info.steered = program >= 0;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_steer_load(const struct nbl_toeplitz *t, int *out)
{
	(void)t;
	if (fake_fail_now())
		return -EPERM;
	*out = eventfd(0, EFD_CLOEXEC);	/* some descriptor */
	return *out < 0 ? -errno : 0;
}

int nbl_tap_offload(int fd, unsigned int tun_f)
{
	if (fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	tap_of(fd)->info.offload = tun_f;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_tap_deaf(int fd, bool deaf)
{
	if (fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	tap_of(fd)->info.deaf = deaf;
	tap_of(fd)->info.by_group = false;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_tap_hear(int fd, const uint8_t own[6], const uint8_t (*group)[6],
		 unsigned int nr)
{
	struct fake_tap *t;

	(void)group;
	if (fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	t = tap_of(fd);
	t->info.deaf = false;
	t->info.by_group = true;
	memcpy(t->info.own, own, sizeof(t->info.own));
	t->info.groups = nr;
	pthread_mutex_unlock(&lock);
	return 0;
}

void nbl_tap_carrier(int fd, bool on)
{
	pthread_mutex_lock(&lock);
	tap_of(fd)->info.no_carrier = !on;
	pthread_mutex_unlock(&lock);
}

int nbl_tap_keep(int fd, bool keep)
{
	if (keep && fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	tap_of(fd)->info.kept = keep;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_tap_again(int fd)
{
	struct fake_tap *t;

	if (fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	t = tap_of(fd);
	t->info.filtered = false;
	t->info.steered = false;
	t->info.no_carrier = false;
	t->info.offload = 0;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_tap_adopt(const char *ifname, bool many, int *out)
{
	struct fake_tap *t;
	int rc = -EBUSY;

	if (fake_fail_now())
		return -ENFILE;
	pthread_mutex_lock(&lock);
	t = tap_find(ifname);
	fake_assert(t && t->many == many);
	if (is_open(t))
		goto out;
	rc = queue_open(t, out);
	fake_assert(!rc);
	t->info.filtered = false;
	t->info.steered = false;
	t->info.no_carrier = false;
	t->info.offload = 0;
out:
	pthread_mutex_unlock(&lock);
	return rc;
}

void fake_tap_rename(const char *name, const char *to)
{
	struct fake_tap *t;

	pthread_mutex_lock(&lock);
	t = tap_find(name);
	fake_assert(t && strlen(to) < sizeof(t->name));
	strcpy(t->name, to);
	pthread_mutex_unlock(&lock);
}

void fake_tap_remove(const char *name)
{
	struct fake_tap *t;

	pthread_mutex_lock(&lock);
	t = tap_find(name);
	fake_assert(t && !is_open(t));
	t->used = false;
	fake_host->usage.taps--;
	pthread_mutex_unlock(&lock);
}

static void set_filtered(int fd, bool filtered)
{
	pthread_mutex_lock(&lock);
	tap_of(fd)->info.filtered = filtered;
	pthread_mutex_unlock(&lock);
}

/* Only said: what goes through is the business of the kernel's (tap.c). */
int nbl_tap_filter(int fd, const uint8_t mac[6], const uint8_t ip[4])
{
	(void)mac;
	(void)ip;
	if (fake_fail_now())
		return -EINVAL;
	set_filtered(fd, true);
	return 0;
}

void nbl_tap_no_filter(int fd)
{
	set_filtered(fd, false);
}

/* Slow, as the real one. */
void nbl_tap_close(int fd)
{
	struct fake_tap *t;

	usleep(2000);
	pthread_mutex_lock(&lock);
	t = tap_of(fd);
	queue_close(t, queue_of(t, fd));
	if (!t->info.kept && !is_open(t)) {
		t->used = false;
		fake_host->usage.taps--;
	}
	pthread_mutex_unlock(&lock);
}

int nbl_link_open(struct nbl_link **out)
{
	if (fake_fail_now())
		return -ENOMEM;
	*out = fake_alloc(sizeof(**out));
	fake_host->usage.handles++;
	return 0;
}

void nbl_link_close(struct nbl_link *link)
{
	if (!link)
		return;
	fake_host->usage.handles--;
	free(link);
}

int nbl_link_find(struct nbl_link *link, const char *ifname, int *ifindex,
		  unsigned int *mtu)
{
	struct fake_tap *t;
	unsigned int i;

	(void)link;
	if (fake_fail_now())
		return -ENOBUFS;
	pthread_mutex_lock(&lock);
	t = tap_find(ifname);
	if (t) {
		*ifindex = t->ifindex;
		*mtu = t->info.mtu;
	}
	pthread_mutex_unlock(&lock);
	if (t)
		return 0;
	for (i = 0; i < fake_host->nr_bridges; i++)
		if (!strcmp(fake_host->bridge[i].name, ifname)) {
			*ifindex = (int)i + 1;
			*mtu = fake_host->bridge[i].mtu;
			return 0;
		}
	return -ENODEV;
}

/* lock is held.  Indices of bridges and of TAPs are two kinds here. */
static struct fake_tap *link_attach(const char *ifname, int master,
				    unsigned int mtu, bool flood, int *ifindex)
{
	struct fake_tap *t = tap_find(ifname);

	fake_assert(t);
	if (master) {
		strcpy(t->info.bridge, fake_host->bridge[master - 1].name);
		t->info.vlan = fake_host->bridge[master - 1].filters;
	}
	t->info.mtu = mtu;
	t->info.up = true;
	t->info.flood = flood;
	*ifindex = t->ifindex;
	return t;
}

int nbl_link_no_qdisc(struct nbl_link *link, const char *ifname)
{
	struct fake_tap *t;

	(void)link;
	if (fake_fail_now())
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	t = tap_find(ifname);
	fake_assert(t && !t->info.up);
	t->info.no_qdisc = true;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_link_attach(struct nbl_link *link, const char *ifname, int master,
		    unsigned int mtu, int *ifindex)
{
	(void)link;
	if (fake_fail_now())
		return -ENODEV;
	pthread_mutex_lock(&lock);
	link_attach(ifname, master, mtu, true, ifindex);
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_link_vlan_bridge(struct nbl_link *link, int ifindex, uint16_t *pvid)
{
	(void)link;
	if (fake_fail_now())
		return -EIO;
	if (!ifindex || !fake_host->bridge[ifindex - 1].filters)
		return -EPROTONOSUPPORT;
	*pvid = 1;
	return 0;
}

int nbl_link_attach_vlan(struct nbl_link *link, const char *ifname, int master,
			 unsigned int mtu, uint16_t pvid, uint16_t vlan,
			 int *ifindex)
{
	struct fake_tap *t;

	(void)link;
	if (fake_fail_now())
		return -ENODEV;
	pthread_mutex_lock(&lock);
	t = link_attach(ifname, master, mtu, true, ifindex);
	fake_assert(t->info.vlan == pvid);
	t->info.vlan = vlan;
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_link_vlan(struct nbl_link *link, int ifindex, uint16_t from,
		  uint16_t to)
{
	struct fake_tap *t;
	int rc = 0;

	(void)link;
	if (fake_fail_now())
		return -EIO;
	pthread_mutex_lock(&lock);
	t = tap_at(ifindex);
	if (from && t->info.vlan != from)
		rc = -ENOENT;
	else
		t->info.vlan = to;
	pthread_mutex_unlock(&lock);
	return rc;
}

int nbl_link_attach_quiet(struct nbl_link *link, const char *ifname,
			  int master, unsigned int mtu, int *ifindex)
{
	(void)link;
	if (fake_fail_now())
		return -ENODEV;
	fake_assert(master);
	pthread_mutex_lock(&lock);
	link_attach(ifname, master, mtu, false, ifindex);
	pthread_mutex_unlock(&lock);
	return 0;
}

int nbl_link_flood(struct nbl_link *link, int ifindex, bool on)
{
	struct fake_tap *t;
	int rc = 0;

	(void)link;
	if (fake_fail_now())
		return -EIO;
	pthread_mutex_lock(&lock);
	t = tap_at(ifindex);
	if (t->info.bridge[0])
		t->info.flood = on;
	else
		rc = -EOPNOTSUPP;
	pthread_mutex_unlock(&lock);
	return rc;
}

int nbl_link_set_mtu(struct nbl_link *link, const char *ifname,
		     unsigned int mtu)
{
	struct fake_tap *t;

	(void)link;
	if (fake_fail_now())
		return -EINVAL;
	pthread_mutex_lock(&lock);
	t = tap_find(ifname);
	fake_assert(t);
	t->info.mtu = mtu;
	pthread_mutex_unlock(&lock);
	return 0;
}
