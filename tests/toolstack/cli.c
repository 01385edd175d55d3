// SPDX-License-Identifier: BSD-2-Clause
/*
 * The command as it is typed, on a pretended Xen: what it prints, and its exit
 * status.  With a directory as argument, every JSON document is kept there as
 * VERB.NUMBER, for json_docs.py.
 */
#include "cli.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static int setup(void **state)
{
	int rc = fixture_setup(state);
	struct fixture *f = *state;

	if (!rc)
		setenv("CHAOS_RUN_DIR", f->run_dir, 1);
	return rc;
}

static int teardown(void **state)
{
	/* As they were before the command set its own. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	cmd_interrupted = 0;
	return fixture_teardown(state);
}

/* Every verb, whatever it is: help, unknown options, too little. */
static void test_every_verb(void **state)
{
	struct fixture *f = *state;
	char line[128];
	size_t i;

	for (i = 0; cmd_verbs[i]; i++) {
		const struct cmd_verb *v = cmd_verbs[i];

		snprintf(line, sizeof(line), "%s --help", v->name);
		assert_int_equal(run(f, line), 0);
		snprintf(line, sizeof(line), "chaos %s ", v->name);
		assert_ptr_equal(strstr(said.out, line), said.out);
		/* The example. */
		snprintf(line, sizeof(line), "\n  chaos %s", v->name);
		if (strcmp(v->name, "domid"))
			assert_non_null(strstr(said.out, line));
		snprintf(line, sizeof(line), "%s x --help", v->name);
		assert_int_equal(run(f, line), 0);
		snprintf(line, sizeof(line), "%s --nonsense", v->name);
		assert_int_equal(run(f, line), EXIT_USAGE);
		assert_non_null(strstr(said.err, "--nonsense\nusage: chaos "));
		assert_string_equal(said.out, "");
		snprintf(line, sizeof(line), "%s --color=blue", v->name);
		assert_int_equal(run(f, line), EXIT_USAGE);
		snprintf(line, sizeof(line), "help --words %s", v->name);
		assert_int_equal(run(f, line), 0);
		assert_non_null(strstr(said.out, "--help"));
		assert_int_equal(strstr(said.out, "--json") != NULL, v->json);
	}
	assert_int_equal(run(f, "nonsense"), EXIT_USAGE);
	assert_int_equal(run(f, ""), EXIT_USAGE);
	assert_int_equal(run(f, "--color=blue list"), EXIT_USAGE);
	assert_int_equal(run(f, "-v --color=never version"), 0);
	assert_int_equal(run(f, "--version"), 0);
	assert_int_equal(run(f, "-h"), 0);
	assert_int_equal(run(f, "help nonsense"), EXIT_USAGE);
}

static void test_help_json(void **state)
{
	struct fixture *f = *state;
	json_t *json = run_json(f, "help --json", 0);
	size_t i;

	for (i = 0; cmd_verbs[i]; i++)
		assert_string_equal(text_of(json, i, "verb"),
				    cmd_verbs[i]->name);
	assert_int_equal(json_array_size(json), i);
	json_decref(json);
	json = run_json(f, "help -j create", 0);
	assert_int_equal(json_array_size(json), 1);
	json_decref(json);
	json = run_json(f, "version --json", 0);
	assert_string_equal(text_of(json, 0, "version"), chaos_version());
	json_decref(json);
}

static void write_config(const struct fixture *f, char path[128])
{
	char text[256];

	snprintf(path, 128, "%s/g.cfg", f->dir);
	snprintf(text, sizeof(text), "name=\"g\"\nkernel=\"%s\"\nmemory=4\n",
		 f->kernel);
	fixture_write(path, text, strlen(text));
}

static void test_create(void **state)
{
	struct fixture *f = *state;
	char path[128], line[256];
	json_t *json;

	write_config(f, path);
	snprintf(line, sizeof(line), "create --dry-run -j %s", path);
	json = run_json(f, line, 0);
	assert_int_equal(fake_xen_nr_domains(), 0);
	json_decref(json);
	snprintf(line, sizeof(line), "create -n 3 --json %s name=w%%d", path);
	json = run_json(f, line, 0);
	assert_int_equal(json_array_size(json), 3);
	assert_string_equal(text_of(json, 2, "name"), "w3");
	json_decref(json);
	/* One of two is there: the other is made, and the document says so. */
	assert_int_equal(run(f, "destroy w2"), 0);
	snprintf(line, sizeof(line), "create -n 2 --json %s name=w%%d", path);
	json = run_json(f, line, EXIT_FAILURE);
	assert_int_equal(json_array_size(json), 2);
	assert_string_equal(error_of(json, 0, "code"), "EEXIST");
	assert_string_equal(error_of(json, 0, "object"), "w1");
	assert_string_equal(text_of(json, 1, "name"), "w2");
	json_decref(json);
	/* What it says there it says here too. */
	assert_non_null(strstr(said.err, "chaos: create w1: claim name: "));
	assert_int_equal(run(f, "create --json -c x.cfg"), EXIT_USAGE);
	assert_string_equal(said.out, "");
	assert_int_equal(run(f, "destroy w1 w2 w3"), 0);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	char line[64];
	json_t *json;

	assert_int_equal(run(f, "domid web"), 0);
	assert_int_equal(atoi(said.out), domid);
	json_decref(run_json(f, "domid --json web", 0));
	snprintf(line, sizeof(line), "domname %u", domid);
	assert_int_equal(run(f, line), 0);
	assert_string_equal(said.out, "web\n");
	snprintf(line, sizeof(line), "domname -j %u", domid);
	json_decref(run_json(f, line, 0));
	json = run_json(f, "rename web web-old --json", 0);
	assert_string_equal(text_of(json, 0, "name"), "web-old");
	json_decref(json);
	json = run_json(f, "rename --json web-old a/b", EXIT_FAILURE);
	assert_string_equal(error_of(json, 0, "code"), "EINVAL");
	json_decref(json);
	json = run_json(f, "domid --json nobody", EXIT_FAILURE);
	assert_string_equal(error_of(json, 0, "code"), "ESRCH");
	json_decref(json);
	assert_int_equal(run(f, "destroy web-old"), 0);
}

/* Goes on past the one that is not there. */
static void test_several(void **state)
{
	static const char *const verbs[] = { "pause", "unpause", "destroy" };
	struct fixture *f = *state;
	char line[64];
	json_t *json;
	size_t i;

	fixture_create(f, "web1", 1);
	fixture_create(f, "web2", 0);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		snprintf(line, sizeof(line), "%s -j web1 nobody web2", verbs[i]);
		json = run_json(f, line, EXIT_FAILURE);
		assert_int_equal(json_array_size(json), 3);
		assert_string_equal(text_of(json, 0, "name"), "web1");
		assert_string_equal(error_of(json, 1, "object"), "nobody");
		assert_string_equal(text_of(json, 2, "name"), "web2");
		json_decref(json);
		snprintf(line, sizeof(line), "%s --json", verbs[i]);
		assert_int_equal(run(f, line), EXIT_USAGE);
		assert_string_equal(said.out, "");
	}
	assert_int_equal(fake_xen_nr_domains(), 0);
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web1", 1);
	json_t *json;

	fixture_create(f, "a-longer-name", 0);
	assert_int_equal(run(f, "list"), 0);
	assert_ptr_equal(strstr(said.out, "NAME           DOMID  TYPE  STATE"),
			 said.out);
	assert_non_null(strstr(said.out, "\nweb1           "));
	assert_null(strchr(said.out, '\033'));
	assert_int_equal(run(f, "--color=always list"), 0);
	assert_non_null(strstr(said.out, "\033[32mrunning"));
	assert_int_equal(run(f, "list --color=always"), 0);
	assert_non_null(strstr(said.out, "\033[32mrunning"));
	assert_int_equal(run(f, "list --names"), 0);
	assert_string_equal(said.out, "Domain-0\nweb1\na-longer-name\n");
	assert_int_equal(run(f, "list --names --long"), EXIT_USAGE);
	json = run_json(f, "list --json", 0);
	assert_int_equal(json_array_size(json), 3);
	assert_string_equal(text_of(json, 1, "name"), "web1");
	json_decref(json);
	json = run_json(f, "list --long", 0);
	assert_int_equal(json_array_size(json), 3);
	assert_non_null(json_object_get(json_array_get(json, 1), "vifs"));
	json_decref(json);
	json = run_json(f, "list -j a-longer-name nobody", EXIT_FAILURE);
	assert_int_equal(json_array_size(json), 2);
	assert_string_equal(error_of(json, 0, "object"), "nobody");
	assert_string_equal(text_of(json, 1, "name"), "a-longer-name");
	json_decref(json);
	/* One that somebody else made. */
	fake_xen.domain[domid].dom.uuid[0] ^= 1;
	assert_int_equal(run(f, "list"), 0);
	assert_non_null(strstr(said.out, "\n-              "));
	fake_xen.domain[domid].dom.uuid[0] ^= 1;
	assert_int_equal(run(f, "destroy web1 a-longer-name"), 0);
}

static void test_info(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	fixture_create(f, "web", 2);
	assert_int_equal(run(f, "info web 0"), 0);
	assert_non_null(strstr(said.out, "web\n"));
	json = run_json(f, "info --json web nobody 0", EXIT_FAILURE);
	assert_int_equal(json_array_size(json), 3);
	assert_int_equal(json_array_size(json_object_get(
		json_array_get(json, 0), "vifs")), 2);
	json_decref(json);
	assert_int_equal(run(f, "destroy web"), 0);
}

static void test_wait(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	fixture_create(f, "web", 0);
	assert_int_equal(run(f, "wait web running"), 0);
	json = run_json(f, "wait -j web running", 0);
	assert_string_equal(text_of(json, 0, "state"), "running");
	json_decref(json);
	json = run_json(f, "wait -j -t 0.01 web shutdown", EXIT_TIMEOUT);
	assert_string_equal(error_of(json, 0, "code"), "ETIMEDOUT");
	json_decref(json);
	assert_int_equal(run(f, "wait web happy"), EXIT_USAGE);
	assert_int_equal(run(f, "wait -t x web gone"), EXIT_USAGE);
	assert_int_equal(run(f, "destroy web"), 0);
	json_decref(run_json(f, "wait -j web gone", 0));
	json_decref(run_json(f, "wait -j web running", EXIT_FAILURE));
}

static void test_host(void **state)
{
	struct fixture *f = *state;
	char path[160];
	json_t *json;

	/* Whether anything is missing depends on this machine. */
	run(f, "doctor --json");
	keep("doctor");
	json = json_loads(said.out, 0, NULL);
	assert_true(json_array_size(json) >= 7);
	json_decref(json);
	json = run_json(f, "gc --json", 0);
	assert_int_equal(json_array_size(json), 0);
	assert_string_equal(said.out, "[]\n");
	json_decref(json);
	snprintf(path, sizeof(path), "%s/names/nobody", f->run_dir);
	fixture_write(path, "", 0);
	json = run_json(f, "gc --json --dry-run", 0);
	assert_string_equal(text_of(json, 0, "kind"), "name");
	json_decref(json);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(run(f, "gc"), 0);
	assert_string_equal(said.out, "name nobody\n");
}

static void test_shutdown(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	json_t *json;

	/* Nobody is in the pretended guest to answer. */
	json_decref(run_json(f, "shutdown --json -t 0.1 web", EXIT_FAILURE));
	json_decref(run_json(f, "reboot --json -t 0.1 web", EXIT_FAILURE));
	assert_int_equal(run(f, "shutdown -j"), EXIT_USAGE);
	assert_int_equal(run(f, "shutdown -a web"), EXIT_USAGE);
	assert_int_equal(run(f, "reboot -a"), EXIT_USAGE);
	fake_hyp.driver = fake_hyp_obey;
	fake_hyp_connect(domid, 0);
	json = run_json(f, "shutdown --json --all", 0);
	assert_string_equal(text_of(json, 0, "result"), "ended");
	json_decref(json);
	assert_int_equal(fake_xen_nr_domains(), 0);
}

static void test_network(void **state)
{
	struct fixture *f = *state;

	fixture_create(f, "web", 0);
	assert_int_equal(run(f, "network-attach"), EXIT_USAGE);
	assert_int_equal(run(f, "network-detach web"), EXIT_USAGE);
	assert_int_equal(run(f, "network-list"), EXIT_USAGE);
	json_decref(run_json(f, "network-attach --json web bridge=xenbr0 mtu=1400",
			     0));
	json_decref(run_json(f, "network-list --json web nobody", EXIT_FAILURE));
	json_decref(run_json(f, "network-detach --json web 7", EXIT_FAILURE));
	json_decref(run_json(f, "network-detach --json web 0", 0));
	assert_int_equal(run(f, "network-list web"), 0);
	assert_int_equal(run(f, "destroy web"), 0);
}

static void test_save(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);
	char line[256];
	json_t *json;

	assert_int_equal(run(f, "save web"), EXIT_USAGE);
	assert_int_equal(run(f, "restore"), EXIT_USAGE);
	assert_int_equal(run(f, "restore -n 2 file"), EXIT_USAGE);
	fake_hyp.driver = fake_hyp_obey;
	fake_hyp_connect(domid, 0);
	snprintf(line, sizeof(line), "save --json --keep web %s/img", f->dir);
	json_decref(run_json(f, line, 0));
	snprintf(line, sizeof(line), "restore --json --dry-run %s/img name=db",
		 f->dir);
	json_decref(run_json(f, line, 0));
	snprintf(line, sizeof(line), "restore --json -n 2 %s/img name=c%%d",
		 f->dir);
	json = run_json(f, line, 0);
	assert_int_equal(json_array_size(json), 2);
	json_decref(json);
	assert_int_equal(run(f, "destroy web c1 c2"), 0);
	snprintf(line, sizeof(line), "restore --json %s/none", f->dir);
	json_decref(run_json(f, line, EXIT_FAILURE));
}

static void test_migrate(void **state)
{
	struct fixture *f = *state;

	fixture_create(f, "web", 0);
	assert_int_equal(run(f, "migrate web"), EXIT_USAGE);
	assert_int_equal(run(f, "migrate web -- -oProxyCommand=x"), EXIT_USAGE);
	assert_int_equal(run(f, "migrate -t 0 web host"), EXIT_USAGE);
	assert_int_equal(run(f, "resume"), EXIT_USAGE);
	/* It is not even asked whether it may: nobody answers. */
	fake_hyp.driver = fake_hyp_obey;
	assert_int_equal(run(f, "migrate -s false web host"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "hung up"));
	assert_non_null(strstr(said.err, "status 1"));
	assert_int_equal(run(f, "migrate -s echo web host"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "not from chaos"));
	json_decref(run_json(f, "migrate --json -s false web host",
			     EXIT_FAILURE));
	json_decref(run_json(f, "resume --json web", EXIT_FAILURE));
	assert_int_equal(run(f, "destroy web"), 0);
}

static void test_worst(void **state)
{
	(void)state;
	assert_int_equal(cmd_worst(0, 0), 0);
	assert_int_equal(cmd_worst(0, EXIT_TIMEOUT), EXIT_TIMEOUT);
	assert_int_equal(cmd_worst(EXIT_TIMEOUT, 0), EXIT_TIMEOUT);
	assert_int_equal(cmd_worst(EXIT_TIMEOUT, EXIT_TIMEOUT), EXIT_TIMEOUT);
	assert_int_equal(cmd_worst(EXIT_TIMEOUT, EXIT_FAILURE), EXIT_FAILURE);
	assert_int_equal(cmd_worst(EXIT_FAILURE, 0), EXIT_FAILURE);
}

/* Not in a list that the pipe behind does not take. */
static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	int old, full = open("/dev/full", O_WRONLY);
	char *argv[] = { (char *)"chaos", (char *)"list", NULL };
	int status;

	(void)f;
	assert_true(full >= 0);
	fflush(stdout);
	old = dup(STDOUT_FILENO);
	dup2(full, STDOUT_FILENO);
	optind = 0;
	status = cmd_main(2, argv);
	dup2(old, STDOUT_FILENO);
	clearerr(stdout);
	close(old);
	close(full);
	assert_int_equal(status, EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_every_verb),
		T(test_help_json),
		T(test_create),
		T(test_names),
		T(test_several),
		T(test_list),
		T(test_info),
		T(test_wait),
		T(test_host),
		T(test_shutdown),
		T(test_console),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_escape),
		T(test_network),
		T(test_save), T(test_migrate),
		T(test_cpus),
		T(test_memory),
		T(test_top),
		T(test_top_order),
		T(test_full_disk),
		cmocka_unit_test(test_worst),
	};

	if (argc > 1)
		keep_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
