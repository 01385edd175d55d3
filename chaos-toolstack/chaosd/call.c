// SPDX-License-Identifier: BSD-2-Clause
/* Requests in JSON: what people ask chaosd.  docs/json.md tells of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "consoles.h"
#include "request.h"

static int fail(struct request_context *rq, int rc, const char *object,
		const char *remedy, const char *reason)
{
	return chaosd_fail(rq->ctx, rc, object, "read request", remedy, reason);
}

/* Owned by the object that is built; jansson takes NULL for out of memory. */
static void describe(void *arg, const struct pool_flavour *f)
{
	char *text = chaos_config_json(f->cfg);
	json_t *config = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	json_array_append_new(arg, json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I,"
		" s:s, s:o}",
		"name", chaos_config_name(f->cfg),
		"low", (json_int_t)f->low, "high", (json_int_t)f->high,
		"ready", (json_int_t)f->nr_ready,
		"making", (json_int_t)f->nr_making,
		"leaving", (json_int_t)f->nr_leaving,
		"loaded", chaos_flavour_is_loaded(f->cfg),
		"kb", (json_int_t)chaos_flavour_kb(f->cfg),
		"hits", (json_int_t)f->hits, "made", (json_int_t)f->made,
		"died", (json_int_t)f->died, "failed", (json_int_t)f->failed,
		"error", f->error,
		"config", config ? config : json_null()));
}

static int pool_list(struct request_context *rq, json_t *request, json_t **out)
{
	json_t *flavours = json_array();
	struct pool_totals totals;

	(void)request;
	pool_look(rq->pool, describe, flavours, &totals);
	*out = json_pack("{s:o, s:I, s:I}", "flavours", flavours,
			 "misses", (json_int_t)totals.misses,
			 "empty", (json_int_t)totals.empty);
	return 0;
}

static int pool_set_(struct request_context *rq, json_t *request, json_t **out)
{
	const char *text = json_string_value(json_object_get(request,
							     "config"));
	const char *origin = json_string_value(json_object_get(request,
							       "origin"));
	struct chaos_config *cfg;
	unsigned int low, high;
	int rc;

	if (!text)
		return fail(rq, -EINVAL, "pool-set", "", "there is no config");
	rc = chaos_flavour_parse_string(rq->ctx, origin ? origin : "flavour",
					text, NULL, &cfg);
	if (rc)
		return rc;
	chaos_flavour_marks(cfg, &low, &high);
	rc = pool_set(rq->pool, cfg, low, high);
	if (rc) {
		rc = fail(rq, rc, chaos_config_name(cfg), "", rc == -ENOSPC ?
			  "there are 64 flavours already" : strerror(-rc));
		chaos_config_free(cfg);
		return rc;
	}
	*out = json_object();
	return 0;
}

static int pool_drain_(struct request_context *rq, json_t *request,
		       json_t **out)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	int rc;

	if (!name)
		return fail(rq, -EINVAL, "pool-drain", "", "there is no name");
	rc = pool_drain(rq->pool, name,
			json_is_true(json_object_get(request, "remove")));
	if (rc)
		return fail(rq, rc, name, "see them: chaos pool list",
			    "there is no flavour of this name");
	*out = json_object();
	return 0;
}

static int renamed(struct request_context *rq, json_t *request, json_t **out)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	json_t *domid = json_object_get(request, "domid");

	if (!name || !json_is_integer(domid) || json_integer_value(domid) < 0 ||
	    json_integer_value(domid) > UINT32_MAX)
		return fail(rq, -EINVAL, "renamed", "",
			    "there is no domid or no name");
	consoles_renamed(rq->consoles, (uint32_t)json_integer_value(domid),
			 name);
	*out = json_object();
	return 0;
}

static void describe_rule(void *arg, const struct jit_rule *r)
{
	static const char *const states[] = {
		[JIT_OFFLINE] = "offline",   [JIT_WAITING] = "waiting",
		[JIT_STARTING] = "starting", [JIT_RUNNING] = "running",
		[JIT_PAUSED] = "paused",     [JIT_FAILED] = "failed",
	};
	char *text = chaos_config_json(r->cfg);
	json_t *config = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	json_array_append_new(arg, json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o}",
		"name", chaos_config_name(r->cfg), "state", states[r->state],
		"domid", (json_int_t)r->domid, "wakes", (json_int_t)r->wakes,
		"idles", (json_int_t)r->idles,
		"failures", (json_int_t)r->failures, "error", r->error,
		"config", config ? config : json_null()));
}

static int jit_list(struct request_context *rq, json_t *request, json_t **out)
{
	json_t *rules = json_array();

	(void)request;
	jit_look(rq->jit, describe_rule, rules);
	*out = json_pack("{s:o}", "rules", rules);
	return 0;
}

/* One that cannot be kept over a restart is not taken. */
static int jit_add(struct request_context *rq, json_t *request, json_t **out)
{
	const char *text = json_string_value(json_object_get(request,
							     "config"));
	const char *origin = json_string_value(json_object_get(request,
							       "origin"));
	struct chaos_config *cfg;
	int rc;

	if (!text)
		return fail(rq, -EINVAL, "jit-add", "", "there is no config");
	rc = chaos_config_parse_string(rq->ctx, origin ? origin : "rule", text,
				       NULL, &cfg);
	if (rc)
		return rc;
	rc = jit_put(rq->jit, rq->ctx, cfg, false);
	if (rc) {
		chaos_config_free(cfg);
		return rc;
	}
	rc = jit_file_save(rq->run_dir, cfg);
	if (rc) {
		jit_remove(rq->jit, rq->ctx, chaos_config_name(cfg));
		return fail(rq, rc, origin ? origin : "rule", "",
			    strerror(-rc));
	}
	*out = json_object();
	return 0;
}

static int jit_remove_(struct request_context *rq, json_t *request,
		       json_t **out)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	int rc;

	if (!name)
		return fail(rq, -EINVAL, "jit-remove", "", "there is no name");
	rc = jit_remove(rq->jit, rq->ctx, name);
	if (rc)
		return fail(rq, rc, name, "see them: chaos jit list",
			    "there is no rule of this name");
	jit_file_remove(rq->run_dir, name);
	*out = json_object();
	return 0;
}

static int status(struct request_context *rq, json_t *request, json_t **out)
{
	(void)rq;
	(void)request;
	*out = json_pack("{s:s, s:I}", "version", chaos_version(),
			 "pid", (json_int_t)getpid());
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(struct request_context *rq, json_t *request, json_t **out);
} calls[] = {
	{ "pool-list", pool_list },
	{ "pool-set", pool_set_ },
	{ "pool-drain", pool_drain_ },
	{ "renamed", renamed },
	{ "jit-list", jit_list },
	{ "jit-add", jit_add },
	{ "jit-remove", jit_remove_ },
	{ "status", status },
};

static int dispatch(struct request_context *rq, json_t *request, json_t **out)
{
	const char *what = json_string_value(json_object_get(request, "do"));
	size_t i;

	for (i = 0; what && i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(what, calls[i].name))
			return calls[i].fn(rq, request, out);
	return fail(rq, -ENOSYS, what ? what : "request", "",
		    "there is no such request");
}

int request_call(struct request_context *rq, const char *text, char **reply)
{
	json_t *request, *out = NULL;
	int rc;

	request = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(request)) {
		json_decref(request);
		return fail(rq, -EPROTO, "request", "",
			    "it is no JSON object");
	}
	rc = dispatch(rq, request, &out);
	json_decref(request);
	if (rc)
		return rc;
	*reply = out ? json_dumps(out, JSON_COMPACT) : NULL;
	json_decref(out);
	return *reply ? 0 : fail(rq, -ENOMEM, "request", "",
				 "no memory for the answer");
}
