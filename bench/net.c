// SPDX-License-Identifier: BSD-2-Clause
/*
 * What packets to and from a Linux guest cost, side by side.
 *
 *   bench-net [-r RUN] [-n ROUNDS] [-b BYTES] [-p PACKETS] [-q TRIPS] [-m METRIC]
 *             OUT SYSTEM,DOMID,ADDRESS...
 *   bench-net -t DOMID...
 *
 * -t lets guests, not yet started, read the processor's clock.  Xen reads it for
 * them where it is not sure that it is even, which no emulated one is; that costs 7,000
 * instructions each time here, and nothing on a machine of today.
 *
 * Each guest runs bench/net-guest.c; this is the other end, in dom0.  tx is what
 * the guest sends, rx what it receives.  In each round every metric is taken of each
 * system in turn, the first of them last in the next round: two samples with
 * the same number were taken side by side.
 *
 *   tcp-tx, tcp-rx       BYTES by TCP; per byte
 *   udp64-tx, udp64-rx   until PACKETS of 64 bytes have arrived; per packet
 *   rtt                  TRIPS there and back, one after the other, each a sample
 *
 * With the time that passed (a RUN that ends in "wall"), or with the instructions of the whole
 * machine (any other RUN, LAB_CLOCK=icount): the time that passed less that in
 * which Xen was idle, at 4 ns each.  Then the guest's and dom0's shares are series
 * of their own ("part"); Xen's work for either is in its share.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xenctrl.h>

#include "harness.h"
#include "traffic.h"

#define MAX_GUESTS	2
#define MAX_CPUS	16
#define START_MS	120000	/* Debian's kernel boots in 8 emulated s */
#define NS_PER_INSN	4.0
#define TSC_NEVER_EMULATED 2	/* as Xen counts its modes */

struct guest {
	const char *system;
	uint32_t domid;
	struct in_addr address;
	int orders, bulk, udp;
};

struct run {
	struct bench *b;
	xc_interface *xch;
	const char *name, *only;
	bool count;		/* instructions, not time */
	bool warm;		/* what is measured counts */
	uint32_t rounds, bytes, packets, trips;
	uint32_t serial;	/* of the measurement */
	uint64_t nr_lost;
	double *trip_us;
	struct guest guest[MAX_GUESTS];
	int nr_guests;
};

/* All in ns. */
struct moment {
	double now, idle, guest, dom0;
};

struct metric {
	const char *name, *per;
	enum traffic_op op;
	int (*here)(struct run *r, struct guest *g);
};

static double domain_ns(struct run *r, uint32_t domid)
{
	xc_domaininfo_t info;

	if (xc_domain_getinfolist(r->xch, domid, 1, &info) != 1 ||
	    info.domain != domid)
		bench_die("domain %u is gone", domid);
	return (double)info.cpu_time;
}

static struct moment moment_of(struct run *r, const struct guest *g)
{
	xc_cpuinfo_t cpu[MAX_CPUS];
	struct moment m = { .guest = 0 };
	int i, nr;

	if (r->count) {
		if (xc_getcpuinfo(r->xch, MAX_CPUS, cpu, &nr))
			bench_die("ask for idle time: %s", strerror(errno));
		for (i = 0; i < nr; i++)
			m.idle += (double)cpu[i].idletime;
		m.guest = domain_ns(r, g->domid);
		m.dom0 = domain_ns(r, 0);
	}
	m.now = bench_now_ms() * 1e6;
	return m;
}

static void sample(struct run *r, const struct guest *g, const struct metric *m,
		   const char *part, double ns, uint32_t count)
{
	char unit[48];

	snprintf(unit, sizeof(unit), "%s/%s", r->count ? "instructions" : "ns",
		 m->per);
	bench_sample(r->b, g->system, m->name, unit, r->name, part,
		     ns / (r->count ? NS_PER_INSN : 1) / count);
}

static void record_trips(struct run *r, const struct guest *g,
			 const struct metric *m)
{
	uint32_t i;

	for (i = 0; i < r->trips; i++)
		bench_sample(r->b, g->system, m->name,
			     r->count ? "emulated us" : "us", r->name, NULL,
			     r->trip_us[i]);
}

static void record(struct run *r, const struct guest *g, const struct metric *m,
		   const struct moment *a, const struct moment *z,
		   uint32_t count)
{
	double ns = z->now - a->now - (z->idle - a->idle);

	if (!r->warm)
		return;
	if (m->op == TRAFFIC_ECHO)
		record_trips(r, g, m);
	else
		sample(r, g, m, NULL, ns, count);
	if (!r->count)
		return;
	sample(r, g, m, "guest", z->guest - a->guest, count);
	sample(r, g, m, "dom0", z->dom0 - a->dom0, count);
}

static int tcp_tx(struct run *r, struct guest *g)
{
	return traffic_tcp_take(g->bulk, r->bytes);
}

static int tcp_rx(struct run *r, struct guest *g)
{
	return traffic_tcp_send(g->bulk, r->bytes);
}

static int udp_tx(struct run *r, struct guest *g)
{
	return traffic_udp_take(g->udp, r->serial, r->packets);
}

static int udp_rx(struct run *r, struct guest *g)
{
	uint32_t nr_lost = 0;
	int rc = traffic_udp_send(g->udp, r->serial, r->packets, &nr_lost);

	r->nr_lost += nr_lost;
	return rc;
}

static int rtt(struct run *r, struct guest *g)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < r->trips; i++) {
		r->trip_us[i] = bench_now_ms() * -1e3;
		rc = traffic_udp_ask(g->udp, r->serial, i);
		r->trip_us[i] += bench_now_ms() * 1e3;
	}
	return rc;
}

static const struct metric metrics[] = {
	{ "tcp-tx", "byte", TRAFFIC_TCP_SEND, tcp_tx },
	{ "tcp-rx", "byte", TRAFFIC_TCP_TAKE, tcp_rx },
	{ "udp64-tx", "packet", TRAFFIC_UDP_SEND, udp_tx },
	{ "udp64-rx", "packet", TRAFFIC_UDP_TAKE, udp_rx },
	{ "rtt", "round trip", TRAFFIC_ECHO, rtt },
};

static uint32_t count_of(const struct run *r, const struct metric *m)
{
	switch (m->op) {
	case TRAFFIC_TCP_SEND:
	case TRAFFIC_TCP_TAKE:
		return r->bytes;
	case TRAFFIC_ECHO:
		return r->trips;
	default:
		return r->packets;
	}
}

/* The end of what the guest receives is its answer; of what it sends, our last. */
static void measure(struct run *r, struct guest *g, const struct metric *m)
{
	struct traffic_order o = { .op = m->op, .count = count_of(r, m),
				   .round = ++r->serial };
	bool takes = m->op == TRAFFIC_TCP_TAKE || m->op == TRAFFIC_UDP_TAKE;
	struct traffic_answer answer;
	struct moment begin, end;
	int rc;

	begin = moment_of(r, g);
	rc = traffic_write(g->orders, &o, sizeof(o));
	if (!rc)
		rc = m->here(r, g);
	if (!takes)
		end = moment_of(r, g);
	if (!rc)
		rc = traffic_read(g->orders, &answer, sizeof(answer));
	if (takes)
		end = moment_of(r, g);
	if (rc)
		bench_die("%s, %s: %s", g->system, m->name, strerror(-rc));
	if (answer.error)
		bench_die("%s, %s: in the guest: %s", g->system, m->name,
			  strerror((int)answer.error));
	r->nr_lost += answer.nr_lost;
	record(r, g, m, &begin, &end, o.count);
}

static int try_connect(const struct sockaddr_in *sin, int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		bench_die("socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)sin, sizeof(*sin)) ||
	    (type == SOCK_STREAM &&
	     setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one))) ||
	    traffic_prepare(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void guest_connect(struct guest *g)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(TRAFFIC_PORT),
				   .sin_addr = g->address };
	double until = bench_now_ms() + START_MS;
	char byte = 0;

	while ((g->orders = try_connect(&sin, SOCK_STREAM)) < 0) {
		if (bench_now_ms() > until)
			bench_die("%s: nobody at %s", g->system,
				  inet_ntoa(g->address));
		usleep(100 * 1000);
	}
	g->bulk = try_connect(&sin, SOCK_STREAM);
	g->udp = try_connect(&sin, SOCK_DGRAM);
	if (g->bulk < 0 || g->udp < 0)
		bench_die("%s: %s", g->system, strerror(errno));
	/* It says where we are; the answer, that it was heard. */
	if (send(g->udp, &byte, 1, 0) != 1 || recv(g->udp, &byte, 1, 0) != 1)
		bench_die("%s: no UDP: %s", g->system, strerror(errno));
}

static void guest_add(struct run *r, char *word)
{
	struct guest *g = &r->guest[r->nr_guests++];
	const char *domid, *address;

	g->system = strtok(word, ",");
	domid = strtok(NULL, ",");
	address = strtok(NULL, ",");
	if (!address || !inet_aton(address, &g->address))
		bench_die("not SYSTEM,DOMID,ADDRESS");
	g->domid = (uint32_t)atoi(domid);
	guest_connect(g);
}

static void one_round(struct run *r, uint32_t round)
{
	size_t m;
	int i;

	for (m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++)
		for (i = 0; i < r->nr_guests; i++)
			if (!r->only || !strcmp(r->only, metrics[m].name))
				measure(r, &r->guest[(round + i) % r->nr_guests],
					&metrics[m]);
}

static void write_down(struct run *r, const char *out)
{
	bench_config_int(r->b, "rounds", r->rounds);
	bench_config_int(r->b, "bytes", r->bytes);
	bench_config_int(r->b, "packets", r->packets);
	bench_config_int(r->b, "trips", r->trips);
	bench_config_int(r->b, "lost", (long long)r->nr_lost);
	bench_finish(r->b, out);
}

static void read_clock_themselves(struct run *r, char **domids)
{
	for (; *domids; domids++)
		if (xc_domain_set_tsc_info(r->xch, (uint32_t)atoi(*domids),
					   TSC_NEVER_EMULATED,
					   0, 0, 0))
			bench_die("domain %s, clock: %s", *domids,
				  strerror(errno));
}

static uint32_t number(const char *text)
{
	int n = atoi(text);

	if (n < 1)
		bench_die("%s: not a number", text);
	return (uint32_t)n;
}

static bool ends_in(const char *word, const char *end)
{
	size_t n = strlen(word), m = strlen(end);

	return n >= m && !strcmp(word + n - m, end);
}

int main(int argc, char **argv)
{
	struct run r = { .name = "wall", .rounds = 9, .bytes = 2000000,
			 .packets = 4096, .trips = 100 };
	bool clocks = false;
	int opt;

	while ((opt = getopt(argc, argv, "r:n:b:p:q:m:t")) != -1) {
		switch (opt) {
		case 'r': r.name = optarg; break;
		case 'n': r.rounds = number(optarg); break;
		case 'b': r.bytes = number(optarg); break;
		case 'p': r.packets = number(optarg); break;
		case 'q': r.trips = number(optarg); break;
		case 'm': r.only = optarg; break;
		case 't': clocks = true; break;
		default: return 2;
		}
	}
	r.count = !ends_in(r.name, "wall");
	r.xch = xc_interface_open(NULL, NULL, 0);
	if (!r.xch)
		bench_die("open Xen: %s", strerror(errno));
	if (clocks) {
		read_clock_themselves(&r, argv + optind);
		return 0;
	}
	if (argc - optind < 2 || argc - optind > 1 + MAX_GUESTS)
		bench_die("usage: bench-net [OPTIONS] OUT SYSTEM,DOMID,ADDRESS...");
	for (int i = optind + 1; i < argc; i++)
		guest_add(&r, argv[i]);
	r.b = bench_start("net");
	r.trip_us = calloc(r.trips, sizeof(*r.trip_us));
	if (!r.trip_us)
		bench_die("out of memory");
	/* Neighbours, congestion windows, memory, pages. */
	one_round(&r, 0);
	r.warm = true;
	r.nr_lost = 0;
	for (uint32_t round = 0; round < r.rounds; round++)
		one_round(&r, round);
	write_down(&r, argv[optind]);
	free(r.trip_us);
	xc_interface_close(r.xch);
	return 0;
}
