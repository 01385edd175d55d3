// SPDX-License-Identifier: BSD-2-Clause
/* JSON strings: what is printed reads back as what was given. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd.h"

static void test_strings(void **state)
{
	static const char *const texts[] = {
		"", "plain", "\"quoted\" \\", "tab\tline\n\x01\x1f\x7f",
		"caf\xc3\xa9", "\xe2\x82\xac \xf0\x9f\x98\x80",
	};
	size_t i, size;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *out = NULL;
		FILE *f = open_memstream(&out, &size);
		struct cmd_json j;
		json_t *json;

		cmd_json_init(&j, f);
		cmd_json_string(&j, NULL, texts[i]);
		cmd_json_fini(&j);
		fclose(f);
		json = json_loads(out, 0, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_array_get(json, 0)),
				    texts[i]);
		json_decref(json);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_strings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
