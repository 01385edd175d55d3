// SPDX-License-Identifier: BSD-2-Clause
/*
 * What guests say, from a pretended guest's ring through chaosd's thread and its
 * real socket to libchaos.
 */
#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <chaosd-console.h>
#include <xen/io/console.h>

#include "consoles.h"
#include "fake_console.h"
#include "journal.h"
#include "ring.h"
#include "server.h"

#define MAX_BYTES 4096u

struct daemon {
	struct fixture *f;
	struct pool pool;
	struct request_context rq;
	struct consoles *consoles;
	sd_event *event;
	struct server *server;
	int stop_fd;
	pthread_t thread;
};

static struct xencons_interface rings[FAKE_DOMAINS];

static struct chaos *context(const struct fixture *f)
{
	struct chaos_options opt = {
		.size = sizeof(opt), .run_dir = f->run_dir,
	};
	struct chaos *ctx;

	assert_int_equal(chaos_open(&opt, &ctx), 0);
	return ctx;
}

static void *loop(void *arg)
{
	sd_event_loop(((struct daemon *)arg)->event);
	return NULL;
}

static void start(struct daemon *d, void **state, bool with_consoles)
{
	char path[128];

	memset(d, 0, sizeof(*d));
	memset(rings, 0, sizeof(rings));
	d->f = *state;
	assert_int_equal(pool_start(&d->pool, context(d->f), 0), 0);
	if (with_consoles)
		assert_int_equal(consoles_open(context(d->f), MAX_BYTES, true,
					       &d->consoles), 0);
	d->rq = (struct request_context){
		.ctx = context(d->f), .pool = &d->pool, .consoles = d->consoles,
	};
	assert_true(sd_event_new(&d->event) >= 0);
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(sd_event_add_io(d->event, NULL, d->stop_fd, EPOLLIN, NULL,
				    NULL) >= 0);
	mkdir(d->f->run_dir, 0700);
	snprintf(path, sizeof(path), "%s/chaosd.sock", d->f->run_dir);
	assert_int_equal(server_open(d->event, -1, path, &d->rq, &d->server),
			 0);
	assert_int_equal(pthread_create(&d->thread, NULL, loop, d), 0);
}

static void stop(struct daemon *d)
{
	uint64_t one = 1;

	if (!d->event)
		return;
	assert_int_equal(write(d->stop_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(d->thread, NULL);
	server_close(d->server);
	sd_event_unref(d->event);
	close(d->stop_fd);
	consoles_close(d->consoles);
	pool_stop(&d->pool);
	chaos_close(d->rq.ctx);
	d->event = NULL;
}

static void guest_says(uint32_t domid, const char *s)
{
	struct xencons_interface *r = &rings[domid];
	XENCONS_RING_IDX at = r->out_prod;

	while (*s)
		r->out[MASK_XENCONS_IDX(at++, r->out)] = *s++;
	__atomic_store_n(&r->out_prod, at, __ATOMIC_RELEASE);
	fake_console_raise(domid);
}

/* What was said has been read. */
static void settle(uint32_t domid)
{
	const struct xencons_interface *r = &rings[domid];
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		if (__atomic_load_n(&r->out_cons, __ATOMIC_ACQUIRE) ==
		    r->out_prod)
			return;
		usleep(1000);
	}
	fail_msg("nobody reads domain %u", domid);
}

static uint32_t guest(struct daemon *d, const char *name)
{
	uint32_t domid = fixture_create(d->f, name, 0);

	fake_console_set_page(domid, &rings[domid]);
	consoles_started(d->consoles, domid, true);
	return domid;
}

/* All of it, waiting for what is to come; returns how it ended. */
static long read_all(struct chaos_console *con, char *text, size_t size,
		     size_t wanted)
{
	size_t n = 0;
	unsigned int i;
	long r = 0;

	for (i = 0; i < 2000 && n < wanted; i++) {
		r = chaos_console_read(con, text + n, size - 1 - n);
		if (r < 0)
			break;
		n += (size_t)r;
		if (!r)
			usleep(1000);
	}
	text[n] = '\0';
	return r < 0 ? r : 0;
}

static const char *log_of(struct daemon *d, const char *which)
{
	static char text[4 * MAX_BYTES];
	struct chaos_console *con;

	assert_int_equal(chaos_console_log_open(d->f->ctx, which, 0, &con), 0);
	assert_int_equal(read_all(con, text, sizeof(text), sizeof(text)),
			 -EPIPE);
	assert_int_equal(chaos_console_write(con, "x", 1), -EPIPE);
	chaos_console_close(con);
	return text;
}

static void assert_heard(struct chaos_console *con, const char *expected)
{
	char text[4096];

	read_all(con, text, sizeof(text), strlen(expected));
	assert_string_equal(text, expected);
}

static void test_log(void **state)
{
	struct daemon d;
	uint32_t web, db;
	char id[16];

	start(&d, state, true);
	web = guest(&d, "web");
	db = guest(&d, "db");
	guest_says(web, "hello\n");
	guest_says(db, "good day\n");
	assert_string_equal(log_of(&d, "web"), "hello\n");
	assert_string_equal(log_of(&d, "db"), "good day\n");
	guest_says(web, "again\n");
	settle(web);
	snprintf(id, sizeof(id), "%u", web);
	assert_string_equal(log_of(&d, id), "hello\nagain\n");
	/* Nobody told of this one. */
	db = fixture_create(d.f, "quiet", 0);
	fake_console_set_page(db, &rings[db]);
	assert_string_equal(log_of(&d, "quiet"), "");
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_bound(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	char line[101], *text;
	unsigned int i;
	uint32_t web;

	start(&d, state, true);
	web = guest(&d, "web");
	for (i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%099u\n", i);
		guest_says(web, line);
		settle(web);
	}
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 0, &con), 0);
	assert_int_equal(chaos_console_lost(con), 10000 - MAX_BYTES);
	text = malloc(2 * MAX_BYTES);
	assert_int_equal(read_all(con, text, 2 * MAX_BYTES, 2 * MAX_BYTES),
			 -EPIPE);
	assert_int_equal(strlen(text), MAX_BYTES);
	assert_string_equal(text + MAX_BYTES - 100, line);
	free(text);
	chaos_console_close(con);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_attach(void **state)
{
	struct chaos_console *con, *other, *follow;
	struct daemon d;
	char typed[2048];
	uint32_t web;

	start(&d, state, true);
	web = guest(&d, "web");
	guest_says(web, "login: ");
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	assert_heard(con, "login: ");
	assert_int_equal(chaos_console_read(con, typed, 10), 0);
	assert_int_equal(chaos_console_open(d.f->ctx, web, &other), -EBUSY);
	assert_error(d.f, "web: open console: it is in use (look on:");
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web",
						CHAOS_CONSOLE_FOLLOW, &follow),
			 0);
	assert_heard(follow, "login: ");
	guest_says(web, "root\n");
	assert_heard(follow, "root\n");
	assert_heard(con, "root\n");
	/* What the guest does not take waits, and is bounded. */
	memset(typed, 'x', sizeof(typed));
	rings[web].in_cons = rings[web].in_prod - (uint32_t)sizeof(rings[web].in);
	assert_int_equal(chaos_console_write(con, typed, sizeof(typed)),
			 CHAOSD_INPUT_MAX);
	assert_int_equal(chaos_console_write(con, typed, 1), 0);
	chaos_console_close(con);
	/* Only what came since. */
	guest_says(web, "later\n");
	while (chaos_console_open(d.f->ctx, web, &con) == -EBUSY)
		usleep(1000);
	assert_heard(con, "later\n");
	assert_int_equal(chaos_console_write(con, "", 0), 0);
	chaos_console_close(con);
	chaos_console_close(follow);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_input(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	unsigned int i;
	uint32_t web;
	long n, left = 5000;
	char c;

	start(&d, state, true);
	web = guest(&d, "web");
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	for (i = 0; i < 20000 && left; i++) {
		char typed[100];

		memset(typed, 'a' + (int)(left / 100 % 26), sizeof(typed));
		n = chaos_console_write(con, typed, left % 100 ?
					(size_t)(left % 100) : 100);
		assert_true(n >= 0);
		left -= n;
		/* The guest takes what there is, and says so. */
		__atomic_store_n(&rings[web].in_cons,
				 __atomic_load_n(&rings[web].in_prod,
						 __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
		fake_console_raise(web);
		chaos_console_read(con, &c, 1);
		usleep(100);
	}
	assert_int_equal(left, 0);
	for (i = 0; i < 5000 && __atomic_load_n(&rings[web].in_prod,
						__ATOMIC_ACQUIRE) < 5000; i++)
		usleep(1000);
	assert_int_equal(rings[web].in_prod, 5000);
	chaos_console_close(con);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void dies(struct daemon *d, uint32_t domid)
{
	fake_xen.domain[domid].dom.shutdown = true;
	consoles_ended(d->consoles, domid);
	consoles_dying(d->consoles, domid);
	consoles_settle(d->consoles, domid);
	assert_false(fake_console_is_held(domid));
}

static void test_last_words(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	uint32_t web, brief;

	start(&d, state, true);
	web = guest(&d, "web");
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	guest_says(web, "panic\n");
	dies(&d, web);
	assert_heard(con, "panic\n");
	assert_int_equal(chaos_console_read(con, &web, 1), -EPIPE);
	assert_int_equal(chaos_console_write(con, "x", 1), -EPIPE);
	chaos_console_close(con);
	assert_int_equal(chaos_lookup(d.f->ctx, "web", &web), 0);
	assert_int_equal(chaos_destroy(d.f->ctx, web), 0);
	consoles_settle(d.consoles, web);
	assert_string_equal(log_of(&d, "web"), "panic\n");
	/* It was not taken yet when it ended. */
	brief = fixture_create(d.f, "brief", 0);
	fake_console_set_page(brief, &rings[brief]);
	consoles_started(d.consoles, brief, false);
	guest_says(brief, "oh\n");
	dies(&d, brief);
	assert_int_equal(chaos_destroy(d.f->ctx, brief), 0);
	assert_string_equal(log_of(&d, "brief"), "oh\n");
	assert_int_equal(chaos_console_log_open(d.f->ctx, "nobody", 0, &con),
			 -ESRCH);
	assert_error(d.f, "there is no such guest");
	assert_int_equal(chaos_console_log_open(d.f->ctx, "0", 0, &con),
			 -ENOENT);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_renamed(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	uint32_t web;

	start(&d, state, true);
	web = guest(&d, "web");
	guest_says(web, "hello\n");
	settle(web);
	assert_int_equal(chaos_rename(d.f->ctx, web, "new"), 0);
	assert_string_equal(log_of(&d, "new"), "hello\n");
	dies(&d, web);
	assert_int_equal(chaos_destroy(d.f->ctx, web), 0);
	assert_string_equal(log_of(&d, "new"), "hello\n");
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 0, &con),
			 -ESRCH);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

/* One that is made anew, with the UUID that it had. */
static void test_back(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	uint32_t web, again;
	char expected[128];

	start(&d, state, true);
	web = guest(&d, "web");
	guest_says(web, "one\n");
	dies(&d, web);
	assert_int_equal(chaos_reboot(d.f->ctx, web, CHAOS_POWER_ASKED, 0,
				      &again), 0);
	fake_console_set_page(again, &rings[again]);
	consoles_started(d.consoles, again, true);
	guest_says(again, "two\n");
	consoles_settle(d.consoles, FAKE_DOMAINS);
	snprintf(expected, sizeof(expected), "one\n\r\n[domain %u has ended, "
		 "this is domain %u]\r\ntwo\n", web, again);
	assert_string_equal(log_of(&d, "web"), expected);
	assert_int_equal(chaos_console_open(d.f->ctx, again, &con), 0);
	assert_heard(con, expected);
	chaos_console_close(con);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_forgotten(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	unsigned int i;
	char name[16];
	uint32_t domid;

	start(&d, state, true);
	for (i = 0; i < CONSOLES_MAX_ENDED + 2; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		domid = guest(&d, name);
		guest_says(domid, name);
		settle(domid);
		dies(&d, domid);
		assert_int_equal(chaos_destroy(d.f->ctx, domid), 0);
	}
	assert_int_equal(chaos_console_log_open(d.f->ctx, "g1", 0, &con),
			 -ESRCH);
	assert_string_equal(log_of(&d, "g2"), "g2");
	assert_string_equal(log_of(&d, name), name);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_lies(void **state)
{
	struct chaos_console *con, *other;
	struct daemon d;
	uint32_t web;
	char c;

	start(&d, state, true);
	web = guest(&d, "web");
	guest_says(web, "x");
	settle(web);
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	assert_heard(con, "x");
	rings[web].out_prod += 3000;
	fake_console_raise(web);
	while (!chaos_console_read(con, &c, 1))
		usleep(1000);
	assert_int_equal(chaos_console_read(con, &c, 1), -EPROTO);
	assert_false(fake_console_is_held(web));
	assert_int_equal(chaos_console_open(d.f->ctx, web, &other), -EPROTO);
	assert_error(d.f, "the guest broke it");
	chaos_console_close(con);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

/* Events with nothing behind them: so many are looked at, and no more. */
static void test_storm(void **state)
{
	unsigned int i, before, after;
	struct daemon d;
	uint32_t web;

	start(&d, state, true);
	web = guest(&d, "web");
	guest_says(web, "x");
	settle(web);
	before = fake_console_nr_notified(web);
	for (i = 0; i < 500; i++) {
		guest_says(web, "x");
		usleep(500);
	}
	after = fake_console_nr_notified(web);
	assert_in_range(after - before, 16, 16 * 8);
	settle(web);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_busy(void **state)
{
	struct chaos_console *con, *other;
	struct daemon d;
	uint32_t web;

	/* Without chaosd, and with one that leaves consoles alone. */
	d.f = *state;
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 0, &con),
			 -ENOTCONN);
	assert_error(d.f, "start chaosd");
	start(&d, state, false);
	web = guest(&d, "web");
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	assert_true(fake_console_is_held(web));
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 0, &other),
			 -EOPNOTSUPP);
	assert_error(d.f, "--console-log");
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 8, &other),
			 -EINVAL);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 1);
	/* Somebody has it already. */
	start(&d, state, true);
	assert_int_equal(chaos_console_open(d.f->ctx, web, &other), -EBUSY);
	assert_error(d.f, "it is in use");
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 0, &other),
			 -EBUSY);
	chaos_console_close(con);
	guest_says(web, "free\n");
	assert_string_equal(log_of(&d, "web"), "free\n");
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_chaosd_dies(void **state)
{
	struct chaos_console *con;
	struct daemon d;
	uint32_t web;
	long n;
	char c;

	start(&d, state, true);
	web = guest(&d, "web");
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
	do {
		n = chaos_console_read(con, &c, 1);
	} while (!n);
	assert_int_equal(n, -ECONNRESET);
	assert_true(chaos_console_write(con, "x", 1) < 0);
	chaos_console_close(con);
	guest_says(web, "hello");
	assert_int_equal(chaos_console_open(d.f->ctx, web, &con), 0);
	assert_heard(con, "hello");
	chaos_console_close(con);
}

static int dial(struct daemon *d)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/chaosd.sock",
		 d->f->run_dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* Sends one packet; returns the rc of the answer, or 1 when it hangs up. */
static int32_t ask(int fd, unsigned int op, const void *body, size_t size)
{
	struct {
		struct chaosd_header h;
		uint8_t body[CHAOSD_OUTPUT_MAX];
	} p = { .h = { .magic = CHAOSD_MAGIC, .version = CHAOSD_VERSION,
		       .op = (uint16_t)op } };

	memcpy(p.body, body, size);
	assert_true(send(fd, &p, sizeof(p.h) + size, MSG_NOSIGNAL) > 0);
	if (recv(fd, &p, sizeof(p), 0) <= 0)
		return 1;
	return p.h.rc;
}

static void test_nonsense(void **state)
{
	struct chaosd_console_request rq = { .which = "web" };
	static const uint8_t junk[CHAOSD_INPUT_MAX + 1];
	struct daemon d;
	unsigned int n;
	int fd;

	start(&d, state, true);
	guest(&d, "web");
	for (n = 0; n < sizeof(rq); n += 7) {
		fd = dial(&d);
		assert_int_equal(ask(fd, CHAOSD_CONSOLE, &rq, n), -EPROTO);
		close(fd);
	}
	fd = dial(&d);
	rq.flags = 0x80;
	assert_int_equal(ask(fd, CHAOSD_CONSOLE, &rq, sizeof(rq)), -EPROTO);
	close(fd);
	fd = dial(&d);
	rq.flags = CHAOSD_CONSOLE_FOLLOW;
	memset(rq.which, 'x', sizeof(rq.which));
	assert_int_equal(ask(fd, CHAOSD_CONSOLE, &rq, sizeof(rq)), -EPROTO);
	close(fd);
	/* Input from one who may only look, and more than was allowed. */
	strcpy(rq.which, "web");
	fd = dial(&d);
	assert_int_equal(ask(fd, CHAOSD_CONSOLE, &rq, sizeof(rq)), 0);
	assert_int_equal(ask(fd, CHAOSD_INPUT, "x", 1), 1);
	close(fd);
	rq.flags = CHAOSD_CONSOLE_ATTACH;
	fd = dial(&d);
	assert_int_equal(ask(fd, CHAOSD_CONSOLE, &rq, sizeof(rq)), 0);
	assert_int_equal(ask(fd, CHAOSD_INPUT, junk, sizeof(junk)), 1);
	close(fd);
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

static void test_many(void **state)
{
	struct chaos_console *con[CONSOLES_MAX_VIEWERS + 1];
	struct daemon d;
	unsigned int i;
	uint32_t web;

	start(&d, state, true);
	web = guest(&d, "web");
	for (i = 0; i < CONSOLES_MAX_VIEWERS; i++)
		assert_int_equal(chaos_console_log_open(d.f->ctx, "web",
					CHAOS_CONSOLE_FOLLOW, &con[i]), 0);
	assert_int_equal(chaos_console_log_open(d.f->ctx, "web", 0, &con[i]),
			 -EAGAIN);
	assert_error(d.f, "too many");
	guest_says(web, "all\n");
	while (i--) {
		assert_heard(con[i], "all\n");
		chaos_console_close(con[i]);
	}
	assert_string_equal(log_of(&d, "web"), "all\n");
	stop(&d);
	assert_int_equal(fake_xen.nr_consoles, 0);
}

/* The guest's end, with every step failing once. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	struct chaosd_consoles *set;
	struct chaosd_console_of of;
	struct chaos_console *con = NULL;
	uint32_t web = fixture_create(f, "web", 0);
	unsigned int n;
	void *arg;

	fake_console_set_page(web, &rings[web]);
	for (n = 1; ; n++) {
		fail_nth(n);
		if (!chaosd_consoles_open(f->ctx, &set))
			break;
		assert_true(fail_happened());
	}
	fail_never();
	for (n = 1; ; n++) {
		fail_nth(n);
		if (!chaosd_console_open(set, web, &n, &of, &con))
			break;
		assert_true(fail_happened());
		assert_null(con);
		assert_int_equal(fake_xen.nr_consoles, 0);
	}
	fail_never();
	assert_true(n > 2);
	assert_string_equal(of.name, "web");
	assert_int_equal(chaosd_consoles_next(set, &arg), 1);
	assert_ptr_equal(arg, &n);
	assert_int_equal(chaosd_consoles_next(set, &arg), 0);
	fake_console_raise(web);
	assert_int_equal(chaosd_consoles_next(set, &arg), 0);
	assert_int_equal(chaosd_console_rearm(con), 0);
	assert_int_equal(chaosd_consoles_next(set, &arg), 1);
	chaos_console_close(con);
	fake_xen.domain[web].dom.dying = true;
	assert_int_equal(chaosd_console_open(set, web, &n, &of, &con), -ESRCH);
	chaosd_consoles_close(set);
	chaosd_consoles_close(NULL);
}

static void test_ring(void **state)
{
	uint8_t in[1000], out[1000];
	struct ring r;
	uint64_t at = 0, lost;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	ring_init(&r, 600);
	assert_int_equal(ring_get(&r, &at, out, sizeof(out), &lost), 0);
	/* It grows with what is in it. */
	ring_put(&r, in, 100);
	assert_true(r.size < 600);
	ring_put(&r, in + 100, 400);
	assert_int_equal(ring_get(&r, &at, out, sizeof(out), &lost), 500);
	assert_int_equal(lost, 0);
	assert_memory_equal(in, out, 500);
	/* Around it, in all sizes. */
	for (n = 1; n < 599; n++) {
		ring_put(&r, in + sizeof(in) - n, n);
		assert_int_equal(ring_get(&r, &at, out, sizeof(out), &lost), n);
		assert_int_equal(lost, 0);
		assert_memory_equal(in + sizeof(in) - n, out, n);
	}
	assert_int_equal(r.size, 600);
	/* More than it holds, in one go. */
	ring_put(&r, in, 1000);
	assert_int_equal(ring_get(&r, &at, out, sizeof(out), &lost), 600);
	assert_int_equal(lost, 400);
	assert_memory_equal(in + 400, out, 600);
	assert_int_equal(at, r.end);
	ring_fini(&r);
	/* Without memory nothing is kept, and counted. */
	ring_init(&r, 600);
	fail_nth(1);
	ring_put(&r, in, 10);
	fail_never();
	at = 0;
	assert_int_equal(ring_get(&r, &at, out, sizeof(out), &lost), 0);
	assert_int_equal(lost, 10);
	ring_fini(&r);
}

static char journal[8192];

static void to_test(const struct journal_guest *g, const char *line,
		    size_t size)
{
	size_t n = strlen(journal);

	snprintf(journal + n, sizeof(journal) - n, "%s|%.*s;", g->name,
		 (int)size, line);
}

static void test_journal(void **state)
{
	struct journal_guest g = { "web", "u", 1 };
	void (*real)(const struct journal_guest *, const char *, size_t) =
		journal_send;
	struct journal j = { 0 };
	char line[1600];
	unsigned int i;

	(void)state;
	journal_send = to_test;
	journal[0] = '\0';
	journal_put(&j, &g, "a\r\n\nb", 5, 1);
	assert_string_equal(journal, "web|a;");
	journal_put(&j, &g, "c\n", 2, 1);
	assert_string_equal(journal, "web|a;web|bc;");
	journal[0] = '\0';
	memset(line, 'x', sizeof(line));
	journal_put(&j, &g, line, sizeof(line), 1);
	assert_int_equal(strlen(journal), 1000 + 5);
	journal_end(&j, &g, 1);
	assert_int_equal(strlen(journal), 1600 + 10);
	journal[0] = '\0';
	for (i = 0; i < 200; i++)
		journal_put(&j, &g, "y\n", 2, 2);
	assert_int_equal(strlen(journal), 96 * 6);
	journal[0] = '\0';
	journal_put(&j, &g, "z\n", 2, 2000000000);
	assert_string_equal(journal, "web|(104 lines were left out);web|z;");
	journal_send = real;
}

static void to_nobody(const struct journal_guest *g, const char *line,
		      size_t size)
{
	(void)g;
	(void)line;
	(void)size;
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring), cmocka_unit_test(test_journal),
		T(test_failures), T(test_log), T(test_bound), T(test_attach),
		T(test_input), T(test_last_words), T(test_renamed), T(test_back),
		T(test_forgotten), T(test_lies), T(test_storm), T(test_busy),
		T(test_chaosd_dies), T(test_nonsense), T(test_many),
	};

	journal_send = to_nobody;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
