/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations as JSON: an object with the keys of the other syntax.
 *
 *   { "name": "web", "memory": 4, "kernel": "/boot/web",
 *     "vif": [ { "bridge": "xenbr0", "ip": "10.0.0.2/24" } ] }
 *
 * Strings, whole numbers, true and false (1 and 0), and lists of strings and
 * numbers stand for what they are; a vif is an object of its keys, or a string
 * as in the other syntax.  There is one schema and one set of checks: a JSON
 * text is turned into the other syntax and read as that.
 */
#ifndef CHAOS_CONFIG_JSON_H
#define CHAOS_CONFIG_JSON_H

#include "config.h"

/* Is it JSON?  No text of the other syntax begins with a brace. */
bool chaos__config_is_json(const char *text);

/*
 * The same in the other syntax; *out is malloc'd.  What cannot be said in it is
 * recorded as an error and left out, so that all errors are told at once.
 * -EINVAL not an object at all, with the reason recorded; -ENOMEM.
 */
int chaos__config_from_json(struct chaos *ctx, const char *origin,
			    const char *json, char **out);

/* All that makes this guest, as one JSON object without a newline. */
void chaos__config_write_json(FILE *f, const struct chaos_config *cfg);

#endif
