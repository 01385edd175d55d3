// SPDX-License-Identifier: BSD-2-Clause
/*
 * Creates and destroys that do not block.  The pretended Xen is one for all
 * threads, so real work takes turns; how many work at once is counted.
 */
#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int __real_chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
			unsigned int flags, uint32_t *domid);
int __real_chaos_destroy(struct chaos *ctx, uint32_t domid);
int __wrap_chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
			unsigned int flags, uint32_t *domid);
int __wrap_chaos_destroy(struct chaos *ctx, uint32_t domid);

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned int nr_working, most_working, nr_wanted;
static bool hold;		/* creates wait until it is false */
static bool signals_reach;	/* some worker would take a SIGTERM */

/* At least nr_wanted at once, or there would be no end to it. */
static void begin_work(void)
{
	sigset_t now;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	pthread_mutex_lock(&turn);
	if (!sigismember(&now, SIGTERM))
		signals_reach = true;
	if (++nr_working > most_working)
		most_working = nr_working;
	pthread_cond_broadcast(&changed);
	while (most_working < nr_wanted || hold)
		pthread_cond_wait(&changed, &turn);
}

static void end_work(void)
{
	nr_working--;
	pthread_mutex_unlock(&turn);
}

int __wrap_chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
			unsigned int flags, uint32_t *domid)
{
	int rc;

	begin_work();
	rc = __real_chaos_create(ctx, cfg, flags, domid);
	end_work();
	return rc;
}

int __wrap_chaos_destroy(struct chaos *ctx, uint32_t domid)
{
	int rc;

	begin_work();
	rc = __real_chaos_destroy(ctx, domid);
	end_work();
	return rc;
}

/* When close has surely begun. */
static void *let_go_later(void *arg)
{
	struct timespec ts = { .tv_nsec = 300000000 };

	nanosleep(&ts, NULL);
	pthread_mutex_lock(&turn);
	hold = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&turn);
	return arg;
}

static void await_working(unsigned int n)
{
	pthread_mutex_lock(&turn);
	while (nr_working < n)
		pthread_cond_wait(&changed, &turn);
	pthread_mutex_unlock(&turn);
}

/* What was told. */
static struct seen {
	unsigned int nr, nr_cancelled;
	int rc;
	uint32_t domid;
	char name[80], error[200];
} seen;

static void see(void *arg, const struct chaos_result *r)
{
	struct seen *s = arg;

	s->nr++;
	s->nr_cancelled += r->rc == -ECANCELED;
	s->rc = r->rc;
	s->domid = r->domid;
	snprintf(s->name, sizeof(s->name), "%s", r->name);
	s->error[0] = '\0';
	if (r->nr_errors)
		chaos_error_text(r->error[0], s->error, sizeof(s->error));
}

static struct chaos_async *open_async(struct fixture *f, unsigned int workers)
{
	struct chaos_options opt = {
		.size = sizeof(opt), .run_dir = f->run_dir,
	};
	struct chaos_async *a;

	memset(&seen, 0, sizeof(seen));
	nr_working = most_working = nr_wanted = 0;
	hold = false;
	signals_reach = false;
	assert_int_equal(chaos_async_open(&opt, workers, &a), 0);
	return a;
}

static struct chaos_config *config(struct fixture *f, const char *name)
{
	struct chaos_config *cfg;
	char text[256];

	snprintf(text, sizeof(text), "name=\"%s\"\nkernel=\"%s\"\nmemory=4\n",
		 name, f->kernel);
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	return cfg;
}

/* Dispatches until so many were told. */
static void run_until(struct chaos_async *a, unsigned int nr)
{
	struct pollfd pfd = { .fd = chaos_async_fd(a), .events = POLLIN };

	while (seen.nr < nr) {
		assert_int_equal(poll(&pfd, 1, 20000), 1);
		chaos_async_dispatch(a);
	}
	assert_int_equal(poll(&pfd, 1, 0), 0);
}

static void test_one(void **state)
{
	struct fixture *f = *state;
	struct chaos_async *a = open_async(f, 1);
	struct chaos_config *cfg = config(f, "web");
	uint32_t domid;

	assert_int_equal(chaos_async_create(a, cfg, CHAOS_CREATE_PAUSED, see,
					    &seen), 0);
	chaos_config_free(cfg);		/* it was copied */
	run_until(a, 1);
	assert_int_equal(seen.rc, 0);
	assert_string_equal(seen.name, "web");
	domid = seen.domid;
	assert_true(fake_xen.domain[domid].dom.paused);
	assert_int_equal(chaos_async_nr_pending(a), 0);
	assert_int_equal(chaos_async_destroy(a, domid, see, &seen), 0);
	run_until(a, 2);
	assert_int_equal(seen.rc, 0);
	assert_int_equal(seen.domid, domid);
	assert_int_equal(fake_xen_nr_domains(), 0);
	/* Nobody wants to know. */
	assert_int_equal(chaos_async_destroy(a, domid, NULL, NULL), 0);
	chaos_async_close(a);
	chaos_async_close(NULL);
	assert_false(signals_reach);
}

static void test_errors(void **state)
{
	struct fixture *f = *state;
	struct chaos_async *a = open_async(f, 2);
	struct chaos_config *cfg = config(f, "web");
	char pattern[] = "web%d";
	struct chaos_config *many = config(f, pattern);

	assert_int_equal(chaos_async_destroy(a, 77, see, &seen), 0);
	run_until(a, 1);
	assert_int_equal(seen.rc, -ESRCH);
	assert_non_null(strstr(seen.error, "no such domain"));
	assert_int_equal(chaos_async_create(a, cfg, 0, see, &seen), 0);
	run_until(a, 2);
	assert_int_equal(seen.rc, 0);
	assert_int_equal(chaos_async_create(a, cfg, 0, see, &seen), 0);
	run_until(a, 3);
	assert_int_equal(seen.rc, -EEXIST);
	assert_int_equal(seen.domid, 0);
	assert_non_null(strstr(seen.error, "web: claim name: domain "));
	assert_int_equal(chaos_async_create(a, many, 0, see, &seen), 0);
	run_until(a, 4);
	assert_int_equal(seen.rc, -EINVAL);
	chaos_async_close(a);
	chaos_config_free(cfg);
	chaos_config_free(many);
	assert_int_equal(chaos_async_open(NULL, 0, &a), -EINVAL);
	assert_int_equal(chaos_async_open(NULL, 65, &a), -EINVAL);
}

static void test_at_once(void **state)
{
	struct fixture *f = *state;
	struct chaos_async *a = open_async(f, 4);
	struct chaos_config *cfg = config(f, "g%d");
	unsigned int i;

	nr_wanted = 4;
	for (i = 0; i < 32; i++) {
		assert_int_equal(chaos_config_number(f->ctx, cfg, i), 0);
		assert_int_equal(chaos_async_create(a, cfg, 0, see, &seen), 0);
	}
	run_until(a, 32);
	assert_int_equal(most_working, 4);
	assert_int_equal(fake_xen_nr_domains(), 32);
	for (i = 0; i < 32; i++)
		assert_int_equal(chaos_async_destroy(a, i + 1, see, &seen), 0);
	run_until(a, 64);
	assert_int_equal(fake_xen_nr_domains(), 0);
	chaos_async_close(a);
	chaos_config_free(cfg);
}

static void test_close(void **state)
{
	struct fixture *f = *state;
	struct chaos_async *a = open_async(f, 2);
	struct chaos_config *cfg = config(f, "g%d");
	pthread_t thread;
	unsigned int i;

	hold = true;
	for (i = 0; i < 6; i++) {
		assert_int_equal(chaos_config_number(f->ctx, cfg, i), 0);
		assert_int_equal(chaos_async_create(a, cfg, 0, see, &seen), 0);
	}
	assert_int_equal(chaos_async_nr_pending(a), 6);
	await_working(2);
	/* Those two are waited for, the others never begin. */
	assert_int_equal(pthread_create(&thread, NULL, let_go_later, NULL), 0);
	chaos_async_close(a);
	pthread_join(thread, NULL);
	assert_int_equal(seen.nr, 6);
	assert_int_equal(seen.nr_cancelled, 4);
	assert_int_equal(fake_xen_nr_domains(), 2);
	chaos_config_free(cfg);
}

static struct chaos_async *chain;
static unsigned int nr_links;

/* Told, it submits the next; the last ones in close. */
static void go_on(void *arg, const struct chaos_result *r)
{
	see(arg, r);
	if (nr_links && nr_links--)
		assert_int_equal(chaos_async_destroy(chain, 500, go_on, arg),
				 0);
}

static void test_chain(void **state)
{
	struct fixture *f = *state;

	chain = open_async(f, 1);
	nr_links = 3;
	assert_int_equal(chaos_async_destroy(chain, 500, go_on, &seen), 0);
	run_until(chain, 4);
	assert_int_equal(seen.nr_cancelled, 0);
	nr_links = 3;
	assert_int_equal(chaos_async_destroy(chain, 500, go_on, &seen), 0);
	chaos_async_close(chain);
	assert_int_equal(seen.nr, 8);
}

static unsigned int nr_logged;

static void count_log(void *arg, enum chaos_log_level level, const char *msg)
{
	(void)level;
	(void)msg;
	++*(unsigned int *)arg;	/* by one at a time: that is promised */
}

static void test_log(void **state)
{
	struct fixture *f = *state;
	struct chaos_options opt = {
		.size = sizeof(opt), .run_dir = f->run_dir, .log = count_log,
		.log_arg = &nr_logged,
	};
	struct chaos_config *cfg = config(f, "g%d");
	struct chaos_async *a = open_async(f, 1);
	unsigned int i;

	chaos_async_close(a);
	nr_logged = 0;
	assert_int_equal(chaos_async_open(&opt, 4, &a), 0);
	for (i = 0; i < 8; i++) {
		assert_int_equal(chaos_config_number(f->ctx, cfg, i), 0);
		assert_int_equal(chaos_async_create(a, cfg, 0, see, &seen), 0);
	}
	run_until(a, 8);
	chaos_async_close(a);
	assert_true(nr_logged > 8 * 8);
	chaos_config_free(cfg);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one), T(test_errors), T(test_at_once), T(test_close),
		T(test_chain), T(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
