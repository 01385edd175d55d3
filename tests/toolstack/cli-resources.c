// SPDX-License-Identifier: BSD-2-Clause
/* The verbs for CPUs, pools, weights and memory, and top. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "cmd.h"

void test_cpus(void **state)
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

void test_memory(void **state)
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

void test_top(void **state)
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

void test_top_order(void **state)
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
