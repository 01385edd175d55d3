// SPDX-License-Identifier: BSD-2-Clause
/* Configurations: what is accepted, and what is said of what is not. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <xen/noxs.h>

#include "config.h"

#define BASE "name = \"web\"\nkernel = \"/boot/kernel\"\n"

static struct chaos_config *good(struct fixture *f, const char *text)
{
	struct chaos_config *cfg;

	if (chaos_config_parse_string(f->ctx, "web.cfg", text, NULL, &cfg))
		fail_msg("%s", fixture_errors(f));
	return cfg;
}

static void bad(struct fixture *f, const char *text, const char *error)
{
	struct chaos_config *cfg = NULL;

	assert_int_equal(chaos_config_parse_string(f->ctx, "web.cfg", text,
						   NULL, &cfg), -EINVAL);
	assert_null(cfg);
	if (!strstr(fixture_errors(f), error))
		fail_msg("wanted \"%s\" in:\n%s", error, fixture_errors(f));
}

static void test_defaults(void **state)
{
	struct chaos_config *cfg = good(*state, BASE);

	assert_string_equal(chaos_config_name(cfg), "web");
	assert_string_equal(cfg->kernel, "/boot/kernel");
	assert_true(cfg->pvh);
	assert_int_equal(cfg->memory_mb, 32);
	assert_int_equal(cfg->maxmem_mb, 32);
	assert_int_equal(cfg->vcpus, 1);
	assert_int_equal(cfg->nr_vifs, 0);
	assert_null(cfg->ramdisk);
	assert_null(cfg->cmdline);
	assert_false(cfg->uuid_set);
	chaos_config_free(cfg);
	chaos_config_free(NULL);
}

static void test_everything(void **state)
{
	static const uint8_t uuid[16] = {
		0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0,
		0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6,
	};
	struct chaos_config *cfg = good(*state,
		"# a comment with = and [\n"
		"name='w-e.b_2+'; type = \"pv\"\n"
		"kernel = \"/k\"\nramdisk = \"/r\"\n"
		"uuid = \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"\n"
		"root = \"/dev/xvda ro\"\nextra = \"quiet # no comment\"\n"
		"memory = 64\nmaxmem = 0x80\nvcpus = 2\nmaxvcpus = \"2\"\n"
		"on_poweroff = \"destroy\"\non_reboot = 'restart'\n"
		"on_crash = \"preserve\"\nmax_grant_frames = 8\n"
		"vif = [ 'mac=00:16:3E:aA:00:01, bridge=br0 ,ip=192.168.7.9/30,"
		"gateway=192.168.7.10, mtu=9000, vifname=web0,backend=0',\n"
		"        '',  # the second\n"
		"        'ip=dhcp,bridge=', ]\n");
	const struct chaos__vif_config *v = cfg->vif;

	assert_string_equal(cfg->name, "w-e.b_2+");
	assert_false(cfg->pvh);
	assert_memory_equal(cfg->uuid, uuid, 16);
	assert_string_equal(cfg->cmdline,
			    "root=/dev/xvda ro quiet # no comment");
	assert_int_equal(cfg->memory_mb, 64);
	assert_int_equal(cfg->maxmem_mb, 128);
	assert_int_equal(cfg->vcpus, 2);
	assert_int_equal(cfg->max_grant_frames, 8);
	assert_string_equal(cfg->on_crash, "preserve");
	assert_int_equal(cfg->nr_vifs, 3);
	assert_memory_equal(v[0].mac, "\x00\x16\x3e\xaa\x00\x01", 6);
	assert_string_equal(v[0].bridge, "br0");
	assert_string_equal(v[0].ifname, "web0");
	assert_int_equal(v[0].ip_mode, XEN_NOXS_NET_IP_STATIC);
	assert_int_equal(v[0].prefix, 30);
	assert_memory_equal(v[0].ip, "\xc0\xa8\x07\x09", 4);
	assert_memory_equal(v[0].gateway, "\xc0\xa8\x07\x0a", 4);
	assert_int_equal(v[0].mtu, 9000);
	assert_string_equal(v[1].bridge, "xenbr0");
	assert_false(v[1].mac_set);
	assert_int_equal(v[1].ip_mode, XEN_NOXS_NET_IP_NONE);
	assert_string_equal(v[2].bridge, "");
	assert_int_equal(v[2].ip_mode, XEN_NOXS_NET_IP_DHCP);
	chaos_config_free(cfg);
}

static void test_cmdline_wins(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg = good(f, BASE "cmdline=\"a b\"\nextra=\"c\"");

	assert_string_equal(cfg->cmdline, "a b");
	assert_non_null(strstr(f->log, "line 3, cmdline: root and extra"));
	chaos_config_free(cfg);
	cfg = good(f, BASE "extra = \"only\"");
	assert_string_equal(cfg->cmdline, "only");
	chaos_config_free(cfg);
}

static void test_ignored_keys(void **state)
{
	struct fixture *f = *state;

	chaos_config_free(good(f, BASE "\non_crash = \"soft-reset\""));
	assert_non_null(strstr(f->log, "line 4, on_crash: this action of xl"));
	chaos_config_free(good(f, BASE "\nvnc = 1\nmaxvcpus = 4"));
	assert_non_null(strstr(f->log, "web.cfg: line 4, vnc: this key of xl"));
	assert_non_null(strstr(f->log, "line 5, maxvcpus"));
}

/* What xl's own example files set, and what asks for nothing. */
static void test_keys_of_xl(void **state)
{
	static const char *const lines[] = {
		"usb = 0", "stdvga = 1", "tsc_mode = \"default\"",
		"timer_mode = 1", "xen_platform_pci = 1", "videoram = 16",
		"usbdevice = \"\"", "disk = [ ]", "pci = []", "vfb = [ ]",
		"nestedhvm = 0", "cap = 0", "bootloader = \"\"", "vpmu = \"0\"",
	};
	struct fixture *f = *state;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), BASE "%s\n", lines[i]);
		chaos_config_free(good(f, text));
	}
	assert_non_null(strstr(f->log, "line 3, usb: this key of xl"));
	assert_null(strstr(f->log, "disk"));
}

static void test_utf8(void **state)
{
	static const char *const texts[] = {
		"plain\x7f", "\xc2\x80", "caf\xc3\xa9", "\xe0\xa0\x80",
		"\xed\x9f\xbf\xee\x80\x80", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};
	struct chaos_config *cfg;
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(text, sizeof(text), BASE "cmdline = \"%s\"",
			 texts[i]);
		cfg = good(*state, text);
		assert_string_equal(cfg->cmdline, texts[i]);
		chaos_config_free(cfg);
	}
}

static const struct {
	const char *text, *error;
} errors[] = {
	{ BASE "colour = \"blue\"", "web.cfg: line 3, colour: unknown key" },
	{ "\n\n" BASE "\n# x\n\nbogus = 1", "line 8, bogus: unknown key" },
	{ BASE "vif = [\n\"\",\n\"\"\n]\nbogus=1", "line 7, bogus" },
	{ BASE "extra = \"a # ' [ = \"; bogus=1", "line 3, bogus" },
	{ BASE "disk = [ \"phy:/dev/sda,xvda,w\" ]", "line 3, disk: this key "
	  "of xl is not supported (block devices are not supported)" },
	{ BASE "builder = \"generic\"", "write type" },
	{ BASE "type = \"hvm\"", "\"hvm\" guests are not supported" },
	{ BASE "memory = 0", "line 3, memory: 0 is not within 1..1048576" },
	{ BASE "memory = 99999999999999999999", "memory" },
	{ BASE "memory = \"lots\"", "memory: must be a number" },
	{ BASE "memory = [ 4 ]", "memory: must be a number" },
	{ BASE "memory = 64\nmaxmem = 32", "32 MB is less than memory, 64 MB" },
	{ BASE "vcpus = 129", "129 is not within 1..128" },
	{ BASE "vcpus = 4\nmaxvcpus = 2", "2 is less than vcpus, 4" },
	{ BASE "uuid = \"00000000-0000-0000-0000-000000000000\"",
	  "line 3, uuid: the UUID of all zeros" },
	{ BASE "cap = 65536", "line 3, cap: 65536 is not within 0..65535" },
	{ BASE "cpu_weight = 0", "0 is not within 1..65535" },
	{ BASE "cpus = \"0-\"", "line 3, cpus: has a range that ends before" },
	{ BASE "cpus = \"3-1\"", "cpus: has a range that ends before" },
	{ BASE "cpus = \"0;1\"", "cpus: is not a list of CPUs" },
	{ BASE "cpus = \"0,\"", "cpus: is not a list of CPUs" },
	{ BASE "cpus = \"4096\"", "cpus: is not a list of CPUs" },
	{ BASE "cpus = \"^1\"", "cpus: names no CPU" },
	{ BASE "cpus = \"node:0\"", "NUMA nodes are not supported" },
	{ BASE "cpus = [ \"0\", \"x\" ]", "cpus[1]: is not a list of CPUs" },
	{ BASE "cpus = [ \"0;1\" ]", "cpus: has an item" },
	{ BASE "cpus_soft = \"0\"", "soft affinity is not supported" },
	{ BASE "period = 1", "only cpu_weight and cap are known" },
	{ BASE "nestedhvm = 1", "guests do not virtualise" },
	{ BASE "cmdline = \"caf\xe9\"", "line 3, cmdline: is not UTF-8" },
	{ BASE "extra = \"\xc3\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xc3(\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xc0\xaf\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xe0\x80\xaf\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xed\xa0\x80\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xf0\x80\x80\xaf\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xf4\x90\x80\x80\"", "extra: is not UTF-8" },
	{ BASE "extra = \"\xf8\x88\x80\x80\x80\"", "extra: is not UTF-8" },
	{ BASE "ramdisk = \"/\xff\"", "line 3, ramdisk: is not UTF-8" },
	{ "name = \"web\"\nkernel = \"/\x80\"", "line 2, kernel: is not" },
	{ BASE "vif = [ \"\", \"vifname=\xe9\" ]", "vif[1]: is not UTF-8" },
	{ BASE "uuid = \"f81d4fae\"", "\"f81d4fae\" is not a UUID" },
	{ BASE "uuid = \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6x\"", "UUID" },
	{ BASE "uuid = \"g81d4fae-7dec-11d0-a765-00a0c91e6bf6\"", "UUID" },
	{ BASE "on_crash = \"panic\"", "\"panic\" is no action" },
	{ BASE "kernel = [ ]", "kernel: must be a string" },
	{ "name = \"web\"", "kernel: missing (add kernel" },
	{ "kernel = \"/k\"", "name: missing (add name" },
	{ "name = \"\"\nkernel = \"/k\"", "must have 1 to 64 characters" },
	{ "name = \"a/b\"\nkernel = \"/k\"", "\"a/b\" is not a name" },
	{ "name = \"a%s\"\nkernel = \"/k\"", "\"a%s\" is not a name" },
	{ "name = \"%d%d\"\nkernel = \"/k\"", "is not a name" },
	{ "name = \"7%d\"\nkernel = \"/k\"", "would be taken for a domid" },
	{ "name = \"..\"\nkernel = \"/k\"", "\"..\" is not a name" },
	{ "name = \"-x\"\nkernel = \"/k\"", "\"-x\" is not a name" },
	{ "name = \"17\"\nkernel = \"/k\"", "would be taken for a domid" },
	{ BASE "vif = \"bridge=br0\"", "vif: must be a list" },
	{ BASE "vif = [ \"mac=00:16:3e:00:00\" ]", "line 3, vif[0]" },
	{ BASE "vif = [ \"\", \"mac=zz:16:3e:00:00:01\" ]", "vif[1]" },
	{ BASE "vif = [ \"mac=0:016:3e:00:00:01\" ]", "is not a MAC" },
	{ BASE "vif = [ \"mac=+0:16:3e:00:00:01\" ]", "is not a MAC" },
	{ BASE "vif = [ \"mac=01:16:3e:00:00:01\" ]", "group address" },
	{ BASE "vif = [ \"mac=00:00:00:00:00:00\" ]", "is zero" },
	{ BASE "vif = [ \"mac=00:16:3e:00:00:01\", "
	  "\"mac=00:16:3e:00:00:01\" ]", "vif[1]: has the MAC of vif[0]" },
	{ BASE "vif = [ \"bridge=abcdefghijklmnop\" ]", "name for a bridge" },
	{ BASE "vif = [ \"bridge=a/b\" ]", "name for a bridge" },
	{ BASE "vif = [ \"vifname=\" ]", "vifname is empty" },
	{ BASE "vif = [ \"ip=10.0.0.2\" ]", "with prefix length" },
	{ BASE "vif = [ \"ip=10.0.0.300/24\" ]", "with prefix length" },
	{ BASE "vif = [ \"ip=10.0.0.2/33\" ]", "with prefix length" },
	{ BASE "vif = [ \"ip=10.0.0.2/0\" ]", "with prefix length" },
	{ BASE "vif = [ \"ip=10.0.0.2/ 24\" ]", "with prefix length" },
	{ BASE "vif = [ \"ip=10.0.0.2/24x\" ]", "with prefix length" },
	{ BASE "vif = [ \"gateway=10.0.0.1\" ]", "gateway without address" },
	{ BASE "vif = [ \"ip=10.0.0.2/24,gateway=here\" ]", "IPv4" },
	{ BASE "vif = [ \"mtu=67\" ]", "mtu 67 is not within 68..9000" },
	{ BASE "vif = [ \"mtu=9001\" ]", "not within" },
	{ BASE "vif = [ \"mtu=\" ]", "not within" },
	{ BASE "vif = [ \"rate=10Mb\" ]", "\"10Mb\" is not a rate" },
	{ BASE "vif = [ \"vlan=0\" ]", "vlan 0 is not within 1..4094" },
	{ BASE "vif = [ \"vlan=4095\" ]", "not within" },
	{ BASE "vif = [ \"vlan=\" ]", "not within" },
	{ BASE "vif = [ \"queues=0\" ]", "queues 0 is not within 1..4" },
	{ BASE "vif = [ \"queues=5\" ]", "leave it out for one" },
	{ BASE "vif = [ \"queues=2x\" ]", "not within" },
	{ BASE "vif = [ \"bridge=,vlan=5\" ]", "vlan without bridge" },
	{ BASE "vif = [ \"spoofchk=1\" ]", "write spoofchk=on, mac or off" },
	{ BASE "vif = [ \"rate_in=10Mb\" ]", "\"10Mb\" is not a rate" },
	{ BASE "vif = [ \"pps=10Mb/s\" ]", "\"10Mb/s\" is not a rate" },
	{ BASE "vif = [ \"pps_in=0\" ]", "write it like 1000" },
	{ BASE "vif = [ \"rate=0Mb/s\" ]", "is not a rate" },
	{ BASE "vif = [ \"rate=1b/s\" ]", "is not a rate" },
	{ BASE "vif = [ \"rate=1Mb/s@\" ]", "is not a rate" },
	{ BASE "vif = [ \"rate=1Mb/s@5000s\" ]", "is not a rate" },
	{ BASE "vif = [ \"rate=4294967296B/s\" ]", "is not a rate" },
	{ BASE "vif = [ \"backend=a b\" ]", "\"a b\" is not a domain" },
	{ BASE "vif = [ \"backend=\" ]", "write backend=NAME" },
	{ BASE "vif = [ \"backend=123456\" ]", "is not a domain" },
	{ BASE "vif = [ \"colour=blue\" ]", "unknown key colour" },
	{ BASE "vif = [ \"dhcp\" ]", "\"dhcp\" is not an assignment" },
	{ BASE "vif = [ [ \"nested\" ] ]", "vif[0]: must be a string" },
	{ BASE "vif = [ \"bridge=br0", "line 3: config parsing error" },
	{ BASE "extra = \"\\012\"", "line 3: only \\\" \\' " },
	{ BASE "extra = '\\x41'", "line 3: only" },
	{ BASE "vif = [[[[[]]]]]", "line 3: lists in lists" },
	{ "name = = 3", "line 1: config parsing error" },
	{ "name", "web.cfg: syntax: config parsing error" },
};

static void test_cpus(void **state)
{
	struct chaos_config *cfg = good(*state, BASE
		"cpus = [ \"0-2,^1\", \"all,^0-4094\", 64 ]\npool = \"p\"\n"
		"cpu_weight = 512\ncap = 50");
	struct chaos__cpus cpus;
	const char *at = cfg->cpus;

	assert_null(chaos__cpus_parse(at, &at, &cpus));
	assert_int_equal(cpus.word[0], 5);
	assert_null(chaos__cpus_parse(at, &at, &cpus));
	assert_int_equal(cpus.word[0], 0);
	assert_true(cpus.word[63] == 1ull << 63);
	assert_null(chaos__cpus_parse(at, &at, &cpus));
	assert_int_equal(cpus.word[1], 1);
	assert_string_equal(at, "");
	assert_string_equal(cfg->pool, "p");
	assert_int_equal(cfg->cpu_weight, 512);
	assert_int_equal(cfg->cap, 50);
	chaos_config_free(cfg);
}

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		uint32_t us;
	} rates[] = {
		{ "10Mb/s", 62500, 50000 }, { "10Mb/s@20ms", 25000, 20000 },
		{ "1MB/s@1", 1000000, 1000000 }, { "8b/s@1s", 1, 1000000 },
		{ "3B/s@400000us", 1, 400000 },
	}, pps[] = {
		{ "1000", 50, 50000 }, { "10K", 500, 50000 },
		{ "500p/s@1s", 500, 1000000 }, { "3", 1, 333334 },
		{ "1", 1, 1000000 }, { "2M@20ms", 40000, 20000 },
	};
	static const char *const bad[] = {
		"", "0", "K", "10x", "10p", "10/s", "10@", "1@20ms", "-1",
		"4294967296", "10 ", "10p/s/",
	};
	uint64_t bytes;
	uint32_t us;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_true(chaos__rate_parse(rates[i].text, &bytes, &us));
		assert_int_equal(bytes, rates[i].bytes);
		assert_int_equal(us, rates[i].us);
	}
	for (i = 0; i < sizeof(pps) / sizeof(pps[0]); i++) {
		assert_true(chaos__pps_parse(pps[i].text, &bytes, &us));
		assert_int_equal(bytes, pps[i].bytes);
		assert_int_equal(us, pps[i].us);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(chaos__pps_parse(bad[i], &bytes, &us));
	/* More than 64 bits hold. */
	assert_false(chaos__rate_parse("4294967295GB/s@4294967295us",
				       &bytes, &us));
}

static void test_errors(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		bad(*state, errors[i].text, errors[i].error);
}

static void test_number_of_vifs(void **state)
{
	char text[1024] = BASE "vif = [ ";
	unsigned int i;
	struct chaos_config *cfg;

	for (i = 0; i < 15; i++)
		strcat(text, "\"\",");
	strcat(text, "]");
	cfg = good(*state, text);
	assert_int_equal(cfg->nr_vifs, 15);
	chaos_config_free(cfg);
	text[strlen(text) - 1] = '\0';
	strcat(text, "\"\"]");
	bad(*state, text, "16 vifs, at most 15");
}

static void test_all_errors_at_once(void **state)
{
	struct fixture *f = *state;

	bad(f, "name = \"a b\"\nmemory = 0\nvif = [ \"mac=x\" ]\nfoo = 1\n",
	    "a b");
	assert_int_equal(chaos_nr_errors(f->ctx), 5);
	assert_error(f, "memory");
	assert_error(f, "vif[0]");
	assert_error(f, "foo");
	assert_error(f, "kernel: missing");
	assert_null(chaos_error(f->ctx, 5));
}

/* More than are kept; and more than a table of keys holds. */
static void test_bounds(void **state)
{
	struct fixture *f = *state;
	char *text = calloc(1, 1 << 16);
	unsigned int i;

	strcpy(text, BASE);
	for (i = 0; i < 100; i++)
		sprintf(text + strlen(text), "k%u = 1\n", i);
	bad(f, text, "k0: unknown key");
	assert_int_equal(chaos_nr_errors(f->ctx), CHAOS__MAX_ERRORS);
	for (; i < 200; i++)
		sprintf(text + strlen(text), "k%u = 1\n", i);
	assert_int_equal(chaos_config_parse_string(f->ctx, "x", text, NULL,
						   &(struct chaos_config *){ 0 }),
			 -E2BIG);
	free(text);
}

static void test_overrides(void **state)
{
	static const char *const some[] = {
		"name=web2", "memory=8", "vif=[\"bridge=br0\"]",
		"extra=say \"hi\" \\ there", NULL
	};
	static const char *const wrong[][2] = {
		{ "memory", NULL }, { "=3", NULL }, { "Memory=3", NULL },
		{ "memory=3\nname=x", NULL }, { "na me=x", NULL },
	};
	struct fixture *f = *state;
	const char *unknown[] = { "bogus=1", NULL };
	struct chaos_config *cfg;
	size_t i;

	assert_int_equal(chaos_config_parse_string(f->ctx, "web.cfg",
		BASE "memory = 4", some, &cfg), 0);
	assert_string_equal(cfg->name, "web2");
	assert_int_equal(cfg->memory_mb, 8);
	assert_string_equal(cfg->vif[0].bridge, "br0");
	assert_string_equal(cfg->cmdline, "say \"hi\" \\ there");
	chaos_config_free(cfg);
	assert_int_equal(chaos_config_parse_string(f->ctx, "web.cfg", BASE,
						   unknown, &cfg), -EINVAL);
	assert_error(f, "override bogus: unknown key");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(chaos_config_parse_string(f->ctx, "web.cfg",
			BASE, wrong[i], &cfg), -EINVAL);
		assert_error(f, "is not an assignment");
	}
}

static void test_files(void **state)
{
	struct fixture *f = *state;
	struct chaos_config *cfg;
	char path[128];

	snprintf(path, sizeof(path), "%s/web.cfg", f->dir);
	assert_int_equal(chaos_config_parse_file(f->ctx, path, NULL, &cfg),
			 -ENOENT);
	assert_error(f, "web.cfg: open configuration: No such file");
	assert_int_equal(chaos_config_parse_file(f->ctx, f->dir, NULL, &cfg),
			 -EISDIR);
	assert_int_equal(chaos_config_parse_file(f->ctx, f->kernel, NULL, &cfg),
			 -EINVAL);
	assert_error(f, "it is not a text");
	fixture_write(path, BASE, strlen(BASE));
	assert_int_equal(chaos_config_parse_file(f->ctx, path, NULL, &cfg), 0);
	chaos_config_free(cfg);
	assert_int_equal(truncate(path, CHAOS__CONFIG_MAX + 1), 0);
	assert_int_equal(chaos_config_parse_file(f->ctx, path, NULL, &cfg),
			 -EFBIG);
}

static void test_error_text(void **state)
{
	struct chaos_error e = {
		.code = -EACCES, .object = "web", .step = "map ring",
		.reason = "Permission denied", .remedy = "",
	};
	char text[256], tiny[8];

	(void)state;
	assert_string_equal(chaos_error_text(&e, text, sizeof(text)),
			    "web: map ring: Permission denied");
	e.remedy = "be root";
	assert_string_equal(chaos_error_text(&e, text, sizeof(text)),
			    "web: map ring: Permission denied (be root)");
	assert_string_equal(chaos_error_text(&e, tiny, sizeof(tiny)), "web: ma");
}

static void test_options(void **state)
{
	struct chaos_options opt = { .size = 4 };
	struct chaos *ctx = NULL;

	(void)state;
	assert_int_equal(chaos_open(&opt, &ctx), -EINVAL);
	opt.size = sizeof(opt) + 8;
	assert_int_equal(chaos_open(&opt, &ctx), -EINVAL);
	assert_null(ctx);
	assert_int_equal(chaos_open(NULL, &ctx), 0);
	chaos_close(ctx);
	chaos_close(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
						fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_defaults), T(test_everything), T(test_cmdline_wins),
		T(test_keys_of_xl), T(test_utf8),
		T(test_ignored_keys), T(test_errors), T(test_cpus), T(test_rates),
		T(test_number_of_vifs),
		T(test_all_errors_at_once), T(test_bounds), T(test_overrides),
		T(test_files), T(test_error_text), T(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
