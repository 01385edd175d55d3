// SPDX-License-Identifier: BSD-2-Clause
/*
 * A domain's state through libchaos' own calls, without files: for
 * tests/lab/xen-state.test.
 *
 *   xen-state copy DOMID MEM_KB MAX_KB       save DOMID, restore a new domain
 *   xen-state refuse DOMID MEM_KB MAX_KB WHAT  the same with the chunks spoilt;
 *                                            prints the reason
 *   xen-state same DOMID OTHER MEM_KB        compare memory and vCPUs
 *   xen-state punch DOMID GFN NR             take pages away from DOMID
 *   xen-state suspend DOMID                  ask it to, and wait until it did
 *   xen-state power DOMID                    a power device for a copy
 *   xen-state resume|unpause|pause|destroy DOMID
 *
 * copy prints: DOMID save-us restore-us (without making the domain)
 *               chunks bytes populated stored
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "chunk.h"
#include "internal.h"
#include "power.h"
#include "xen/private.h"

#include <xen/noxs.h>
#include <xen/hvm/save.h>

struct stored {
	uint32_t type;
	size_t size;
	uint8_t *data;
};

static struct {
	struct stored *chunk;
	size_t nr, at, bytes;
	struct chaos__chunk_end end;
} store;

static struct chaos__xen *xen;
static char reason[256];		/* of a failed restore */

static void die(const char *what, int rc)
{
	fprintf(stderr, "%s: %s: %s\n", what, strerror(-rc),
		xen ? chaos__xen_detail(xen) : "");
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Room for all is there before the clock starts. */
static uint8_t *arena;
static size_t arena_size;

static int put(void *arg, uint32_t type, const struct iovec *iov, unsigned int n)
{
	struct stored *c = &store.chunk[store.nr++];
	unsigned int i;

	(void)arg;
	c->type = type;
	c->data = arena + store.bytes;
	c->size = 0;
	for (i = 0; i < n; i++) {
		if (store.bytes + c->size + iov[i].iov_len > arena_size)
			return -ENOSPC;
		memcpy(c->data + c->size, iov[i].iov_base, iov[i].iov_len);
		c->size += iov[i].iov_len;
	}
	store.bytes += c->size;
	if (type == CHAOS__CHUNK_END)
		memcpy(&store.end, c->data, sizeof(store.end));
	return 0;
}

static int next(void *arg, uint32_t *type, const void **data, size_t *size)
{
	struct stored *c = &store.chunk[store.at];

	(void)arg;
	if (store.at == store.nr)
		return -ENODATA;
	store.at++;
	*type = c->type;
	*data = c->data;
	*size = c->size;
	return 0;
}

static void make_room(uint64_t mem_kb)
{
	arena_size = mem_kb * 1024 + (8u << 20);
	arena = malloc(arena_size);
	store.chunk = calloc(65536, sizeof(*store.chunk));
	if (!arena || !store.chunk)
		die("memory", -ENOMEM);
	memset(arena, 1, arena_size);
}

static int restore(const struct chaos__xen_params *p, uint32_t *domid,
		   uint64_t *begin, uint64_t *end)
{
	const struct chaos__source source = { next, NULL };
	struct chaos__xen_console_where con;
	struct chaos__xen_build *b;
	int rc;

	rc = chaos__xen_create(xen, p, domid);
	if (rc)
		return rc;
	rc = chaos__xen_vcpus(xen, *domid, p);
	if (!rc)
		rc = chaos__xen_build_begin(xen, *domid, p, &b);
	if (!rc) {
		*begin = now_ns();
		rc = chaos__xen_build_restore(b, &source, &con);
		*end = now_ns();
		chaos__xen_build_end(b);
	}
	if (rc) {
		snprintf(reason, sizeof(reason), "%s", chaos__xen_detail(xen));
		chaos__xen_destroy(xen, *domid);
	}
	return rc;
}

static struct stored *find(uint32_t type)
{
	size_t i;

	for (i = 0; i < store.nr; i++)
		if (store.chunk[i].type == type)
			return &store.chunk[i];
	die("no such chunk", -ENOENT);
	return NULL;
}

/* As from another host, or from somebody who means ill. */
static void spoil(const char *what)
{
	struct chaos__chunk_cpu *cpu;
	struct chaos__chunk_leaf *leaf;
	uint32_t i;

	if (!strcmp(what, "cpu")) {
		cpu = (void *)find(CHAOS__CHUNK_CPU)->data;
		leaf = (void *)(cpu + 1);
		for (i = 0; i < cpu->nr_leaves; i++)
			if (leaf[i].leaf == 7 && !leaf[i].subleaf)
				leaf[i].b |= 1u << 16;	/* AVX512F */
	} else if (!strcmp(what, "cut")) {
		store.nr--;
	} else if (!strcmp(what, "stream")) {
		find(CHAOS__CHUNK_PV_STREAM)->data[8]++;
	} else if (!strcmp(what, "library")) {
		/* Well formed, and a CPU that there is none like: the headers,
		 * the record of the kind of guest, the head of the next. */
		find(CHAOS__CHUNK_PV_STREAM)->data[40 + 16 + 8] = 0xff;
	} else if (!strcmp(what, "context")) {
		find(CHAOS__CHUNK_HVM_CONTEXT)->data[8]++;
	} else {
		die(what, -EINVAL);
	}
}

static int copy(uint32_t domid, uint64_t mem_kb, uint64_t max_kb,
		const char *what)
{
	const struct chaos__sink sink = { put, NULL };
	struct chaos__xen_params p = {
		.mem_kb = mem_kb, .max_mem_kb = max_kb, .max_grant_frames = -1,
		.max_maptrack_frames = -1, .max_event_channels = 1023,
	};
	struct chaos__xen_dom dom;
	uint64_t t[4] = { 0 };
	uint32_t id;
	int rc;

	make_room(max_kb);
	rc = chaos__xen_get(xen, domid, &dom);
	if (rc)
		die("get", rc);
	p.pvh = dom.pvh;
	p.vcpus = dom.vcpus;
	if (getrandom(p.uuid, sizeof(p.uuid), 0) != sizeof(p.uuid))
		die("getrandom", -errno);
	t[0] = now_ns();
	rc = chaos__xen_save(xen, domid, dom.pvh, mem_kb / 4, &sink);
	t[1] = now_ns();
	if (rc)
		die("save", rc);
	if (what)
		spoil(what);
	rc = restore(&p, &id, &t[2], &t[3]);
	if (what) {
		printf("%s: %s\n", strerror(-rc), reason);
		return !rc;
	}
	if (rc) {
		fprintf(stderr, "restore: %s: %s\n", strerror(-rc), reason);
		return 1;
	}
	printf("%u %llu %llu %zu %zu %llu %llu\n", id,
	       (unsigned long long)(t[1] - t[0]) / 1000,
	       (unsigned long long)(t[3] - t[2]) / 1000, store.nr, store.bytes,
	       (unsigned long long)store.end.nr_populated,
	       (unsigned long long)store.end.nr_stored);
	return 0;
}

#define WINDOW 1024u

static unsigned int compare_window(uint32_t a, uint32_t b, uint64_t gfn,
				   unsigned int nr)
{
	int ea[WINDOW], eb[WINDOW];
	unsigned int i, bad = 0;
	xen_pfn_t pfn[WINDOW] = { 0 };
	uint8_t *ma, *mb;

	for (i = 0; i < nr; i++)
		pfn[i] = gfn + i;
	ma = xc_map_foreign_bulk(xen->xch, a, PROT_READ, pfn, ea, nr);
	mb = xc_map_foreign_bulk(xen->xch, b, PROT_READ, pfn, eb, nr);
	if (!ma || !mb)
		die("map", -errno);
	for (i = 0; i < nr; i++) {
		if (!!ea[i] == !!eb[i] &&
		    (ea[i] || !memcmp(ma + i * 4096u, mb + i * 4096u, 4096)))
			continue;
		if (!bad++)
			printf("gfn %#llx differs (%d, %d)\n",
			       (unsigned long long)gfn + i, ea[i], eb[i]);
	}
	munmap(ma, nr * 4096u);
	munmap(mb, nr * 4096u);
	return bad;
}

static int context(uint32_t domid, uint8_t *buf, int size)
{
	int n = xc_domain_hvm_getcontext(xen->xch, domid, buf, (uint32_t)size);

	if (n < 0)
		die("getcontext", -errno);
	return n;
}

/* Everything but clocks, which are not where they were. */
static bool is_clock(uint16_t type, uint32_t at)
{
	return (type == HVM_SAVE_CODE(CPU) &&
		at >= offsetof(HVM_SAVE_TYPE(CPU), tsc) &&
		at < offsetof(HVM_SAVE_TYPE(CPU), tsc) + 8) ||
	       (type == HVM_SAVE_CODE(LAPIC_REGS) && at >= 0x390 &&
		at < 0x394);
}

static unsigned int compare_context(uint32_t a, uint32_t b)
{
	static uint8_t ca[65536], cb[65536];
	int na = context(a, ca, sizeof(ca)), nb = context(b, cb, sizeof(cb));
	struct hvm_save_descriptor d;
	unsigned int bad = na != nb;
	uint32_t i;
	int at = 0;

	while (!bad && at + (int)sizeof(d) <= na) {
		memcpy(&d, ca + at, sizeof(d));
		bad += !!memcmp(&d, cb + at, sizeof(d));
		at += (int)sizeof(d);
		for (i = 0; !bad && i < d.length; i++) {
			if (ca[at + (int)i] == cb[at + (int)i] ||
			    is_clock(d.typecode, i))
				continue;
			printf("record %u.%u differs at %u\n", d.typecode,
			       d.instance, i);
			bad++;
		}
		at += (int)d.length;
	}
	printf("context of %d bytes\n", na);
	return bad;
}

static int same(uint32_t a, uint32_t b, uint64_t mem_kb)
{
	struct chaos__xen_dom da, db;
	uint64_t gfn, pages = mem_kb / 4;
	unsigned int bad = 0, n;

	if (chaos__xen_get(xen, a, &da) || chaos__xen_get(xen, b, &db))
		die("get", -ESRCH);
	for (gfn = 0; gfn < pages; gfn += n) {
		n = pages - gfn < WINDOW ? (unsigned int)(pages - gfn) : WINDOW;
		bad += compare_window(a, b, gfn, n);
	}
	bad += compare_context(a, b);
	printf("%u differences, %llu and %llu pages\n", bad,
	       (unsigned long long)da.pages, (unsigned long long)db.pages);
	return bad || da.pages != db.pages;
}

static int punch(uint32_t domid, uint64_t gfn, unsigned long nr)
{
	xen_pfn_t pfn;

	for (; nr; nr--, gfn++) {
		pfn = gfn;
		if (xc_domain_decrease_reservation_exact(xen->xch, domid, 1, 0,
							 &pfn))
			die("decrease", -errno);
	}
	return 0;
}

/* What a restore does about it as well. */
static int power(uint32_t domid)
{
	struct chaos *ctx;
	int rc = chaos_open(NULL, &ctx);

	if (rc)
		die("chaos_open", rc);
	rc = chaos__need_xen(ctx, "copy");
	if (!rc)
		rc = chaos__power_add(ctx, domid);
	if (rc)
		die("power device", rc);
	chaos_close(ctx);
	return 0;
}

static int suspend(uint32_t domid)
{
	struct chaos__name_lock lock;
	struct chaos__found found;
	struct chaos__xen_dom dom = { 0 };
	unsigned int i;
	struct chaos *ctx;
	int rc = chaos_open(NULL, &ctx);

	if (rc)
		die("chaos_open", rc);
	rc = chaos__find(ctx, domid, &found);
	if (!rc)
		rc = chaos__power_lock(ctx, &found, &lock);
	if (!rc)
		rc = chaos__power_command(ctx, &found, XEN_NOXS_POWER_SUSPEND,
					  0, 10000);
	if (rc)
		die("suspend", rc);
	for (i = 0; i < 1000; i++) {
		rc = chaos__xen_get(xen, domid, &dom);
		if (rc || dom.shutdown)
			break;
		usleep(10000);
	}
	chaos_close(ctx);
	return rc || !dom.shutdown || dom.shutdown_code != SHUTDOWN_suspend;
}

static unsigned long number(int argc, char **argv, int i)
{
	if (i >= argc)
		die("argument missing", -EINVAL);
	return strtoul(argv[i], NULL, 0);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	uint32_t domid = (uint32_t)number(argc, argv, 2);
	int rc;

	rc = chaos__xen_open(&xen);
	if (rc)
		die("open", rc);
	if (!strcmp(verb, "copy"))
		return copy(domid, number(argc, argv, 3), number(argc, argv, 4),
			    NULL);
	if (!strcmp(verb, "refuse") && argc == 6)
		return copy(domid, number(argc, argv, 3), number(argc, argv, 4),
			    argv[5]);
	if (!strcmp(verb, "same"))
		return same(domid, (uint32_t)number(argc, argv, 3),
			    number(argc, argv, 4));
	if (!strcmp(verb, "punch"))
		return punch(domid, number(argc, argv, 3),
			     number(argc, argv, 4));
	if (!strcmp(verb, "suspend"))
		return suspend(domid);
	if (!strcmp(verb, "power"))
		return power(domid);
	if (!strcmp(verb, "resume"))
		rc = chaos__xen_resume(xen, domid);
	else if (!strcmp(verb, "unpause"))
		rc = chaos__xen_unpause(xen, domid);
	else if (!strcmp(verb, "pause"))
		rc = chaos__xen_pause(xen, domid);
	else if (!strcmp(verb, "destroy"))
		rc = chaos__xen_destroy(xen, domid);
	else
		rc = -EINVAL;
	if (rc)
		die(verb, rc);
	return 0;
}
