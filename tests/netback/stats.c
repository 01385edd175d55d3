// SPDX-License-Identifier: BSD-2-Clause
/* Counters: what they count, the verb that shows them, the metrics. */
#include "harness.h"

#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <metrics.h>
#include <stats.h>

#include "client.h"

#define UUID_OF_1 "fa000000-0000-0000-0000-000000000001"

static uint8_t frame[2048];

static uint64_t drops(struct test_state *s, unsigned int why)
{
	return the_vif(s)->stats.drop[why];
}

static void send_one(struct test_state *s, uint32_t gref, unsigned int size,
		     unsigned int flags)
{
	guest_tx(&s->guest, gref, 0, size, flags, 0);
	guest_tx_push(&s->guest);
	turns(s->nb);
	guest_tx_status(&s->guest, NULL);
}

/* Each reason by a frame of its own, and each adds to the sum. */
static void test_tx_reasons(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;

	send_one(s, g->buf_ref[0], 13, 0);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_TX_SIZE), 1);
	send_one(s, g->buf_ref[0], 1519, 0);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_TX_SIZE), 2);
	send_one(s, 12345, 100, 0);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_TX_COPY), 1);
	memset(g->buf[0], 0, 100);
	send_one(s, g->buf_ref[0], 100, NETTXF_csum_blank);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_TX_OFFLOAD), 1);
	assert_int_equal(the_vif(s)->stats.tx_dropped, 4);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 0);
	assert_int_equal(the_vif(s)->stats.tx_packets, 0);
}

static void test_tap_full(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	unsigned int i;

	for (i = 0; i < 5000 && !drops(s, NOXS_NETBACK_DROP_TX_TAP); i++)
		send_one(s, g->buf_ref[0], 1000, 0);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_TX_TAP), 1);
	assert_int_equal(the_vif(s)->stats.tx_packets, i - 1);
}

static void test_rx_reasons(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = 60000,
	};
	struct netif_rx_response rsp = { .status = 0 };

	guest_rx_post(g, 16);
	net_send(g, frame, 1600, NULL);
	turns(s->nb);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_RX_SIZE), 1);
	hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	net_send(g, frame, 100, &hdr);
	turns(s->nb);
	assert_int_equal(drops(s, NOXS_NETBACK_DROP_RX_OFFLOAD), 1);
	g->buf_ref[0] = 12345;
	guest_rx_post(g, 64);
	while (!drops(s, NOXS_NETBACK_DROP_RX_COPY)) {
		net_send(g, frame, 100, NULL);
		turns(s->nb);
		guest_rx_response(g, &rsp);
	}
	assert_int_equal(rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(the_vif(s)->stats.rx_dropped, 3);
}

/* Once for each time that the buffers were gone, not for each look. */
static void test_rx_stall(void **state)
{
	struct test_state *s = *state;
	struct test_guest *g = &s->guest;
	const struct noxs_netback_stats *st = &the_vif(s)->stats;

	net_send(g, frame, 100, NULL);
	turns(s->nb);
	assert_int_equal(st->rx_stalls, 1);
	net_send(g, frame, 100, NULL);
	guest_notify(g);
	turns(s->nb);
	assert_int_equal(st->rx_stalls, 1);
	guest_rx_post(g, 8);
	turns(s->nb);
	assert_int_equal(st->rx_packets, 2);
	assert_int_equal(st->rx_stalls, 1);
	assert_true(st->notifies > 0);
}

static void test_names(void **state)
{
	const char *a, *b;
	unsigned int i, j;
	bool tx, tx2;

	(void)state;
	for (i = 0; i < NOXS_NETBACK_NR_DROPS; i++) {
		a = noxs_netback_drop_name(i, &tx);
		assert_non_null(a);
		for (j = 0; j < i; j++) {
			b = noxs_netback_drop_name(j, &tx2);
			assert_false(tx == tx2 && !strcmp(a, b));
		}
	}
	assert_null(noxs_netback_drop_name(NOXS_NETBACK_NR_DROPS, &tx));
}

/* The verb ------------------------------------------------------------------ */

static char out_path[128];

/* Runs it in a child, while the backend takes its turns. */
static int run_verb(struct test_state *s, char *arg, char *arg2)
{
	char name[] = "stats", opt[] = "--socket", *argv[] = {
		name, opt, path, arg, arg2, NULL
	};
	int argc = 3 + !!arg + !!arg2, status, i;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (!freopen(out_path, "w", stdout) ||
		    !freopen("/dev/null", "w", stderr))
			_exit(99);
		optind = 1;
		status = nbl_stats_main(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	for (i = 0; i < 5000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			assert_true(WIFEXITED(status));
			return WEXITSTATUS(status);
		}
		nbl_turn(s->nb, 1);
	}
	fail_msg("stats does not end");
	return -1;
}

static json_t *output(void)
{
	json_error_t err;
	json_t *doc = json_load_file(out_path, 0, &err);

	if (!doc)
		fail_msg("line %d: %s", err.line, err.text);
	assert_true(json_is_array(doc));
	return doc;
}

/* Is there a row for it in the section of docs/json.md? */
static bool is_documented(const char *member)
{
	char line[512], row[80];
	bool here = false, found = false;
	FILE *f = fopen("docs/json.md", "r");

	assert_non_null(f);
	snprintf(row, sizeof(row), "| %s |", member);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "## ", 3))
			here = !strcmp(line, "## netback-lite stats\n");
		found |= here && !strncmp(line, row, strlen(row));
	}
	fclose(f);
	return found;
}

static void test_json(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE], json[] = "--json", one[] = "1.7";
	const char *key;
	json_t *doc, *v, *member;

	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	assert_int_equal(run_verb(s, json, NULL), 0);
	doc = output();
	assert_int_equal(json_array_size(doc), 0);
	json_decref(doc);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	assert_int_equal(attach(s->nb, 1, 7, err), 0);
	the_vif(s)->stats.drop[NOXS_NETBACK_DROP_RX_COPY] = 5;
	assert_int_equal(run_verb(s, json, NULL), 0);
	doc = output();
	assert_int_equal(json_array_size(doc), 2);
	v = json_array_get(doc, 0);
	assert_int_equal(json_integer_value(json_object_get(v, "domid")), 1);
	assert_string_equal(json_string_value(json_object_get(v, "uuid")),
			    UUID_OF_1);
	assert_string_equal(json_string_value(json_object_get(v, "bridge")),
			    TEST_BRIDGE);
	assert_string_equal(json_string_value(json_object_get(v, "reason")),
			    "");
	assert_int_equal(json_integer_value(json_object_get(
		json_object_get(v, "rx_drops"), "copy")), 5);
	json_object_foreach(v, key, member)
		if (!is_documented(key))
			fail_msg("docs/json.md has no %s", key);
	assert_false(is_documented("nonsense"));
	json_decref(doc);
	assert_int_equal(run_verb(s, json, one), 0);
	doc = output();
	assert_int_equal(json_array_size(doc), 1);
	json_decref(doc);
	nbl_vif_break(the_vif(s), -EPROTO, "tx ring: a lie");
	assert_int_equal(run_verb(s, json, NULL), 0);
	doc = output();
	v = json_array_get(doc, 0);
	assert_string_equal(json_string_value(json_object_get(v, "state")),
			    "closed");
	assert_string_equal(json_string_value(json_object_get(v, "reason")),
			    "tx ring: a lie: Protocol error");
	json_decref(doc);
	unlink(out_path);
}

static void test_verb_errors(void **state)
{
	struct test_state *s = *state;
	char json[] = "-j", two[] = "2", bad[] = "1.x", more[] = "1";
	json_t *doc;

	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	assert_int_equal(run_verb(s, json, two), 1);
	doc = output();
	assert_string_equal(json_string_value(json_object_get(json_object_get(
		json_array_get(doc, 0), "error"), "code")), "ENOENT");
	json_decref(doc);
	assert_int_equal(run_verb(s, bad, NULL), 2);
	assert_int_equal(run_verb(s, two, more), 2);
	unlink(out_path);
}

static void test_table(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE], text[1024];
	ssize_t n;
	int fd;

	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	assert_int_equal(attach(s->nb, 1, 0, err), 0);
	the_vif(s)->stats.drop[NOXS_NETBACK_DROP_RX_COPY] = 5;
	the_vif(s)->stats.drop[NOXS_NETBACK_DROP_TX_SIZE] = 6;
	assert_int_equal(run_verb(s, NULL, NULL), 0);
	fd = open(out_path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "\n1.0  "));
	assert_non_null(strstr(text, "tx-size 6, rx-copy 5\n"));
	unlink(out_path);
}

/* The metrics --------------------------------------------------------------- */

static char *read_metrics(const char *file)
{
	static char text[1 << 20];
	int fd = open(file, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	close(fd);
	text[n] = '\0';
	return text;
}

/* Of each metric: HELP, TYPE, then samples of that name and no other. */
static void assert_exposition(const char *text)
{
	char name[80] = "", seen[80];
	const char *line, *next;

	for (line = text; *line; line = next) {
		next = strchr(line, '\n');
		assert_non_null(next++);
		if (sscanf(line, "# HELP %79s", seen) == 1) {
			assert_true(strcmp(seen, name));
			strcpy(name, seen);
			assert_int_equal(sscanf(next, "# TYPE %79s", seen), 1);
			assert_string_equal(seen, name);
		} else if (*line != '#') {
			assert_int_equal(sscanf(line, "%79[a-z_]{", seen), 1);
			assert_string_equal(seen, name);
			assert_non_null(memchr(line, '}',
					       (size_t)(next - line)));
		}
	}
}

static void test_metrics(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE], file[96], *text;
	uint16_t vif;
	int i;

	snprintf(file, sizeof(file), "%s/netback.prom", dir);
	for (vif = 0; vif < 12; vif++)
		assert_int_equal(attach(s->nb, 1, vif, err), 0);
	the_vif(s)->stats.tx_packets = 4711;
	nbl_vif_break(the_vif(s), -EPROTO, "tx ring: a lie");
	assert_int_equal(nbl_metrics_open(s->nb, file, 1, err), 0);
	text = read_metrics(file);
	assert_exposition(text);
	assert_non_null(strstr(text, "\nnetback_vif_transmit_packets_total{domid=\"1\",vif=\"0\",uuid=\"" UUID_OF_1 "\"} 4711\n"));
	assert_non_null(strstr(text, "{domid=\"1\",vif=\"11\",uuid=\"" UUID_OF_1 "\",direction=\"receive\",reason=\"copy\"} 0\n"));
	assert_non_null(strstr(text, "\nnetback_vif_broken{domid=\"1\",vif=\"0\",uuid=\"" UUID_OF_1 "\",reason=\"tx ring: a lie\"} 1\n"));
	assert_null(strstr(text, "netback_vif_broken{domid=\"1\",vif=\"1\""));
	assert_non_null(strstr(text, "ifname=\"vif1.3\",bridge=\"" TEST_BRIDGE "\""));

	/* Nothing is due before its time; then a slice a turn. */
	assert_in_range(nbl_metrics_timeout(s->nb, -1), 1, 1000);
	the_vif(s)->stats.tx_packets = 4712;
	usleep(1100 * 1000);
	assert_int_equal(nbl_metrics_timeout(s->nb, -1), 0);
	nbl_turn(s->nb, 0);
	assert_non_null(strstr(read_metrics(file), "} 4711\n"));
	for (i = 0; i < 50 && nbl_metrics_timeout(s->nb, -1) == 0; i++)
		nbl_turn(s->nb, 0);
	text = read_metrics(file);
	assert_exposition(text);
	assert_non_null(strstr(text, "} 4712\n"));
	/* A vif that goes while it is written is no harm. */
	usleep(1100 * 1000);
	nbl_turn(s->nb, 0);
	for (vif = 0; vif < 12; vif++)
		nbl_vif_detach(nbl_guest_vif(nbl_guest_find(s->nb, 1), vif));
	for (i = 0; i < 50 && nbl_metrics_timeout(s->nb, -1) == 0; i++)
		nbl_turn(s->nb, 0);
	assert_exposition(read_metrics(file));
	nbl_metrics_close(s->nb);
	nbl_metrics_close(s->nb);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(nbl_metrics_timeout(s->nb, 7), 7);
}

static void test_metrics_errors(void **state)
{
	struct test_state *s = *state;
	char err[NBL_ERROR_SIZE], file[96], tmp[96];

	assert_int_equal(nbl_metrics_open(s->nb, "/nonexistent/x", 1, err),
			 -ENOENT);
	assert_non_null(strstr(err, "/nonexistent/x"));
	snprintf(file, sizeof(file), "%s/sub", dir);
	snprintf(tmp, sizeof(tmp), "%s/.sub.tmp", dir);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(nbl_metrics_open(s->nb, file, 1, err), -EISDIR);
	assert_int_equal(access(tmp, F_OK), -1);
	assert_int_equal(rmdir(file), 0);
	/* Nobody makes us write through a link. */
	assert_int_equal(symlink("/dev/null", tmp), 0);
	assert_int_equal(nbl_metrics_open(s->nb, file, 1, err), -ELOOP);
	unlink(tmp);
	assert_null(s->nb->metrics);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_connected, \
						teardown_backend)
#define C(name) cmocka_unit_test_setup_teardown(name, setup_control, \
						teardown_control)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tx_reasons), T(test_tap_full), T(test_rx_reasons),
		T(test_rx_stall), cmocka_unit_test(test_names),
		C(test_json), C(test_verb_errors), C(test_table),
		C(test_metrics), C(test_metrics_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
