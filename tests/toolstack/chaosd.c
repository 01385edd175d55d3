// SPDX-License-Identifier: BSD-2-Clause
/*
 * chaosd without its socket: requests as packets, spares from a pretended Xen.
 * The pretended Xen knows no threads, so a test touches it only when the one that
 * makes spares has nothing to do.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chaosd.h>

#include "request.h"
#include "watcher.h"

struct daemon {
	struct fixture *f;
	struct pool pool;
	struct request_context rq;
	struct chaos *ctx;		/* of the loop */
	struct request_reply reply;
};

static struct chaos *context(const struct fixture *f)
{
	struct chaos_options opt = {
		.size = sizeof(opt), .run_dir = f->run_dir,
		.image_cache_kb = 1024,
	};
	struct chaos *ctx;

	assert_int_equal(chaos_open(&opt, &ctx), 0);
	ctx->class_net = f->class_net;
	return ctx;
}

static void start(struct daemon *d, void **state)
{
	d->f = *state;
	d->ctx = context(d->f);
	assert_int_equal(pool_start(&d->pool, context(d->f), 1024), 0);
	d->rq = (struct request_context){ .ctx = d->ctx, .pool = &d->pool };
}

static void stop(struct daemon *d)
{
	pool_stop(&d->pool);
	chaos_close(d->ctx);
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(fake_noxs_nr_vifs(), 0);
	assert_int_equal(fixture_nr_records(d->f), 0);
}

static const void *serve(struct daemon *d, unsigned int op, uint32_t flags,
			 const void *body, size_t size, int *rc)
{
	static uint8_t packet[CHAOSD_MAX_PACKET];
	struct chaosd_header h = {
		.magic = CHAOSD_MAGIC, .version = CHAOSD_VERSION,
		.op = (uint16_t)op, .cookie = 77, .flags = flags,
	};

	memcpy(packet, &h, sizeof(h));
	memcpy(packet + sizeof(h), body, size);
	request_serve(&d->rq, packet, sizeof(h) + size, &d->reply);
	assert_true(d->reply.size >= sizeof(h));
	memcpy(&h, d->reply.packet, sizeof(h));
	assert_int_equal(h.cookie, 77);
	assert_int_equal(h.op, op);
	*rc = h.rc;
	return d->reply.packet + sizeof(h);
}

static size_t body_size(const struct daemon *d)
{
	return d->reply.size - sizeof(struct chaosd_header);
}

/* The reply's text; valid until the next. */
static const char *call(struct daemon *d, const char *text, int expected)
{
	static char reply[CHAOSD_MAX_PACKET + 1];
	const char *body;
	int rc;

	body = serve(d, CHAOSD_CALL, 0, text, strlen(text), &rc);
	assert_int_equal(rc, expected);
	memcpy(reply, body, body_size(d));
	reply[body_size(d)] = '\0';
	return reply;
}

/* The errors of the reply, as one text. */
static const char *errors(struct daemon *d)
{
	static char text[512];
	struct chaos *ctx;

	assert_int_equal(chaos_open(NULL, &ctx), 0);
	assert_int_equal(chaosd_get_errors(ctx, d->reply.packet +
					   sizeof(struct chaosd_header),
					   body_size(d)), 0);
	text[0] = '\0';
	if (chaos_error(ctx, 0))
		chaos_error_text(chaos_error(ctx, 0), text, sizeof(text));
	chaos_close(ctx);
	return text;
}

static void see(void *arg, const struct pool_flavour *f)
{
	*(struct pool_flavour *)arg = *f;	/* the last one of them */
}

static struct pool_flavour look(struct daemon *d)
{
	struct pool_flavour f = { 0 };
	struct pool_totals t;

	pool_look(&d->pool, see, &f, &t);
	return f;
}

/* Nobody is made or leaves, of flavours that are looked at no more either. */
static bool is_idle(struct pool *p)
{
	const struct pool_flavour *f;
	bool idle;

	pthread_mutex_lock(&p->lock);
	idle = TAILQ_EMPTY(&p->leaving);
	for (f = TAILQ_FIRST(&p->flavours); f; f = TAILQ_NEXT(f, link))
		idle = idle && !f->nr_making && !f->nr_leaving;
	pthread_mutex_unlock(&p->lock);
	return idle;
}

/* Until the thread has nothing to do. */
static void settle(struct daemon *d)
{
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		struct pool_flavour f = look(d);

		if (is_idle(&d->pool) &&
		    (!f.filling || f.nr_ready == f.high || f.failed))
			return;
		usleep(1000);
	}
	fail_msg("the thread never rests");
}

static void await_ready(struct daemon *d, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < 5000 && look(d).nr_ready != n; i++)
		usleep(1000);
	assert_int_equal(look(d).nr_ready, n);
	settle(d);
}

static struct pool *went;

#define FLAVOUR(low, high, more) \
	"{\"do\":\"pool-set\",\"config\":\"name='small'\\nmemory=4\\n" \
	"vif=['']\\nspares_low=" #low "\\nspares_high=" #high "\\n" more "\"}"

static int create(struct daemon *d, const char *name, const char *more,
		  uint32_t flags, struct chaosd_created *out)
{
	uint8_t wire[8192];
	char text[512];
	struct chaos_config *cfg;
	const void *body;
	size_t size;
	int rc;

	snprintf(text, sizeof(text), "name = \"%s\"\nkernel = \"%s\"\n"
		 "memory = 4\nvif = [ \"ip=10.0.0.2/24\" ]\n%s", name,
		 d->f->kernel, more);
	assert_int_equal(chaos_config_parse_string(d->f->ctx, "t", text, NULL,
						   &cfg), 0);
	size = chaosd_put_config(cfg, wire, sizeof(wire));
	chaos_config_free(cfg);
	assert_true(size > 0);
	body = serve(d, CHAOSD_CREATE, flags, wire, size, &rc);
	if (rc)
		return rc;
	assert_int_equal(body_size(d), sizeof(*out));
	memcpy(out, body, sizeof(*out));
	return 0;
}

static void test_hit(void **state)
{
	struct daemon d;
	struct chaosd_created c = { 0 };

	start(&d, state);
	call(&d, FLAVOUR(2, 3, ""), 0);
	settle(&d);
	assert_int_equal(look(&d).nr_ready, 3);
	assert_int_equal(fake_xen_nr_domains(), 3);
	assert_int_equal(create(&d, "web", "", 0, &c), 0);
	assert_false(fake_xen.domain[c.domid].dom.paused);
	assert_string_equal(c.step[c.nr_steps - 1].name, "unpause");
	assert_true(c.begin <= c.step[0].begin);
	assert_int_equal(look(&d).hits, 1);
	/* Two are enough. */
	settle(&d);
	assert_int_equal(look(&d).nr_ready, 2);
	assert_int_equal(create(&d, "db", "", CHAOS_CREATE_PAUSED, &c), 0);
	assert_true(fake_xen.domain[c.domid].dom.paused);
	/* Now they are not: up to three again. */
	settle(&d);
	assert_int_equal(chaos_destroy(d.f->ctx, c.domid), 0);
	assert_int_equal(look(&d).nr_ready, 3);
	assert_int_equal(look(&d).made, 5);
	assert_int_equal(chaos_lookup(d.f->ctx, "web", &c.domid), 0);
	assert_int_equal(chaos_destroy(d.f->ctx, c.domid), 0);
	stop(&d);
}

static void test_no_spare(void **state)
{
	struct daemon d;
	struct chaosd_created c = { 0 };
	const char *list;

	start(&d, state);
	assert_int_equal(create(&d, "web", "", 0, &c), -EXDEV);
	assert_int_equal(body_size(&d), 0);
	call(&d, FLAVOUR(0, 1, ""), 0);
	settle(&d);
	assert_int_equal(create(&d, "web", "vcpus = 2\n", 0, &c), -EXDEV);
	assert_int_equal(create(&d, "web", "", 0, &c), 0);
	/* Low is 0: none is made in its place. */
	settle(&d);
	assert_int_equal(create(&d, "db", "", 0, &c), -EXDEV);
	list = call(&d, "{\"do\":\"pool-list\"}", 0);
	assert_non_null(strstr(list, "\"misses\":2"));
	assert_non_null(strstr(list, "\"empty\":1"));
	assert_non_null(strstr(list, "\"hits\":1"));
	assert_int_equal(chaos_lookup(d.f->ctx, "web", &c.domid), 0);
	assert_int_equal(chaos_destroy(d.f->ctx, c.domid), 0);
	stop(&d);
}

/* A request that cannot be fulfilled leaves the spare for the next. */
static void test_request_at_fault(void **state)
{
	struct daemon d;
	struct chaosd_created c = { 0 };
	uint32_t domid;

	start(&d, state);
	domid = fixture_create(d.f, "web", 0);
	call(&d, FLAVOUR(0, 1, ""), 0);
	settle(&d);
	assert_int_equal(create(&d, "web", "", 0, &c), -EEXIST);
	assert_non_null(strstr(errors(&d), "has this name"));
	assert_int_equal(look(&d).nr_ready, 1);
	assert_int_equal(create(&d, "db", "", 0, &c), 0);
	assert_int_equal(chaos_destroy(d.f->ctx, c.domid), 0);
	assert_int_equal(chaos_destroy(d.f->ctx, domid), 0);
	stop(&d);
}

/* One that cannot be claimed is not tried twice, and does not stay. */
static void test_spare_at_fault(void **state)
{
	struct daemon d;
	struct chaosd_created c = { 0 };

	start(&d, state);
	call(&d, FLAVOUR(0, 2, ""), 0);
	settle(&d);
	fake_noxs_forget(1, 0);
	assert_int_equal(create(&d, "web", "", 0, &c), 0);
	assert_int_equal(c.domid, 2);
	settle(&d);
	assert_int_equal(look(&d).nr_ready, 0);
	assert_int_equal(fake_xen_nr_domains(), 1);
	assert_int_equal(chaos_destroy(d.f->ctx, c.domid), 0);
	stop(&d);
}

static void test_died(void **state)
{
	struct daemon d;

	start(&d, state);
	call(&d, FLAVOUR(2, 2, ""), 0);
	settle(&d);
	fake_xen.domain[1].used = false;
	fake_xen.domain[1].taken = true;
	pool_died(&d.pool, 1);
	pool_died(&d.pool, 599);
	settle(&d);
	assert_int_equal(look(&d).nr_ready, 2);
	assert_int_equal(look(&d).died, 1);
	assert_false(fake_xen.domain[1].used);
	stop(&d);
}

/* The backend went, and is back: what had a vif of it is no good, what had none is. */
static void test_backend_gone(void **state)
{
	struct pool_flavour f;
	struct pool_spare *s;
	struct chaosd_created c = { 0 };
	struct chaos_config *cfg;
	struct daemon d;

	start(&d, state);
	call(&d, "{\"do\":\"pool-set\",\"config\":\"name='bare'\\nmemory=4\\n"
	     "spares_high=2\"}", 0);
	settle(&d);
	call(&d, FLAVOUR(2, 2, ""), 0);
	settle(&d);
	assert_int_equal(fake_xen_nr_domains(), 4);
	/* One is out, and comes back after that. */
	assert_int_equal(chaos_config_parse_string(d.f->ctx, "t",
		"name='web'\nkernel='/k'\nmemory=4\nvif=['']\n", NULL, &cfg),
		0);
	s = pool_take(&d.pool, cfg);
	assert_non_null(s);
	chaos_config_free(cfg);
	fake_noxs.running = false;
	fake_noxs_forget(3, 0);
	fake_noxs_forget(4, 0);
	pool_backend_gone(&d.pool);
	pool_give_back(&d.pool, s);
	settle(&d);
	/* Tried in vain: not without end. */
	f = look(&d);
	assert_int_equal(f.nr_ready, 0);
	assert_int_equal(f.died, 2);
	assert_in_range(f.failed, 1, 2);
	assert_non_null(strstr(f.error, "netback-lite"));
	assert_int_equal(fake_xen_nr_domains(), 2);
	assert_int_equal(create(&d, "web", "", 0, &c), -EXDEV);
	/* No back-off is waited for. */
	pthread_mutex_lock(&d.pool.lock);
	TAILQ_LAST(&d.pool.flavours, pool_flavours)->retry_ns =
		pool_now_ns() + UINT64_C(3600000000000);
	pthread_mutex_unlock(&d.pool.lock);
	fake_noxs.running = true;
	pool_backend_back(&d.pool);
	await_ready(&d, 2);
	assert_int_equal(create(&d, "web", "", 0, &c), 0);
	settle(&d);
	assert_int_equal(chaos_destroy(d.f->ctx, c.domid), 0);
	stop(&d);
}

/* It goes while a spare is being made: that one is none either. */
static void go_and_come(void)
{
	static bool did;

	if (!did)
		pool_backend_gone(went);
	did = true;
}

static void test_backend_gone_meanwhile(void **state)
{
	struct daemon d;

	start(&d, state);
	went = &d.pool;
	fake_noxs.attach_hook = go_and_come;
	call(&d, FLAVOUR(1, 1, ""), 0);
	await_ready(&d, 1);
	fake_noxs.attach_hook = NULL;
	assert_int_equal(look(&d).made, 2);
	assert_false(fake_xen.domain[1].used);
	stop(&d);
}

static void test_drained(void **state)
{
	struct daemon d;

	start(&d, state);
	call(&d, FLAVOUR(2, 4, ""), 0);
	settle(&d);
	call(&d, "{\"do\":\"pool-drain\",\"name\":\"small\"}", 0);
	settle(&d);
	assert_int_equal(fake_xen_nr_domains(), 0);
	/* It is set again, to less. */
	call(&d, FLAVOUR(2, 2, ""), 0);
	settle(&d);
	assert_int_equal(fake_xen_nr_domains(), 2);
	/* Another of the same name takes its place. */
	call(&d, FLAVOUR(1, 1, "vcpus=2\\n"), 0);
	settle(&d);
	assert_int_equal(fake_xen_nr_domains(), 1);
	call(&d, "{\"do\":\"pool-drain\",\"name\":\"small\",\"remove\":true}",
	     0);
	settle(&d);
	assert_int_equal(fake_xen_nr_domains(), 0);
	call(&d, "{\"do\":\"pool-drain\",\"name\":\"small\"}", -ENOENT);
	assert_non_null(strstr(errors(&d), "no flavour"));
	stop(&d);
}

static void test_memory_wanted(void **state)
{
	struct daemon d;
	uint64_t kb;
	int rc;

	start(&d, state);
	call(&d, FLAVOUR(2, 2, ""), 0);
	settle(&d);
	/* There is enough: nobody has to go. */
	kb = 1;
	serve(&d, CHAOSD_RELEASE, 0, &kb, sizeof(kb), &rc);
	assert_int_equal(rc, 0);
	assert_int_equal(fake_xen_nr_domains(), 2);
	/* The pretended Xen gets nothing back: all go, and it ends. */
	kb = fake_xen.free_kb + 1;
	serve(&d, CHAOSD_RELEASE, 0, &kb, sizeof(kb), &rc);
	assert_int_equal(rc, 0);
	assert_int_equal(fake_xen_nr_domains(), 0);
	/* And none is made, for a while. */
	usleep(100000);
	assert_int_equal(fake_xen_nr_domains(), 0);
	stop(&d);
}

/* What cannot be made is told, and not tried without end. */
static void test_cannot_be_made(void **state)
{
	struct daemon d;
	const char *list;

	start(&d, state);
	fake_xen.free_kb = 5000;
	call(&d, FLAVOUR(1, 2, ""), 0);
	settle(&d);
	usleep(100000);
	assert_int_equal(look(&d).failed, 1);
	list = call(&d, "{\"do\":\"pool-list\"}", 0);
	assert_non_null(strstr(list, "--reserve"));
	assert_int_equal(fake_xen_nr_domains(), 0);
	stop(&d);
}

static void test_nonsense(void **state)
{
	static const char *const calls[] = {
		"", "[]", "{", "{}", "{\"do\":1}", "{\"do\":\"fly\"}",
		"{\"do\":\"pool-set\"}",
		"{\"do\":\"pool-set\",\"config\":\"memory=4\"}",
		"{\"do\":\"pool-drain\"}",
	};
	struct chaosd_header h = { .magic = CHAOSD_MAGIC, .version = 99 };
	struct daemon d;
	size_t i;
	int rc;

	start(&d, state);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		serve(&d, CHAOSD_CALL, 0, calls[i], strlen(calls[i]), &rc);
		assert_true(rc < 0);
		assert_true(strlen(errors(&d)) > 0);
	}
	serve(&d, CHAOSD_CREATE, 0, "x", 1, &rc);
	assert_int_equal(rc, -EPROTO);
	serve(&d, CHAOSD_RELEASE, 0, "x", 1, &rc);
	assert_int_equal(rc, -EPROTO);
	serve(&d, 9, 0, "", 0, &rc);
	assert_int_equal(rc, -ENOSYS);
	request_serve(&d.rq, (const uint8_t *)&h, sizeof(h), &d.reply);
	memcpy(&h, d.reply.packet, sizeof(h));
	assert_int_equal(h.rc, -EPROTO);
	assert_non_null(strstr(errors(&d), "of one release"));
	stop(&d);
}

/* A guest of that configuration that has ended with that code. */
static uint32_t ended(struct fixture *f, const char *name, const char *more,
		      uint32_t code)
{
	struct chaos_config *cfg;
	char text[512];
	uint32_t domid;

	snprintf(text, sizeof(text), "name = \"%s\"\nkernel = \"%s\"\n"
		 "memory = 4\n%s", name, f->kernel, more);
	assert_int_equal(chaos_config_parse_string(f->ctx, "t", text, NULL,
						   &cfg), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, CHAOS_CREATE_ANEW, &domid),
			 0);
	chaos_config_free(cfg);
	fake_xen.domain[domid].dom.shutdown = true;
	fake_xen.domain[domid].dom.shutdown_code = code;
	return domid;
}

static void start_watch(struct watch *w, struct fixture *f, unsigned int limit)
{
	assert_int_equal(watch_start(w, context(f), limit, 60), 0);
}

/* Tells it, and waits until it has nothing to do. */
static void tell(struct watch *w, uint32_t domid)
{
	bool idle = false;
	unsigned int i;

	watch_ended(w, domid);
	for (i = 0; i < 5000 && !idle; i++) {
		usleep(1000);
		pthread_mutex_lock(&w->lock);
		idle = !w->at_work && TAILQ_EMPTY(&w->due);
		pthread_mutex_unlock(&w->lock);
	}
	assert_true(idle);
}

static bool is_there(struct fixture *f, const char *name, uint32_t *domid)
{
	return !chaos_lookup(f->ctx, name, domid);
}

static void test_watch(void **state)
{
	struct fixture *f = *state;
	struct watch w;
	uint32_t d, now;

	start_watch(&w, f, 5);
	tell(&w, ended(f, "off", "", 0));
	assert_false(is_there(f, "off", &now));
	tell(&w, ended(f, "kept", "on_poweroff = \"preserve\"\n", 0));
	assert_true(is_there(f, "kept", &now));
	d = ended(f, "again", "", 1);
	tell(&w, d);
	assert_true(is_there(f, "again", &now));
	assert_int_not_equal(now, d);
	assert_false(fake_xen.domain[now].dom.paused);
	tell(&w, ended(f, "crashed", "", 3));
	assert_false(is_there(f, "crashed", &d));
	d = ended(f, "revived", "on_crash = \"restart\"\n", 3);
	tell(&w, d);
	assert_true(is_there(f, "revived", &now));
	assert_int_not_equal(now, d);
	/* Suspended, running, gone: none of its business. */
	d = ended(f, "saved", "", 2);
	tell(&w, d);
	assert_true(is_there(f, "saved", &now));
	d = fixture_create(f, "runs", 0);
	tell(&w, d);
	assert_true(is_there(f, "runs", &now));
	tell(&w, 599);
	watch_stop(&w);
}

static void test_restart_limit(void **state)
{
	struct fixture *f = *state;
	struct watch w;
	unsigned int i;
	uint32_t now;

	start_watch(&w, f, 3);
	now = ended(f, "loop", "", 1);
	for (i = 0; i < 3; i++) {
		tell(&w, now);
		assert_true(is_there(f, "loop", &now));
		fake_xen.domain[now].dom.shutdown = true;
		fake_xen.domain[now].dom.shutdown_code = 1;
	}
	/* Another one is not counted with it. */
	tell(&w, ended(f, "other", "", 1));
	assert_true(is_there(f, "loop", &now));
	tell(&w, now);
	assert_false(is_there(f, "loop", &now));
	assert_true(is_there(f, "other", &now));
	watch_stop(&w);
}

/* Whoever holds its name sees to it himself. */
static void test_watch_busy(void **state)
{
	struct fixture *f = *state;
	struct chaos__name_lock lock;
	struct watch w;
	uint32_t d, now;

	start_watch(&w, f, 5);
	d = ended(f, "web", "", 0);
	fixture_take_name(f, "web", d, &lock);
	watch_ended(&w, d);
	usleep(100000);
	assert_true(is_there(f, "web", &now));
	chaos__name_unlock(&lock);
	tell(&w, 599);
	assert_false(is_there(f, "web", &now));
	watch_stop(&w);
}

/* All of a configuration comes out as it went in. */
static void test_wire(void **state)
{
	struct fixture *f = *state;
	static const char text[] =
		"name = \"web\"\nkernel = \"/k\"\nramdisk = \"/r\"\n"
		"cmdline = \"a b\"\nmemory = 4\nmaxmem = 8\nvcpus = 2\n"
		"uuid = \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"\n"
		"type = \"pv\"\ncpus = \"0-3\"\npool = \"Pool-0\"\ncap = 5\n"
		"cpu_weight = 3\non_crash = \"restart\"\n"
		"on_poweroff = \"preserve\"\nmax_event_channels = 99\n"
		"vif = [ \"bridge=br0,ip=10.0.0.2/24,gateway=10.0.0.1,"
		"rate=1MB/s@20ms,mac=00:16:3e:00:00:01,mtu=1400,vifname=a0,"
		"vlan=10,queues=2,spoofchk=off,backend=net1,pps=10K,rate_in=5Kb/s,pps_in=3\","
		" \"ip=dhcp,id=7\" ]\n";
	uint8_t wire[4096], cut[4096];
	struct chaos_config *cfg, *again;
	char *a, *b;
	size_t size, n;

	assert_int_equal(chaos_config_parse_string(f->ctx, "t", text, NULL,
						   &cfg), 0);
	size = chaosd_put_config(cfg, wire, sizeof(wire));
	assert_true(size > 0);
	assert_int_equal(chaosd_get_config(wire, size, &again), 0);
	a = chaos_config_json(cfg);
	b = chaos_config_json(again);
	assert_string_equal(a, b);
	free(a);
	free(b);
	chaos_config_free(again);
	chaos_config_free(cfg);
	/* Not a byte less, or more. */
	for (n = 0; n < size; n++) {
		memcpy(cut, wire, n);
		assert_int_equal(chaosd_get_config(cut, n, &again), -EPROTO);
	}
	wire[size] = 0;
	assert_int_equal(chaosd_get_config(wire, size + 1, &again), -EPROTO);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_hit), T(test_no_spare), T(test_request_at_fault),
		T(test_spare_at_fault), T(test_died),
		T(test_backend_gone), T(test_backend_gone_meanwhile),
		T(test_drained),
		T(test_memory_wanted), T(test_cannot_be_made),
		T(test_nonsense), T(test_wire), T(test_watch),
		T(test_restart_limit), T(test_watch_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
