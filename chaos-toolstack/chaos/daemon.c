// SPDX-License-Identifier: BSD-2-Clause
/* Asking chaosd. */
#include <errno.h>
#include <stdlib.h>

#include "daemon.h"

json_t *cmd_daemon_ask(struct cmd_env *env, const char *verb, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL, *reply;
	json_t *answer = NULL;

	json_decref(request);
	if (!text) {
		cmd_fail(env, verb, -ENOMEM, "chaosd", "ask it", "no memory");
		return NULL;
	}
	if (chaos_daemon_call(env->ctx, text, &reply)) {
		cmd_report(env, verb);
	} else {
		answer = json_loads(reply, 0, NULL);
		free(reply);
		if (!answer)
			cmd_fail(env, verb, -EPROTO, "chaosd", "ask it",
				 "its answer is no JSON");
	}
	free(text);
	return answer;
}

uint64_t cmd_daemon_number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

const char *cmd_daemon_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}
