// SPDX-License-Identifier: BSD-2-Clause
/* The clock, the samples and the JSON file of a benchmark. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

struct bench {
	json_t *root, *config, *series;
	const char *unit;
};

void bench_die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

struct bench *bench_start(const char *name)
{
	struct bench *b = calloc(1, sizeof(*b));
	const char *clock = getenv("LAB_CLOCK");

	if (!b)
		bench_die("%s: out of memory", name);
	b->root = json_object();
	b->config = json_object();
	b->series = json_array();
	/* The lab says whether its clock counts instructions. */
	b->unit = clock && !strcmp(clock, "icount") ? "emulated ms" : "ms";
	json_object_set_new(b->root, "bench", json_string(name));
	json_object_set(b->root, "config", b->config);
	json_object_set(b->root, "series", b->series);
	bench_config_str(b, "clock", clock ? clock : "wall");
	return b;
}

void bench_config_int(struct bench *b, const char *key, long long value)
{
	json_object_set_new(b->config, key, json_integer(value));
}

void bench_config_str(struct bench *b, const char *key, const char *value)
{
	json_object_set_new(b->config, key, json_string(value));
}

static bool series_is(const json_t *s, const char *system, const char *metric,
		      const json_t *params)
{
	return !strcmp(json_string_value(json_object_get(s, "system")), system) &&
	       !strcmp(json_string_value(json_object_get(s, "metric")), metric) &&
	       json_equal(json_object_get(s, "params"), params);
}

/* Takes params. */
static void sample(struct bench *b, const char *system, const char *metric,
		   const char *unit, json_t *params, double value)
{
	json_t *s;
	size_t i;

	json_array_foreach(b->series, i, s)
		if (series_is(s, system, metric, params))
			goto found;
	s = json_pack("{s:s s:s s:s s:O s:[]}", "system", system,
		      "metric", metric, "unit", unit, "params", params,
		      "samples");
	if (!s || json_array_append_new(b->series, s))
		bench_die("%s/%s: out of memory", system, metric);
found:
	json_decref(params);
	/* A thousandth, of a ms a microsecond, is finer than any run repeats. */
	json_array_append_new(json_object_get(s, "samples"),
			      json_real((double)(long long)(value * 1000) / 1000));
}

void bench_sample(struct bench *b, const char *system, const char *metric,
		  const char *unit, const char *run, const char *part,
		  double value)
{
	sample(b, system, metric, unit,
	       json_pack("{s:s s:s*}", "run", run, "part", part), value);
}

void bench_sample_ms(struct bench *b, const char *system, const char *metric,
		     int alive, double ms)
{
	sample(b, system, metric, b->unit, json_pack("{s:i}", "alive", alive),
	       ms);
}

void bench_sample_guest_ms(struct bench *b, const char *system,
			   const char *metric, const char *guest, double ms)
{
	sample(b, system, metric, b->unit, json_pack("{s:s}", "guest", guest),
	       ms);
}

void bench_finish(struct bench *b, const char *path)
{
	const size_t flags = JSON_INDENT(1) | JSON_REAL_PRECISION(9);
	char tmp[4096];

	if (!strcmp(path, "-")) {
		json_dumpf(b->root, stdout, flags);
		putchar('\n');
	} else {
		snprintf(tmp, sizeof(tmp), "%s.tmp", path);
		if (json_dump_file(b->root, tmp, flags) || rename(tmp, path))
			bench_die("write %s: %s", path, strerror(errno));
	}
	json_decref(b->config);
	json_decref(b->series);
	json_decref(b->root);
	free(b);
}

double bench_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

int bench_spawn(char *const argv[])
{
	posix_spawn_file_actions_t fa;
	int rc, status;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (rc)
		bench_die("start %s: %s", argv[0], strerror(rc));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			bench_die("wait for %s: %s", argv[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
