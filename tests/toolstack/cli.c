// SPDX-License-Identifier: BSD-2-Clause
/*
 * The command as it is typed, on a pretended Xen: what it prints, and its exit
 * status.  With a directory as argument, every JSON document is kept there as
 * VERB.NUMBER, for json_docs.py.
 */
#include "fixture.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <xen/io/console.h>

#include "cmd.h"
#include "escape.h"

#define ARGS_MAX 16

static struct {
	char out[256 * 1024];
	char err[8192];
} said;

static const char *keep_dir;

static int redirect(int fd, const char *path)
{
	int old = dup(fd), new = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(old >= 0 && new >= 0);
	dup2(new, fd);
	close(new);
	return old;
}

static void restore(int fd, int old, const char *path, char *buf, size_t size)
{
	ssize_t n;

	dup2(old, fd);
	close(old);
	fd = open(path, O_RDONLY);
	n = read(fd, buf, size - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
	unlink(path);
}

/* Returns the exit status. */
static int run(struct fixture *f, const char *line)
{
	char copy[512], out[128], err[128], *argv[ARGS_MAX + 1], *word, *rest;
	int argc = 0, old_out, old_err, status;

	snprintf(copy, sizeof(copy), "chaos %s", line);
	for (word = strtok_r(copy, " ", &rest); word && argc < ARGS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	snprintf(out, sizeof(out), "%s/out", f->dir);
	snprintf(err, sizeof(err), "%s/err", f->dir);
	fflush(stdout);
	fflush(stderr);
	old_out = redirect(STDOUT_FILENO, out);
	old_err = redirect(STDERR_FILENO, err);
	optind = 0;	/* getopt begins anew */
	status = cmd_main(argc, argv);
	fflush(stdout);
	restore(STDOUT_FILENO, old_out, out, said.out, sizeof(said.out));
	restore(STDERR_FILENO, old_err, err, said.err, sizeof(said.err));
	return status;
}

static void keep(const char *line)
{
	static unsigned int nr;
	char path[256];

	if (!keep_dir)
		return;
	snprintf(path, sizeof(path), "%s/%.*s.%u", keep_dir,
		 (int)strcspn(line, " "), line, nr++);
	fixture_write(path, said.out, strlen(said.out));
}

/* The document, which is a list. */
static json_t *run_json(struct fixture *f, const char *line, int status)
{
	json_t *json;

	assert_int_equal(run(f, line), status);
	keep(line);
	json = json_loads(said.out, 0, NULL);
	assert_non_null(json);
	assert_true(json_is_array(json));
	return json;
}

static const char *text_of(json_t *list, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(
		json_array_get(list, i), key));

	return s ? s : "";
}

static const char *error_of(json_t *list, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(
		json_array_get(list, i), "error"), key));

	return s ? s : "";
}

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

static struct xencons_interface ring;

static void guest_says(const char *text)
{
	while (*text)
		ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = *text++;
}

static void test_console(void **state)
{
	struct fixture *f = *state;
	char line[256], path[128], text[64] = "";
	uint32_t domid;
	FILE *file;

	memset(&ring, 0, sizeof(ring));
	fake_xen.console_page = &ring;
	domid = fixture_create(f, "web", 0);
	guest_says("hello\n");
	/* What nobody has read yet, and that once. */
	assert_int_equal(run(f, "console --once web"), 0);
	assert_string_equal(said.out, "hello\n");
	assert_int_equal(run(f, "console --once web"), 0);
	assert_string_equal(said.out, "");
	guest_says("more\n");
	assert_int_equal(run(f, "console -o - -t 0.05 web"), EXIT_TIMEOUT);
	assert_string_equal(said.out, "more\n");
	assert_non_null(strstr(said.err, "web: follow: it has not ended"));
	/* Into a file, behind what is in it. */
	snprintf(path, sizeof(path), "%s/log", f->dir);
	fixture_write(path, "old\n", 4);
	guest_says("bye\n");
	fake_xen.domain[domid].dom.shutdown = true;
	snprintf(line, sizeof(line), "console --output %s web", path);
	assert_int_equal(run(f, line), 0);
	assert_string_equal(said.out, "");
	assert_string_equal(said.err, "web has ended\n");
	file = fopen(path, "r");
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), 8);
	fclose(file);
	assert_string_equal(text, "old\nbye\n");
	snprintf(line, sizeof(line), "console -o %s/none/x web", f->dir);
	assert_int_equal(run(f, line), EXIT_FAILURE);
	guest_says("lost\n");
	assert_int_equal(run(f, "console -o /dev/full web"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "No space left"));
	assert_int_equal(run(f, "console --log web"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "start chaosd"));
	assert_int_equal(run(f, "console --follow web"), EXIT_USAGE);
	assert_int_equal(run(f, "console --once --log web"), EXIT_USAGE);
	assert_int_equal(run(f, "console --json web"), EXIT_USAGE);
	assert_int_equal(run(f, "console -e escape web"), EXIT_USAGE);
	assert_int_equal(run(f, "console -t -1 web"), EXIT_USAGE);
	assert_int_equal(run(f, "console nobody"), EXIT_FAILURE);
	assert_int_equal(run(f, "destroy web"), 0);
}

static void assert_escaped(const char *in, size_t size, const char *expected)
{
	char out[256];
	size_t cut, n;

	/* Wherever it is cut in two. */
	for (cut = 0; cut <= size; cut++) {
		struct cmd_escape e = { 0 };

		n = cmd_escape(&e, in, cut, out);
		n += cmd_escape(&e, in + cut, size - cut, out + n);
		n += cmd_escape_end(&e, out + n);
		out[n] = '\0';
		assert_string_equal(out, expected);
	}
}

#define assert_escapes(in, out) assert_escaped(in, sizeof(in) - 1, out)

static void test_escape(void **state)
{
	(void)state;
	assert_escapes("a b~\tc\n", "a b~\tc\n");
	assert_escapes("a\r\nb\rc\r\r\n", "a\nb\\x0dc\\x0d\n");
	assert_escapes("\033[2J\0\177", "\\x1b[2J\\x00\\x7f");
	/* UTF-8, but for what controls a terminal. */
	assert_escapes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		       "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_escapes("\xc2\x9bm", "\\xc2\\x9bm");
	assert_escapes("\x9b|\xff", "\\x9b|\\xff");
	/* Too long, cut off, out of range. */
	assert_escapes("\xc1\x9b\xe0\x82\x9b", "\\xc1\\x9b\\xe0\\x82\\x9b");
	assert_escapes("\xe2\x82|\xe2", "\\xe2\\x82|\\xe2");
	assert_escapes("\xed\xa0\x80\xf4\x90\x80\x80",
		       "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

static void test_keys(void **state)
{
	int key = 0;

	(void)state;
	assert_true(cmd_console_parse_key("^]", &key));
	assert_int_equal(key, 0x1d);
	assert_true(cmd_console_parse_key("^a", &key));
	assert_int_equal(key, 1);
	assert_true(cmd_console_parse_key("^@", &key));
	assert_int_equal(key, 0);
	assert_true(cmd_console_parse_key("^?", &key));
	assert_int_equal(key, 127);
	assert_true(cmd_console_parse_key("q", &key));
	assert_int_equal(key, 'q');
	assert_true(cmd_console_parse_key("^", &key));
	assert_int_equal(key, '^');
	assert_true(cmd_console_parse_key("none", &key));
	assert_true(key < 0);
	assert_false(cmd_console_parse_key("", &key));
	assert_false(cmd_console_parse_key("^1", &key));
	assert_false(cmd_console_parse_key("qq", &key));
	assert_false(cmd_console_parse_key("\xc3", &key));
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

static void test_cpus(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	fixture_create(f, "web", 0);
	assert_int_equal(run(f, "vcpu-pin web all 1-2 -"), 0);
	assert_int_equal(run(f, "vcpu-pin"), 0);
	assert_non_null(strstr(said.out, "\nDomain-0 "));
	assert_non_null(strstr(said.out, "1-2   all\n"));
	json = run_json(f, "vcpu-pin --json web 0 - 3", 0);
	assert_int_equal(json_array_size(json), 1);
	assert_string_equal(text_of(json, 0, "hard"), "1-2");
	assert_string_equal(text_of(json, 0, "soft"), "3");
	json_decref(json);
	json_decref(run_json(f, "vcpu-pin --json web 0 9", EXIT_FAILURE));
	json_decref(run_json(f, "vcpu-pin --json nobody", EXIT_FAILURE));
	assert_int_equal(run(f, "vcpu-pin web 0"), EXIT_USAGE);
	assert_int_equal(run(f, "vcpu-pin web x 1"), EXIT_USAGE);
	assert_int_equal(run(f, "vcpu-pin web 0 - -"), EXIT_USAGE);
	json = run_json(f, "cpupool create 2-3 credit --json", 0);
	assert_string_equal(text_of(json, 0, "cpus"), "2-3");
	json_decref(json);
	json = run_json(f, "sched --json -w 100 -c 50 -p Pool-1 web nobody",
			EXIT_FAILURE);
	assert_int_equal(json_array_size(json), 2);
	assert_string_equal(text_of(json, 0, "scheduler"), "credit");
	json_decref(json);
	assert_int_equal(run(f, "sched web"), 0);
	assert_non_null(strstr(said.out, "Pool-1  credit"));
	assert_int_equal(run(f, "sched"), EXIT_USAGE);
	assert_int_equal(run(f, "sched -w x web"), EXIT_USAGE);
	json_decref(run_json(f, "cpupool destroy 1 --json", EXIT_FAILURE));
	assert_int_equal(run(f, "destroy web"), 0);
	assert_int_equal(run(f, "cpupool destroy Pool-1"), 0);
	assert_int_equal(run(f, "cpupool"), 0);
	assert_non_null(strstr(said.out, "\nPool-0  credit2          1  0-3\n"));
	assert_int_equal(run(f, "pool"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "start chaosd"));
	json_decref(run_json(f, "pool stats --json", EXIT_FAILURE));
	assert_int_equal(run(f, "pool set"), EXIT_USAGE);
	assert_int_equal(run(f, "pool set /nonexistent"), EXIT_FAILURE);
	assert_int_equal(run(f, "pool drain"), EXIT_USAGE);
	assert_int_equal(run(f, "pool melt"), EXIT_USAGE);
	assert_int_equal(run(f, "jit"), EXIT_FAILURE);
	assert_non_null(strstr(said.err, "start chaosd"));
	json_decref(run_json(f, "jit --json", EXIT_FAILURE));
	assert_int_equal(run(f, "jit add"), EXIT_USAGE);
	assert_int_equal(run(f, "jit add /nonexistent"), EXIT_FAILURE);
	assert_int_equal(run(f, "jit remove"), EXIT_USAGE);
	assert_int_equal(run(f, "jit melt"), EXIT_USAGE);
	assert_int_equal(run(f, "cpupool create"), EXIT_USAGE);
	assert_int_equal(run(f, "cpupool destroy"), EXIT_USAGE);
	assert_int_equal(run(f, "cpupool melt"), EXIT_USAGE);
}

static void test_memory(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 0);

	fake_hyp.driver = fake_hyp_obey;
	fake_hyp_connect(domid, 0);
	json_decref(run_json(f, "mem-set --json web 3072K", 0));
	assert_int_equal(fake_xen.domain[domid].dom.max_pages, 768);
	assert_int_equal(run(f, "mem-set web 2"), 0);
	assert_int_equal(fake_xen.domain[domid].dom.max_pages, 512);
	json_decref(run_json(f, "mem-set --json web 8t", EXIT_FAILURE));
	assert_int_equal(run(f, "mem-set web 3x"), EXIT_USAGE);
	assert_int_equal(run(f, "mem-set web 3mm"), EXIT_USAGE);
	assert_int_equal(run(f, "mem-set web m"), EXIT_USAGE);
	assert_int_equal(run(f, "mem-set web 99999999999t"), EXIT_USAGE);
	assert_int_equal(run(f, "mem-set web"), EXIT_USAGE);
	assert_int_equal(run(f, "mem-set -t x web 3"), EXIT_USAGE);
	assert_int_equal(run(f, "destroy web"), 0);
}

/* An object per line: as the list that json_docs.py wants. */
static void keep_lines(const char *line)
{
	static char text[sizeof(said.out)];
	size_t n = strlen(said.out);
	char *c;

	assert_true(n && n + 2 < sizeof(text) && said.out[n - 1] == '\n');
	snprintf(text, sizeof(text), "[%.*s]", (int)n - 1, said.out);
	for (c = text; (c = strchr(c, '\n')); c++)
		*c = ',';
	strcpy(said.out, text);
	keep(line);
}

static void test_top(void **state)
{
	struct fixture *f = *state;
	uint32_t a = fixture_create(f, "web1", 0);
	uint32_t b = fixture_create(f, "web2", 0);
	const char *at;
	json_t *json, *domains;

	fake_xen.domain[a].dom.cpu_ns = 1000000000;
	fake_xen.domain[b].dom.cpu_ns = 2000000000;
	assert_int_equal(run(f, "top -n 2 -d 0.01"), 0);
	at = strstr(said.out, "\n\nNAME ");
	assert_non_null(at);
	assert_non_null(strstr(at, "\nweb2 "));
	assert_null(strchr(said.out, '\033'));
	assert_int_equal(run(f, "top --json -n 2 -d 0.01"), 0);
	keep_lines("top --json");
	json = json_loads(said.out, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	domains = json_object_get(json_array_get(json, 1), "domains");
	assert_int_equal(json_array_size(domains), 3);
	/* Nobody used anything: in order of domid. */
	assert_string_equal(text_of(domains, 2, "name"), "web2");
	json_decref(json);
	assert_int_equal(run(f, "top web1"), EXIT_USAGE);
	assert_int_equal(run(f, "top -d 0"), EXIT_USAGE);
	assert_int_equal(run(f, "top -n 0"), EXIT_USAGE);
	fail_nth(1);
	assert_int_equal(run(f, "top -n 1 -d 0.01"), EXIT_FAILURE);
	fail_never();
	assert_int_equal(run(f, "destroy web1 web2"), 0);
}

/* Works between the first look and the second: it is the first then. */
static void work(const char *where)
{
	if (!strcmp(where, "xen list"))
		fake_xen.domain[2].dom.cpu_ns += 5000000;
}

static void test_top_order(void **state)
{
	struct fixture *f = *state;
	json_t *json, *first;

	fixture_create(f, "web1", 0);
	assert_int_equal(fixture_create(f, "web2", 0), 2);
	fail_hook = work;
	assert_int_equal(run(f, "top -j -n 1 -d 0.05"), 0);
	fail_hook = NULL;
	json = json_loads(said.out, JSON_DISABLE_EOF_CHECK, NULL);
	first = json_array_get(json_object_get(json, "domains"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "name")),
			    "web2");
	assert_true(json_number_value(json_object_get(first, "cpu_percent")) >
		    0);
	json_decref(json);
	assert_int_equal(run(f, "destroy web1 web2"), 0);
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
