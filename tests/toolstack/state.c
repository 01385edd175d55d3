// SPDX-License-Identifier: BSD-2-Clause
/*
 * A domain saved and another made of it, over a pretended libxc: the same
 * memory, holes and registers; nothing mapped, no thread and no descriptor left
 * when any call fails, on either side.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xen/private.h"

#include "chunk_maker.h"
#include "fail.h"
#include "state_xc.h"

#define MEM_PAGES	4000u		/* some windows */
#define CONSOLE		0xa0u
#define MAX_CHUNKS	64u

static struct {
	unsigned int nr, at;
	unsigned int fail_put, fail_next;	/* the n-th; 0: never */
	struct {
		uint32_t type;
		size_t size;
		uint8_t *data;
	} chunk[MAX_CHUNKS];
} store;

static struct made made;

static void store_clear(void)
{
	while (store.nr)
		free(store.chunk[--store.nr].data);
	memset(&store, 0, sizeof(store));
}

static int put(void *arg, uint32_t type, const struct iovec *iov, unsigned int n)
{
	size_t size = 0;
	unsigned int i;
	uint8_t *p;

	(void)arg;
	assert_true(n && n <= CHAOS__CHUNK_MAX_IOV);
	if (store.fail_put && store.nr + 1 == store.fail_put)
		return -ENOSPC;
	assert_true(store.nr < MAX_CHUNKS);
	for (i = 0; i < n; i++)
		size += iov[i].iov_len;
	assert_true(size && size <= CHAOS__CHUNK_MAX);
	p = aligned_alloc(1, size);
	assert_non_null(p);
	store.chunk[store.nr].type = type;
	store.chunk[store.nr].size = size;
	store.chunk[store.nr++].data = p;
	for (i = 0; i < n; p += iov[i++].iov_len)
		memcpy(p, iov[i].iov_base, iov[i].iov_len);
	return 0;
}

static int next(void *arg, uint32_t *type, const void **data, size_t *size)
{
	(void)arg;
	if (store.fail_next && store.at + 1 == store.fail_next)
		return -EIO;
	if (store.at == store.nr)
		return -ENODATA;
	*type = store.chunk[store.at].type;
	*data = store.chunk[store.at].data;
	*size = store.chunk[store.at++].size;
	return 0;
}

/* The other way to build, as far as a restore needs it. */
static void pv_end(struct chaos__xen_build *b)
{
	free(b);
}

static const struct chaos__xen_build_ops pv_ops = { .end = pv_end };

int chaos__xen_pv_begin(struct chaos__xen_build **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->ops = &pv_ops;
	return 0;
}

static int save(void)
{
	const struct chaos__sink sink = { put, NULL };

	return chaos__xen_save(&the_xen, XC_FROM, xc.pvh, MEM_PAGES, &sink);
}

static int restore(struct chaos__xen_console_where *con)
{
	const struct chaos__source source = { next, NULL };
	const struct chaos__xen_params p = {
		.pvh = xc.pvh, .vcpus = 2, .mem_kb = MEM_PAGES * 4,
		.max_mem_kb = MEM_PAGES * 4,
	};
	struct chaos__xen_build *b;
	int rc;

	rc = chaos__xen_build_begin(&the_xen, XC_TO, &p, &b);
	if (rc)
		return rc;
	rc = chaos__xen_build_restore(b, &source, con);
	chaos__xen_build_end(b);
	return rc;
}

static void write_page(uint32_t domid, uint64_t gfn, uint8_t byte,
		       unsigned int at, unsigned int size)
{
	uint8_t page[XC_PAGE] = { 0 };

	memset(page + at, byte, size);
	assert_int_equal(pwrite(xc_guest(domid)->fd, page, sizeof(page),
				(off_t)gfn * XC_PAGE), XC_PAGE);
}

/* Zero pages between runs of others; a hole; the new one's memory is dirty. */
static void make_guest(void)
{
	struct xc_guest *g = xc_guest(XC_FROM);
	unsigned int i;

	for (i = 0; i < MEM_PAGES; i++) {
		g->populated[i] = i < 1500 || i >= 2100;
		g->nr_pages += g->populated[i];
		if (i % 100 < 3 || (i > 200 && i < 800))
			write_page(XC_FROM, i, (uint8_t)(i + 1), 0, XC_PAGE);
	}
	write_page(XC_FROM, 50, 1, 0, 1);
	write_page(XC_FROM, 51, 1, XC_PAGE - 1, 1);
	write_page(XC_FROM, 52, 1, 2049, 1);
	for (i = 0; i < XC_PAGES; i++)
		write_page(XC_TO, i, 0xcc, 0, XC_PAGE);
	g->params[HVM_PARAM_CONSOLE_PFN] = CONSOLE;
	g->params[HVM_PARAM_CONSOLE_EVTCHN] = 99;
	g->params[HVM_PARAM_IDENT_PT] = (CONSOLE + 1) << 12;
	g->tsc.khz = 1234567;
	g->tsc.nsec = 99;
	make_pvh(&made);
	memcpy(g->context, made.chunk[8].data, made.chunk[8].size);
	g->context_size = (uint32_t)made.chunk[8].size;
}

static void check_guest(void)
{
	struct xc_guest *a = xc_guest(XC_FROM), *b = xc_guest(XC_TO);
	uint8_t pa[XC_PAGE], pb[XC_PAGE];
	unsigned int i;

	assert_memory_equal(a->populated, b->populated, sizeof(a->populated));
	for (i = 0; i < XC_PAGES; i++) {
		if (!a->populated[i])
			continue;
		assert_int_equal(pread(a->fd, pa, XC_PAGE, (off_t)i * XC_PAGE),
				 XC_PAGE);
		assert_int_equal(pread(b->fd, pb, XC_PAGE, (off_t)i * XC_PAGE),
				 XC_PAGE);
		assert_memory_equal(pa, pb, XC_PAGE);
	}
	assert_int_equal(a->context_size, b->context_size);
	assert_memory_equal(a->context, b->context, a->context_size);
	assert_memory_equal(&a->tsc, &b->tsc, sizeof(a->tsc));
	assert_int_equal(a->policy, b->policy);
	assert_int_equal(b->params[HVM_PARAM_CONSOLE_PFN], CONSOLE);
	assert_int_equal(b->params[HVM_PARAM_CONSOLE_EVTCHN], 3);
	assert_int_equal(b->params[HVM_PARAM_IDENT_PT], (CONSOLE + 1) << 12);
}

/* A new domain of the same number. */
static void forget_memory(void)
{
	memset(xc_guest(XC_TO)->populated, 0, XC_PAGES);
	xc_guest(XC_TO)->nr_pages = 0;
}

static int setup(void **state)
{
	(void)state;
	xc_world_reset(true);
	make_guest();
	return 0;
}

static unsigned int nr_fds;

static unsigned int count_fds(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < 256; i++)
		n += fcntl((int)i, F_GETFD) >= 0;
	return n;
}

static int setup_pv(void **state)
{
	size_t i;

	(void)state;
	xc_world_reset(false);
	xc_guest(XC_FROM)->nr_pages = 100;
	make_pv(&made);
	for (i = 0; made.chunk[i].type != CHAOS__CHUNK_PV_STREAM; i++)
		;
	xc.stream = made.chunk[i].data;
	xc.stream_size = made.chunk[i].size;
	nr_fds = count_fds();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fail_never();
	store_clear();
	xc_world_close();
	return xc.nr_mapped ? -1 : 0;
}

static int teardown_pv(void **state)
{
	int rc = count_fds() != nr_fds;

	return teardown(state) || rc ? -1 : 0;
}

static void test_pvh(void **state)
{
	struct chaos__xen_console_where con = { 0 };

	(void)state;
	assert_int_equal(save(), 0);
	assert_int_equal(restore(&con), 0);
	check_guest();
	assert_int_equal(con.gfn, CONSOLE);
	assert_int_equal(con.port, 3);
	/* Whole superpages come clear from Xen: 0 - 1023, 2560 - 3583. */
	assert_int_equal(xc.nr_demanded, 4 * 512);
	assert_int_equal(xc.nr_cleared, xc.nr_demanded);
	/* Without that, the same. */
	store.at = 0;
	forget_memory();
	xc.no_demand = true;
	xc.nr_demanded = 0;
	assert_int_equal(restore(&con), 0);
	check_guest();
	assert_int_equal(xc.nr_demanded, 0);
	/* As it is, again and again. */
	store_clear();
	assert_int_equal(save(), 0);
}

/* Every call fails, on both sides. */
static void test_every_failure(void **state)
{
	struct chaos__xen_console_where con = { 1, 1 };
	unsigned int n, done;
	int rc;

	(void)state;
	for (n = 1; ; n += n < 60 ? 1 : 97) {
		store_clear();
		fail_nth(n);
		rc = save();
		if (!fail_happened())
			break;
		assert_true(rc < 0);
		assert_int_equal(xc.nr_mapped, 0);
	}
	assert_int_equal(rc, 0);
	assert_true(n > 60);
	done = store.nr;
	for (n = 1; ; n += n < 60 ? 1 : 97) {
		store.at = 0;
		forget_memory();
		fail_nth(n);
		rc = restore(&con);
		if (!fail_happened())
			break;
		assert_int_equal(xc.nr_mapped, 0);
		/* Without populate on demand there is the other way. */
		if (!rc && !strcmp(fail_where(), "populate")) {
			check_guest();
			con.gfn = 1;
			continue;
		}
		assert_true(rc < 0);
		assert_int_equal(con.gfn, 1);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(store.nr, done);
	check_guest();
}

/* A full disk, a peer that goes: each chunk. */
static void test_every_chunk(void **state)
{
	struct chaos__xen_console_where con = { 0 };
	unsigned int n, nr;

	(void)state;
	assert_int_equal(save(), 0);
	nr = store.nr;
	for (n = 1; n <= nr; n++) {
		store.at = 0;
		forget_memory();
		store.fail_next = n;
		assert_int_equal(restore(&con), -EIO);
		store.fail_next = 0;
		store.at = 0;
		forget_memory();
		store.nr = n - 1;
		assert_int_equal(restore(&con), -EPROTO);
		assert_non_null(strstr(the_xen.detail, "too early"));
		store.nr = nr;
		assert_int_equal(xc.nr_mapped, 0);
	}
	for (n = 1; n <= nr; n++) {
		store_clear();
		store.fail_put = n;
		assert_int_equal(save(), -ENOSPC);
		assert_int_equal(xc.nr_mapped, 0);
	}
}

static void test_refused(void **state)
{
	(void)state;
	xc.flags = 0;
	assert_int_equal(save(), -EBUSY);
	xc.flags = XEN_DOMINF_paused | XEN_DOMINF_dying;
	assert_int_equal(save(), -ESRCH);
	xc.flags = XEN_DOMINF_shutdown;
	assert_int_equal(save(), 0);
	/* A page more than there is where its memory was. */
	store_clear();
	xc_guest(XC_FROM)->nr_pages++;
	assert_int_equal(save(), -EOPNOTSUPP);
	assert_non_null(strstr(the_xen.detail, "1 of its 3401 pages"));
}

static void test_cpu(void **state)
{
	struct chaos__xen_console_where con = { 0 };

	(void)state;
	xc_guest(XC_FROM)->policy = 1;
	assert_int_equal(save(), 0);
	/* Another than the new domain has by itself, but one that can be. */
	xc_guest(XC_TO)->policy = 3;
	assert_int_equal(restore(&con), 0);
	assert_int_equal(xc_guest(XC_TO)->policy, 1);
	/* One that cannot be. */
	xc_guest(XC_TO)->policy = 2;
	xc.host = 2;
	store.at = 0;
	forget_memory();
	assert_int_equal(restore(&con), -EOPNOTSUPP);
	assert_non_null(strstr(the_xen.detail, "lacks: SSE3"));
	assert_int_equal(xc_guest(XC_TO)->nr_pages, 0);
}

static void test_spoilt(void **state)
{
	struct chaos__xen_console_where con = { 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(save(), 0);
	for (i = 0; i < store.nr; i++) {
		store.at = 0;
		forget_memory();
		store.chunk[i].size--;
		assert_int_equal(restore(&con), -EPROTO);
		assert_non_null(strstr(the_xen.detail, "chunk \""));
		store.chunk[i].size++;
		assert_int_equal(xc.nr_mapped, 0);
	}
}

static void test_resume(void **state)
{
	struct xc_guest *g = xc_guest(XC_FROM);
	unsigned int n;

	(void)state;
	assert_int_equal(chaos__xen_resume(&the_xen, XC_FROM), -EINVAL);
	xc.flags = XEN_DOMINF_shutdown |
		   SHUTDOWN_crash << XEN_DOMINF_shutdownshift;
	assert_int_equal(chaos__xen_resume(&the_xen, XC_FROM), -EINVAL);
	xc.flags = XEN_DOMINF_shutdown |
		   SHUTDOWN_suspend << XEN_DOMINF_shutdownshift;
	for (n = 1; n < 6; n++) {
		fail_nth(n);
		g->resumed = 0;
		if (!chaos__xen_resume(&the_xen, XC_FROM))
			break;
		assert_true(fail_happened());
		assert_int_equal(g->resumed, 0);
	}
	assert_int_equal(n, 6);
	assert_int_equal(chaos__xen_resume(&the_xen, XC_FROM), 0);
	assert_int_equal(g->rax, 1);
	assert_int_equal(g->resumed, 1);
	xc.pvh = false;
	g->rax = 0;
	assert_int_equal(chaos__xen_resume(&the_xen, XC_FROM), 0);
	assert_int_equal(g->rax, 0);
	assert_int_equal(g->resumed, 2);
	assert_int_equal(chaos__xen_resume(&the_xen, XC_TO), -ESRCH);
}

static void test_pv(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 100 };
	struct chaos__xen_console_where con = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		xc.write_size = sizes[i];
		xc.nr_read = 0;
		store_clear();
		assert_int_equal(save(), 0);
		assert_int_equal(restore(&con), 0);
		assert_true(xc.read_same);
		assert_int_equal(xc.nr_read, xc.stream_size);
		assert_int_equal(con.gfn, 6);
		assert_int_equal(con.port, 3);
	}
}

/* Parts of 1 MB at most; more than the socket holds. */
static void test_pv_large(void **state)
{
	static uint8_t large[5u << 20];
	unsigned int i;

	(void)state;
	memset(large, 7, sizeof(large));
	xc.stream = large;
	xc.stream_size = sizeof(large);
	assert_int_equal(save(), 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(store.chunk[2 + i].type,
				 CHAOS__CHUNK_PV_STREAM);
		assert_int_equal(store.chunk[2 + i].size, 1 << 20);
	}
	assert_int_equal(store.chunk[7].type, CHAOS__CHUNK_END);
	/* A full disk ends the library's part as well. */
	store_clear();
	store.fail_put = 4;
	assert_int_equal(save(), -ENOSPC);
}

/* Either side gives up at any time; the other ends and says why. */
static void test_pv_failures(void **state)
{
	struct chaos__xen_console_where con = { 0 };
	size_t at;
	unsigned int n;

	(void)state;
	xc.write_size = 100;
	for (at = 0; at < xc.stream_size; at += 1500) {
		store_clear();
		xc.fail_write_at = at;
		assert_int_equal(save(), -ENOMEM);
	}
	xc.fail_write_at = ~(size_t)0;
	store_clear();
	assert_int_equal(save(), 0);
	for (at = 0; at < xc.stream_size; at += 1500) {
		store.at = 0;
		xc.nr_read = 0;
		xc.fail_read_at = at;
		assert_int_equal(restore(&con), -ENOEXEC);
	}
	xc.fail_read_at = ~(size_t)0;
	for (n = 1; n <= store.nr; n++) {
		store.at = 0;
		xc.nr_read = 0;
		store.fail_next = n;
		assert_int_equal(restore(&con), -EIO);
	}
	store.fail_next = 0;
	for (n = 0; n < store.nr; n++) {
		store.at = 0;
		xc.nr_read = 0;
		store.chunk[n].size--;
		assert_int_equal(restore(&con), -EPROTO);
		store.chunk[n].size++;
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define PV(name) cmocka_unit_test_setup_teardown(name, setup_pv, teardown_pv)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_pvh), T(test_every_failure), T(test_every_chunk),
		T(test_refused), T(test_cpu), T(test_spoilt), T(test_resume),
		PV(test_pv), PV(test_pv_large), PV(test_pv_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
