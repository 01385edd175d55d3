// SPDX-License-Identifier: BSD-2-Clause
/* A line of the command, run in this process: its output goes to files. */
#include "cli.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

#define ARGS_MAX 16

struct said said;
const char *keep_dir;

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

int run(struct fixture *f, const char *line)
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

void keep(const char *line)
{
	static unsigned int nr;
	char path[256];

	if (!keep_dir)
		return;
	snprintf(path, sizeof(path), "%s/%.*s.%u", keep_dir,
		 (int)strcspn(line, " "), line, nr++);
	fixture_write(path, said.out, strlen(said.out));
}

json_t *run_json(struct fixture *f, const char *line, int status)
{
	json_t *json;

	assert_int_equal(run(f, line), status);
	keep(line);
	json = json_loads(said.out, 0, NULL);
	assert_non_null(json);
	assert_true(json_is_array(json));
	return json;
}

const char *text_of(json_t *list, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(
		json_array_get(list, i), key));

	return s ? s : "";
}

const char *error_of(json_t *list, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(
		json_array_get(list, i), "error"), key));

	return s ? s : "";
}
