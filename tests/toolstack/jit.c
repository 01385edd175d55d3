// SPDX-License-Identifier: BSD-2-Clause
/*
 * chaosd's guests that are made when somebody calls: without its thread, by turns,
 * over a pretended Xen and a pretended network backend.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit.h"
#include "request.h"

struct daemon {
	struct fixture *f;
	struct pool pool;
	struct jit jit;
	struct request_context rq;
	char *reply;
};

static struct chaos *context(const struct fixture *f)
{
	struct chaos_options opt = {
		.size = sizeof(opt), .run_dir = f->run_dir,
	};
	struct chaos *ctx;

	assert_int_equal(chaos_open(&opt, &ctx), 0);
	ctx->class_net = f->class_net;
	return ctx;
}

static void start(struct daemon *d, void **state)
{
	d->f = *state;
	d->reply = NULL;
	assert_true(!mkdir(d->f->run_dir, 0700) || errno == EEXIST);
	assert_int_equal(pool_start(&d->pool, context(d->f), 1024), 0);
	assert_int_equal(jit_open(&d->jit, context(d->f), &d->pool), 0);
	d->rq = (struct request_context){
		.ctx = context(d->f),
		.pool = &d->pool,
		.jit = &d->jit,
		.run_dir = d->f->run_dir,
	};
}

/* As if it were killed: the guests stay. */
static void stop(struct daemon *d)
{
	jit_close(&d->jit);
	memset(fake_noxs.await, 0, sizeof(fake_noxs.await));
	pool_stop(&d->pool);
	chaos_close(d->rq.ctx);
	free(d->reply);
}

static const char *call(struct daemon *d, const char *text, int expected)
{
	free(d->reply);
	d->reply = NULL;
	assert_int_equal(request_call(&d->rq, text, &d->reply), expected);
	return d->reply;
}

static int try_add(struct daemon *d, const char *name, unsigned int ip,
		   const char *more)
{
	char text[1024];

	free(d->reply);
	d->reply = NULL;
	snprintf(text, sizeof(text), "{\"do\":\"jit-add\",\"config\":\""
		 "name = \\\"%s\\\"\\nkernel = \\\"%s\\\"\\nmemory = 4\\n"
		 "vif = [ \\\"bridge=xenbr0,ip=10.0.0.%u/24\\\" ]\\n%s\"}",
		 name, d->f->kernel, ip, more);
	return request_call(&d->rq, text, &d->reply);
}

static void add(struct daemon *d, const char *name, unsigned int ip,
		const char *more)
{
	int rc = try_add(d, name, ip, more);

	if (rc)
		fail_msg("%s: %s", name, chaos_error(d->rq.ctx, 0)->reason);
}

static void turn(struct daemon *d)
{
	jit_turn(&d->jit, 0);
}

struct wanted {
	const char *name;
	struct jit_rule rule;
	bool found;
};

static void see(void *arg, const struct jit_rule *r)
{
	struct wanted *w = arg;

	if (strcmp(chaos_config_name(r->cfg), w->name))
		return;
	w->rule = *r;
	w->found = true;
}

/* What is known of a rule; its cfg belongs to it. */
static struct jit_rule rule(struct daemon *d, const char *name)
{
	struct wanted w = { .name = name };

	jit_look(&d->jit, see, &w);
	assert_true(w.found);
	return w.rule;
}

static enum jit_state state_of(struct daemon *d, const char *name)
{
	return rule(d, name).state;
}

static void test_called(void **state)
{
	struct daemon d;
	uint32_t domid;

	start(&d, state);
	add(&d, "web", 2, "");
	assert_int_equal(state_of(&d, "web"), JIT_WAITING);
	assert_int_equal(fake_noxs_nr_awaits(), 1);
	turn(&d);
	assert_int_equal(fake_xen_nr_domains(), 0);
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_RUNNING);
	assert_int_equal(chaos_lookup(d.f->ctx, "web", &domid), 0);
	assert_int_equal(rule(&d, "web").domid, domid);
	assert_false(fake_xen.domain[domid].dom.paused);
	assert_int_equal(rule(&d, "web").wakes, 1);
	assert_non_null(strstr(call(&d, "{\"do\":\"jit-list\"}", 0),
			       "\"state\":\"running\""));
	assert_int_equal(chaos_destroy(d.f->ctx, domid), 0);
	jit_gone(&d.jit, domid);
	jit_gone(&d.jit, domid);
	assert_int_equal(state_of(&d, "web"), JIT_WAITING);
	assert_int_equal(rule(&d, "web").domid, 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"web\"}", 0);
	assert_int_equal(fake_noxs_nr_awaits(), 0);
	/* Called just before it was removed. */
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	assert_int_equal(fake_xen_nr_domains(), 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"web\"}", -ENOENT);
	stop(&d);
}

static void test_idle_is_destroyed(void **state)
{
	struct daemon d;

	start(&d, state);
	add(&d, "web", 2, "idle_timeout = 1\\n");
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	fake_noxs_tell(2, NOXS_NETBACK_IDLE, rule(&d, "web").domid);
	turn(&d);
	assert_int_equal(fake_xen_nr_domains(), 0);
	assert_int_equal(state_of(&d, "web"), JIT_WAITING);
	assert_int_equal(rule(&d, "web").idles, 1);
	/* Told of one that somebody else destroyed. */
	fake_noxs_tell(2, NOXS_NETBACK_IDLE, 77);
	turn(&d);
	assert_int_equal(rule(&d, "web").error[0], '\0');
	stop(&d);
}

static void test_idle_sleeps(void **state)
{
	struct daemon d;
	uint32_t domid;

	start(&d, state);
	add(&d, "web", 2, "idle_timeout = 1\\non_idle = \\\"pause\\\"\\n");
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	domid = rule(&d, "web").domid;
	/* Somebody calls at this very moment. */
	fake_noxs.busy = true;
	fake_noxs_tell(2, NOXS_NETBACK_IDLE, domid);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_RUNNING);
	assert_false(fake_xen.domain[domid].dom.paused);
	fake_noxs.busy = false;
	fake_noxs_tell(2, NOXS_NETBACK_IDLE, domid);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_PAUSED);
	assert_true(fake_xen.domain[domid].dom.paused);
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, domid);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_RUNNING);
	assert_false(fake_xen.domain[domid].dom.paused);
	assert_int_equal(rule(&d, "web").wakes, 2);
	assert_int_equal(chaos_destroy(d.f->ctx, domid), 0);
	stop(&d);
}

/* Another chaosd finds rules, and guests that run or sleep. */
static void test_restart(void **state)
{
	struct daemon d;
	uint32_t domid;

	start(&d, state);
	add(&d, "a", 2, "");
	add(&d, "b", 3, "on_idle = \\\"pause\\\"\\n");
	add(&d, "c", 4, "on_idle = \\\"pause\\\"\\n");
	add(&d, "x", 5, "");
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"x\"}", 0);
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	fake_noxs_tell(3, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	domid = rule(&d, "b").domid;
	fake_noxs_tell(3, NOXS_NETBACK_IDLE, domid);
	turn(&d);
	assert_int_equal(state_of(&d, "b"), JIT_PAUSED);
	stop(&d);

	start(&d, state);
	jit_file_load(&d.jit, d.rq.ctx, d.f->run_dir, "/nonexistent");
	assert_int_equal(state_of(&d, "a"), JIT_OFFLINE);
	turn(&d);
	turn(&d);
	assert_int_equal(d.jit.nr_rules, 3);
	assert_int_equal(state_of(&d, "a"), JIT_RUNNING);
	assert_int_equal(state_of(&d, "b"), JIT_PAUSED);
	assert_int_equal(state_of(&d, "c"), JIT_WAITING);
	stop(&d);

	/* Its files are read once more (SIGHUP): nothing changes. */
	start(&d, state);
	jit_file_load(&d.jit, d.rq.ctx, d.f->run_dir, "/nonexistent");
	turn(&d);
	turn(&d);
	jit_file_load(&d.jit, d.rq.ctx, d.f->run_dir, "/nonexistent");
	assert_int_equal(d.jit.nr_rules, 3);
	assert_int_equal(state_of(&d, "b"), JIT_PAUSED);
	assert_int_equal(fake_noxs_nr_awaits(), 3);
	stop(&d);

	/* And one that was called meanwhile is awake. */
	fake_noxs.busy = true;
	start(&d, state);
	jit_file_load(&d.jit, d.rq.ctx, d.f->run_dir, "/nonexistent");
	turn(&d);
	turn(&d);
	assert_int_equal(state_of(&d, "b"), JIT_RUNNING);
	assert_false(fake_xen.domain[domid].dom.paused);
	assert_int_equal(chaos_destroy(d.f->ctx, domid), 0);
	assert_int_equal(chaos_destroy(d.f->ctx, rule(&d, "a").domid), 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"a\"}", 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"b\"}", 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"c\"}", 0);
	stop(&d);
}

static void test_backend_restarts(void **state)
{
	struct daemon d;

	start(&d, state);
	fake_noxs.running = false;
	assert_int_equal(try_add(&d, "web", 2, ""), -ECONNREFUSED);
	assert_int_equal(d.jit.nr_rules, 0);
	fake_noxs.running = true;
	add(&d, "web", 2, "");
	fake_noxs_restart();
	fake_noxs.running = false;
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_OFFLINE);
	turn(&d);
	fake_noxs.running = true;
	d.jit.connect_ns = 0;
	turn(&d);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_WAITING);
	assert_int_equal(fake_noxs_nr_awaits(), 1);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"web\"}", 0);
	stop(&d);
}

/* One that cannot be made waits, longer and longer, and then can be called again. */
static void test_cannot_be_made(void **state)
{
	struct daemon d;
	struct jit_rule r;
	uint64_t first;

	start(&d, state);
	add(&d, "web", 2, "");
	fake_xen.free_kb = 100;
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	r = rule(&d, "web");
	assert_int_equal(r.state, JIT_FAILED);
	assert_int_equal(r.failures, 1);
	assert_non_null(strstr(r.error, "memory"));
	assert_int_equal(fake_xen_nr_domains(), 0);
	first = r.backoff_ns;
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_FAILED);
	usleep((useconds_t)(first / 1000) + 20000);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_WAITING);
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	assert_true(rule(&d, "web").backoff_ns > first);
	fake_xen.free_kb = 1u << 20;
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	r = rule(&d, "web");
	assert_int_equal(r.state, JIT_RUNNING);
	assert_int_equal(r.error[0], '\0');
	assert_int_equal(r.backoff_ns, 0);
	assert_int_equal(chaos_destroy(d.f->ctx, r.domid), 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"web\"}", 0);
	stop(&d);
}

static void test_replaced(void **state)
{
	struct daemon d;

	start(&d, state);
	add(&d, "web", 2, "");
	add(&d, "b", 3, "");
	add(&d, "web", 2, "idle_timeout = 9\\n");
	assert_int_equal(d.jit.nr_rules, 2);
	assert_int_equal(fake_noxs_nr_awaits(), 2);
	/* Not with another's address; then the old one waits on. */
	assert_int_equal(try_add(&d, "web", 3, ""), -EEXIST);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_WAITING);
	fake_noxs_tell(2, NOXS_NETBACK_WAKE, 0);
	turn(&d);
	assert_int_equal(state_of(&d, "web"), JIT_RUNNING);
	/* What runs is found by the one that takes its place. */
	add(&d, "web", 2, "");
	assert_int_equal(state_of(&d, "web"), JIT_RUNNING);
	assert_int_equal(chaos_destroy(d.f->ctx, rule(&d, "web").domid), 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"web\"}", 0);
	call(&d, "{\"do\":\"jit-remove\",\"name\":\"b\"}", 0);
	stop(&d);
}

static void test_nonsense(void **state)
{
	struct daemon d;
	char path[256];

	start(&d, state);
	call(&d, "{\"do\":\"jit-add\"}", -EINVAL);
	call(&d, "{\"do\":\"jit-add\",\"config\":\"memory = 4\"}", -EINVAL);
	call(&d, "{\"do\":\"jit-remove\"}", -EINVAL);
	assert_int_equal(try_add(&d, "web", 2, "on_idle = \\\"sing\\\"\\n"),
			 -EINVAL);
	/* One that cannot be kept is not taken. */
	snprintf(path, sizeof(path), "%s/jit", d.f->run_dir);
	assert_int_equal(unlink(path) && rmdir(path), 1);
	assert_int_equal(symlink("/nonexistent/x", path), 0);
	assert_true(try_add(&d, "web", 2, "") < 0);
	assert_int_equal(d.jit.nr_rules, 0);
	assert_int_equal(fake_noxs_nr_awaits(), 0);
	assert_int_equal(unlink(path), 0);
	stop(&d);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_called), T(test_idle_is_destroyed), T(test_idle_sleeps),
		T(test_restart), T(test_backend_restarts),
		T(test_cannot_be_made), T(test_replaced), T(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
