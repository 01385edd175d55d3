/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON output: one document per command, a list of objects; docs/json.md says
 * what is in them.
 *
 * A verb puts objects into env->json, which is NULL without --json; main ends
 * the document.  What cmd_report() reports goes into it too:
 *
 *	cmd_json_object(j, NULL);
 *	cmd_json_string(j, "name", name);
 *	cmd_json_end(j);
 *
 * key is NULL for the elements of a list; it needs no escaping.  No call fails: what could not be
 * written is seen by cmd_finish().
 */
#ifndef CHAOS_JSON_H
#define CHAOS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <chaos.h>

#define CMD_JSON_MAX_DEPTH 16

struct cmd_json {
	FILE *f;
	bool stream;		/* an object per line, no list */
	bool begun;		/* something was put */
	unsigned int depth;	/* 0: between the elements of the document */
	char closing[CMD_JSON_MAX_DEPTH];
	bool has_some[CMD_JSON_MAX_DEPTH + 1];
	/* Not yet in f: what calls add is small. */
	char buf[1024];
	size_t nr_buf;
};

void cmd_json_init(struct cmd_json *j, FILE *f);
/* An object per line instead of a list, for what has no end.  First call. */
void cmd_json_stream(struct cmd_json *j);
/* Ends the document, an empty one as well. */
void cmd_json_fini(struct cmd_json *j);

void cmd_json_object(struct cmd_json *j, const char *key);
void cmd_json_array(struct cmd_json *j, const char *key);
void cmd_json_end(struct cmd_json *j);	/* of the latest of both */

void cmd_json_string(struct cmd_json *j, const char *key, const char *value);
void cmd_json_uint(struct cmd_json *j, const char *key, uint64_t value);
void cmd_json_bool(struct cmd_json *j, const char *key, bool value);
/* Seconds, with microseconds. */
void cmd_json_time(struct cmd_json *j, const char *key, uint64_t us);
/* A value that is JSON already. */
void cmd_json_raw(struct cmd_json *j, const char *key, const char *json);

/* The members of a domain, into the object that is open. */
void cmd_json_domain(struct cmd_json *j, const struct chaos_domain *d);
/* {"error": {...}} */
void cmd_json_error(struct cmd_json *j, const struct chaos_error *e);

#endif
