// SPDX-License-Identifier: BSD-2-Clause
/*
 * docs/config.schema.json against the parser: the same keys, and every example,
 * bound and choice of the schema is what the parser takes and nothing beyond.
 * Run at the top of the tree.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "config.h"

#define SCHEMA "docs/config.schema.json"

static json_t *load(void)
{
	json_error_t error;
	json_t *schema = json_load_file(SCHEMA, JSON_REJECT_DUPLICATES, &error);

	if (!schema)
		fail_msg("%s:%d: %s", SCHEMA, error.line, error.text);
	return schema;
}

static json_t *vif_keys(json_t *schema)
{
	json_t *items = json_object_get(json_object_get(json_object_get(schema,
		"properties"), "vif"), "items");
	json_t *object = json_array_get(json_object_get(items, "oneOf"), 1);

	return json_object_get(object, "properties");
}

/* value is taken over. */
static int parse(struct fixture *f, bool vif, const char *key, json_t *value)
{
	json_t *root = json_pack("{s:s, s:s, s:i}", "name", "web", "kernel",
				 "/k", "memory", 1);
	struct chaos_config *cfg;
	json_t *card;
	char *text;
	int rc;

	if (vif) {
		card = json_pack("{s:s}", "ip", "10.0.0.2/24");
		json_object_set_new(card, key, value);
		json_object_set_new(root, "vif", json_pack("[o]", card));
	} else {
		json_object_set_new(root, key, value);
	}
	text = json_dumps(root, 0);
	assert_non_null(text);
	rc = chaos_config_parse_string(f->ctx, "schema", text, NULL, &cfg);
	if (!rc)
		chaos_config_free(cfg);
	free(text);
	json_decref(root);
	return rc;
}

static void takes(struct fixture *f, bool vif, const char *key, json_t *value)
{
	if (parse(f, vif, key, value))
		fail_msg("%s: %s", key, fixture_errors(f));
}

static void refuses(struct fixture *f, bool vif, const char *key, json_t *value)
{
	if (parse(f, vif, key, value) != -EINVAL)
		fail_msg("%s: taken, and the schema says no", key);
}

static void check_property(struct fixture *f, bool vif, const char *key,
			   json_t *p)
{
	json_t *min = json_object_get(p, "minimum");
	json_t *max = json_object_get(p, "maximum");
	json_t *choices = json_object_get(p, "enum");
	json_t *examples = json_object_get(p, "examples");
	size_t i;

	/* Of each key at least one value has been tried. */
	assert_true((min && max) || json_array_size(examples));
	for (i = 0; i < json_array_size(examples); i++)
		takes(f, vif, key, json_incref(json_array_get(examples, i)));
	for (i = 0; i < json_array_size(choices); i++)
		takes(f, vif, key, json_incref(json_array_get(choices, i)));
	if (choices)
		refuses(f, vif, key, json_string("none of them"));
	if (!min)
		return;
	takes(f, vif, key, json_incref(min));
	takes(f, vif, key, json_incref(max));
	refuses(f, vif, key, json_integer(json_integer_value(min) - 1));
	refuses(f, vif, key, json_integer(json_integer_value(max) + 1));
}

static void test_values(void **state)
{
	json_t *schema = load(), *p;
	const char *key;

	json_object_foreach(json_object_get(schema, "properties"), key, p)
		check_property(*state, false, key, p);
	json_object_foreach(vif_keys(schema), key, p)
		check_property(*state, true, key, p);
	json_decref(schema);
}

static void test_keys(void **state)
{
	json_t *schema = load(), *keys = json_object_get(schema, "properties");
	const char *key;
	size_t n;

	(void)state;
	for (n = 0; (key = chaos__key_name(n)); n++)
		if (!json_object_get(keys, key))
			fail_msg("%s is not in the schema", key);
	assert_int_equal(json_object_size(keys), n);
	for (n = 0; (key = chaos__vif_key_name(n)); n++)
		if (!json_object_get(vif_keys(schema), key))
			fail_msg("vif: %s is not in the schema", key);
	assert_int_equal(json_object_size(vif_keys(schema)), n);
	json_decref(schema);
}

/* What it says must be there, must be; what it does not name, must not. */
static void test_required(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg;

	assert_int_equal(chaos_config_parse_string(f->ctx, "schema", "{}", NULL,
						   &cfg), -EINVAL);
	assert_error(f, "name: missing");
	assert_error(f, "kernel: missing");
	refuses(f, false, "colour", json_string("blue"));
	refuses(f, true, "colour", json_string("blue"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_keys), T(test_values), T(test_required),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
