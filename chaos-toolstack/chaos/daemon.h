/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon.h: what the verbs that ask chaosd share. */
#ifndef CHAOS_CMD_DAEMON_H
#define CHAOS_CMD_DAEMON_H

#include <jansson.h>

#include "cmd.h"

/* Asks chaosd for a verb; takes the request.  NULL: it is reported. */
json_t *cmd_daemon_ask(struct cmd_env *env, const char *verb, json_t *request);
/* A member of the answer; 0 or "" when it is not there. */
uint64_t cmd_daemon_number(const json_t *object, const char *key);
const char *cmd_daemon_text(const json_t *object, const char *key);

#endif
