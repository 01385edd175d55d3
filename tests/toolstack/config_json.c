// SPDX-License-Identifier: BSD-2-Clause
/* Configurations as JSON: read, written, and read again. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/noxs.h>

#include "config-json.h"

static struct chaos_config *good(struct fixture *f, const char *text,
				 const char *const *overrides)
{
	struct chaos_config *cfg;

	if (chaos_config_parse_string(f->ctx, "web.json", text, overrides, &cfg))
		fail_msg("%s", fixture_errors(f));
	return cfg;
}

static void bad(struct fixture *f, const char *text, const char *error)
{
	struct chaos_config *cfg = NULL;

	assert_int_equal(chaos_config_parse_string(f->ctx, "web.json", text,
						   NULL, &cfg), -EINVAL);
	assert_null(cfg);
	if (!strstr(fixture_errors(f), error))
		fail_msg("wanted \"%s\" in:\n%s", error, fixture_errors(f));
}

static char *written(const struct chaos_config *cfg)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	chaos__config_write_json(f, cfg);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_reads(void **state)
{
	struct chaos_config *cfg = good(*state,
		"\n { \"name\": \"w\\u0065b\", \"type\": \"pv\", \"memory\": 8,\n"
		"  \"kernel\": \"/a \\\"b\\\\c\", \"vcpus\": 2, \"acpi\": true,\n"
		"  \"extra\": \"quiet # no comment; x=1\", \"disk\": [],\n"
		"  \"vif\": [ { \"bridge\": \"br0\", \"mtu\": 1400,\n"
		"     \"ip\": \"10.0.0.2/24\", \"gateway\": \"10.0.0.1\" },\n"
		"     \"mac=00:16:3e:00:00:01,bridge=br1\" ] }\n",
		(const char *[]){ "memory=16", "vcpus=1", NULL });

	assert_string_equal(cfg->name, "web");
	assert_false(cfg->pvh);
	assert_int_equal(cfg->memory_mb, 16);
	assert_int_equal(cfg->vcpus, 1);
	assert_string_equal(cfg->kernel, "/a \"b\\c");
	assert_string_equal(cfg->cmdline, "quiet # no comment; x=1");
	assert_int_equal(cfg->nr_vifs, 2);
	assert_string_equal(cfg->vif[0].bridge, "br0");
	assert_int_equal(cfg->vif[0].mtu, 1400);
	assert_int_equal(cfg->vif[0].prefix, 24);
	assert_int_equal(cfg->vif[1].mac[5], 1);
	chaos_config_free(cfg);
}

#define HEAD "{\"name\": \"web\", \"kernel\": \"/k\", "

static void test_refuses(void **state)
{
	struct fixture *f = *state;

	bad(f, "{\"name\": \"web\",\n\"kernel\": ", "line 2");
	bad(f, "{\"name\": \"web\", \"name\": \"db\"}", "uplicate");
	bad(f, HEAD "\"memory\": 8} x", "line 1");
	bad(f, HEAD "\"memory\": -8}", "memory: is negative");
	bad(f, HEAD "\"memory\": 8.5}", "memory: is neither");
	bad(f, HEAD "\"memory\": null}", "memory: is neither");
	bad(f, HEAD "\"memory\": {\"MB\": 4}}", "memory: is neither");
	bad(f, HEAD "\"memory\": \"much\"}", "memory: must be a number");
	bad(f, HEAD "\"cmdline\": \"a\\u0000b\"}", "line 1");
	bad(f, HEAD "\"vcpus = 4\\nname\": 1}", "unknown key");
	bad(f, HEAD "\"Memory\": 4}", "Memory: unknown key");
	bad(f, HEAD "\"colour\": 4}", "colour: unknown key");
	bad(f, HEAD "\"disk\": [\"a\"]}", "disk: this key of xl");
	bad(f, HEAD "\"vif\": {}}", "vif: is neither");
	bad(f, HEAD "\"vif\": [{\"ip\": \"10.0.0.2/24,mac=x\"}]}",
	    "vif[0]: ip is not valid");
	bad(f, HEAD "\"vif\": [{}, {\"ip\": []}]}", "vif[1]: ip is neither");
	bad(f, HEAD "\"vif\": [{\"ip\": \"300.0.0.1/8\"}]}", "vif[0]");
	bad(f, "{}", "name: missing");
}

/* Errors of both stages come in one go. */
static void test_all_errors(void **state)
{
	struct fixture *f = *state;

	bad(f, "{\"memory\": null, \"vcpus\": \"x\", \"name\": \"a/b\"}",
	    "memory: is neither");
	assert_error(f, "vcpus: must be a number");
	assert_error(f, "name: \"a/b\" is not a name");
	assert_error(f, "kernel: missing");
}

static void test_override_is_named(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg;

	assert_int_equal(chaos_config_parse_string(f->ctx, "web.json",
		HEAD "\"memory\": 4}", (const char *[]){ "vcpus=999", NULL },
		&cfg), -EINVAL);
	assert_error(f, "override vcpus");
}

static const char *const round_trips[] = {
	"name=\"web\"\nkernel=\"/k\"\n",
	"name=\"w%d\"\nkernel=\"/k\\\"\\\\ \\t\\n\\r\\v\x01\"\ntype=\"pv\"\nmemory=7\nmaxmem=9\n"
	"ramdisk=\"/r\"\ncmdline=\"a 'b' \\\"c\\\"\"\nvcpus=3\n"
	"uuid=\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"\n"
	"max_grant_frames=4\nmax_maptrack_frames=2\nmax_event_channels=77\n"
	"on_poweroff=\"preserve\"\non_reboot=\"destroy\"\non_crash=\"restart\"\n"
	"vif=[\"mac=00:16:3e:0a:0b:0c,bridge=br0,ip=10.1.2.3/8,"
	"gateway=10.0.0.1,mtu=9000,vifname=x0,rate=10Mb/s@20ms,rate_in=1MB/s,pps=10K,vlan=4094,queues=4,spoofchk=mac,backend=net-1,"
	"pps_in=5p/s@1s\", \"ip=dhcp\", "
	"\"bridge=\"]\ncpus=[\"0\", \"1-3,^2\"]\ncpu_weight=512\ncap=0\npool=\"p\"",
	"name=\"web\"\nkernel=\"/k\"\ncpus=\"all,^0\"\n",
	"name=\"web\"\nkernel=\"/k\"\ncpus=[ 3 ]\n",
};

/* What is written reads back as the same, and is written the same again. */
static void test_round_trip(void **state)
{
	struct chaos_config *cfg, *again;
	char *one, *two;
	size_t i;

	for (i = 0; i < sizeof(round_trips) / sizeof(*round_trips); i++) {
		cfg = good(*state, round_trips[i], NULL);
		one = written(cfg);
		again = good(*state, one, NULL);
		two = written(again);
		assert_string_equal(one, two);
		assert_memory_equal(cfg->uuid, again->uuid, 16);
		assert_memory_equal(cfg->vif, again->vif, sizeof(cfg->vif));
		assert_int_equal(cfg->max_grant_frames, again->max_grant_frames);
		free(one);
		free(two);
		chaos_config_free(cfg);
		chaos_config_free(again);
	}
}

/* A newline of JSON stays in its string. */
static void test_newline(void **state)
{
	struct chaos_config *cfg = good(*state,
		HEAD "\"cmdline\": \"a\\nvcpus=4\"}", NULL);

	assert_string_equal(cfg->cmdline, "a\nvcpus=4");
	assert_int_equal(cfg->vcpus, 1);
	chaos_config_free(cfg);
}

/* The record has what the guest got, under its present name. */
static void test_in_record(void **state)
{
	struct fixture *f = *state;
	uint32_t domid = fixture_create(f, "web", 2);
	const uint8_t *uuid = fake_xen.domain[domid].dom.uuid;
	struct chaos__record *rec;
	struct chaos_config *cfg;

	assert_int_equal(chaos_rename(f->ctx, domid, "db"), 0);
	assert_int_equal(chaos__record_load(f->ctx, uuid, &rec), 0);
	assert_non_null(rec->config);
	if (chaos__record_config(f->ctx, rec, &cfg))
		fail_msg("%s", fixture_errors(f));
	assert_string_equal(cfg->name, "db");
	assert_true(cfg->uuid_set);
	assert_memory_equal(cfg->uuid, uuid, 16);
	assert_int_equal(cfg->nr_vifs, 2);
	assert_true(cfg->vif[0].mac_set && cfg->vif[1].mac_set);
	chaos_config_free(cfg);
	free(rec->config);
	rec->config = NULL;
	assert_int_equal(chaos__record_config(f->ctx, rec, &cfg), -ENOENT);
	assert_error(f, "its record has none");
	chaos__record_free(rec);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_reads), T(test_refuses), T(test_all_errors),
		T(test_override_is_named), T(test_round_trip), T(test_newline),
		T(test_in_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
