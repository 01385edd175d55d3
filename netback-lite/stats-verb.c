// SPDX-License-Identifier: BSD-2-Clause
/* netback-lite stats: the counters, as a table or as JSON. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define TIMEOUT_MS	5000

struct show {
	const char *socket;
	bool json;
	long domid, vif;	/* -1: all */
	unsigned int nr;
};

static const char usage[] =
"Usage: netback-lite stats [OPTION]... [DOMID[.VIF]]\n"
"Counters of the vifs of the netback-lite that runs.\n"
"\n"
"  -j, --json             a list of objects, see docs/json.md\n"
"  -s, --socket PATH      its socket (default " NOXS_NETBACK_SOCKET ")\n"
"  -h, --help             this text\n";

static void show_head(const struct show *s)
{
	if (!s->json)
		printf("%-10s %-15s %-9s %12s %15s %12s %15s %s\n", "VIF", "TAP",
		       "STATE", "RX-PACKETS", "RX-BYTES", "TX-PACKETS",
		       "TX-BYTES", "DROPPED");
}

/* "tx-size 3, rx-copy 1", or "-" */
static void show_drops(const struct noxs_netback_stats *stats)
{
	const char *name, *comma = "";
	unsigned int i;
	bool tx;

	for (i = 0; (name = noxs_netback_drop_name(i, &tx)); i++) {
		if (!stats->drop[i])
			continue;
		printf("%s%cx-%s %llu", comma, tx ? 't' : 'r', name,
		       (unsigned long long)stats->drop[i]);
		comma = ", ";
	}
	puts(*comma ? "" : "-");
}

static void show_row(const struct noxs_netback_reply *r)
{
	const struct noxs_netback_stats *st = &r->stats;
	char vif[16];

	snprintf(vif, sizeof(vif), "%u.%u", r->domid, r->vif);
	printf("%-10s %-15s %-9s %12llu %15llu %12llu %15llu ", vif, r->ifname,
	       r->flags & NOXS_NETBACK_SPARE ? "spare"
					     : nbl_state_name(r->state),
	       (unsigned long long)st->rx_packets,
	       (unsigned long long)st->rx_bytes,
	       (unsigned long long)st->tx_packets,
	       (unsigned long long)st->tx_bytes);
	show_drops(st);
}

static void json_drops(const struct noxs_netback_stats *stats, bool of_tx)
{
	const char *name, *comma = "";
	unsigned int i;
	bool tx;

	printf(", \"%s_drops\": {", of_tx ? "tx" : "rx");
	for (i = 0; (name = noxs_netback_drop_name(i, &tx)); i++) {
		if (tx != of_tx)
			continue;
		printf("%s\"%s\": %llu", comma, name,
		       (unsigned long long)stats->drop[i]);
		comma = ", ";
	}
	putchar('}');
}

static void show_json(const struct noxs_netback_reply *r)
{
	char uuid[NBL_UUID_SIZE];
	size_t i;

	nbl_uuid_format(r->uuid, uuid);
	printf("{\"domid\": %u, \"vif\": %u, \"uuid\": \"%s\", \"ifname\": ",
	       r->domid, r->vif, uuid);
	nbl_put_quoted(stdout, r->ifname);
	printf(", \"bridge\": ");
	nbl_put_quoted(stdout, r->bridge);
	printf(", \"spare\": %s, \"state\": \"%s\", \"reason\": ",
	       r->flags & NOXS_NETBACK_SPARE ? "true" : "false",
	       nbl_state_name(r->state));
	nbl_put_quoted(stdout, r->error);
	for (i = 0; i < nbl_nr_counters; i++)
		printf(", \"%s\": %llu", nbl_counters[i].name,
		       (unsigned long long)nbl_counter_get(&nbl_counters[i],
							   &r->stats));
	printf(", \"mapped\": %llu, \"queues\": %llu",
	       (unsigned long long)r->stats.mapped,
	       (unsigned long long)r->stats.queues);
	json_drops(&r->stats, false);
	json_drops(&r->stats, true);
	putchar('}');
}

static void show_one(struct show *s, const struct noxs_netback_reply *r)
{
	if (s->json) {
		fputs(s->nr ? ",\n" : "[", stdout);
		show_json(r);
	} else {
		show_row(r);
	}
	s->nr++;
}

static bool is_wanted(const struct show *s, const struct noxs_netback_reply *r)
{
	return s->domid < 0 || (r->domid == s->domid &&
				(s->vif < 0 || r->vif == s->vif));
}

static int fail(struct show *s, int rc, const char *object, const char *step,
		const char *why, const char *remedy)
{
	if (s->json) {
		fputs(s->nr ? ",\n" : "[", stdout);
		printf("{\"error\": {\"code\": \"%s\", \"object\": \"%s\", \"step\": \"%s\", \"reason\": ",
		       strerrorname_np(-rc), object, step);
		nbl_put_quoted(stdout, why);
		printf(", \"remedy\": \"%s\"}}]\n", remedy);
	}
	fprintf(stderr, "netback-lite: %s: %s: %s%s%s%s\n", object, step, why,
		*remedy ? " (" : "", remedy, *remedy ? ")" : "");
	return rc == -ETIMEDOUT ? 3 : EXIT_FAILURE;
}

/* From the first one that may be wanted to the last. */
static int show_all(struct show *s, int fd)
{
	struct noxs_netback_request req = { .op = NOXS_NETBACK_STATS };
	struct noxs_netback_reply r;
	unsigned int at;
	int rc;

	at = s->domid < 0 ? 0 : (unsigned int)s->domid << 16;
	if (s->vif >= 0)
		at |= (unsigned int)s->vif;
	for (;; at = ((unsigned int)r.domid << 16 | r.vif) + 1) {
		req.domid = (uint16_t)(at >> 16);
		req.vif = (uint16_t)at;
		rc = noxs_netback_call(fd, &req, &r, TIMEOUT_MS);
		if (rc == -ENOENT || (!rc && !is_wanted(s, &r)))
			return 0;
		if (rc)
			return rc;
		show_one(s, &r);
	}
}

static int show(struct show *s)
{
	int fd, rc;

	rc = noxs_netback_open(s->socket, TIMEOUT_MS, &fd);
	if (rc)
		return fail(s, rc, "netback-lite", "connect", strerror(-rc),
			    rc == -EACCES ? "must be root" :
			    rc == -ENOENT || rc == -ECONNREFUSED ?
			    "start it, or name its socket" : "");
	show_head(s);
	rc = show_all(s, fd);
	noxs_netback_close(fd);
	if (rc)
		return fail(s, rc, "netback-lite", "stats", strerror(-rc), "");
	if (!s->nr && s->domid >= 0)
		return fail(s, -ENOENT, "netback-lite", "stats",
			    "it has no such vif", "");
	if (s->json)
		puts(s->nr ? "]" : "[]");
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A number below max; *end is moved past it.  -1: it is none. */
static long take_number(const char **at, long max)
{
	char *end;
	long n;

	if (**at < '0' || **at > '9')
		return -1;
	n = strtol(*at, &end, 10);
	*at = end;
	return n < max ? n : -1;
}

static bool parse_which(struct show *s, const char *text)
{
	const char *at = text;

	s->domid = take_number(&at, NBL_MAX_DOMID);
	if (s->domid < 0)
		return false;
	if (*at == '.') {
		at++;
		s->vif = take_number(&at, NOXS_NETBACK_ALL);
		if (s->vif < 0)
			return false;
	}
	return !*at;
}

int nbl_stats_main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json",	no_argument,	   NULL, 'j' },
		{ "socket",	required_argument, NULL, 's' },
		{ "help",	no_argument,	   NULL, 'h' },
		{ NULL,		0,		   NULL, 0 },
	};
	struct show s = { .domid = -1, .vif = -1 };
	int c;

	while ((c = getopt_long(argc, argv, "js:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
			s.json = true;
			break;
		case 's':
			s.socket = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("Try 'netback-lite stats --help'.\n", stderr);
			return 2;
		}
	}
	if (optind + 1 < argc ||
	    (optind < argc && !parse_which(&s, argv[optind]))) {
		fprintf(stderr, "netback-lite: stats: what is \"%s\"? (write DOMID or DOMID.VIF)\n",
			argv[argc - 1]);
		return 2;
	}
	return show(&s);
}
