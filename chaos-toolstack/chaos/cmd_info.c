// SPDX-License-Identifier: BSD-2-Clause
/* chaos info */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

static void json_pair(const char *key, const char *value)
{
	printf(", \"%s\": ", key);
	cmd_json_string(stdout, value);
}

static void json_vif(const struct chaos_vif *v)
{
	printf("{\"id\": %" PRIu32, v->id);
	json_pair("mac", v->mac);
	json_pair("bridge", v->bridge);
	json_pair("ifname", v->ifname);
	json_pair("ip", v->ip);
	json_pair("gateway", v->gateway);
	json_pair("backend_state", v->backend_state);
	json_pair("frontend_state", v->frontend_state);
	printf(", \"mtu\": %" PRIu32 ", \"guest_port\": %" PRIu32
	       ", \"backend_port\": %" PRIu32 ", \"rx_packets\": %" PRIu64
	       ", \"rx_bytes\": %" PRIu64 ", \"tx_packets\": %" PRIu64
	       ", \"tx_bytes\": %" PRIu64 "}", v->mtu, v->guest_port,
	       v->backend_port, v->rx_packets, v->rx_bytes, v->tx_packets,
	       v->tx_bytes);
}

static void print_json(const struct chaos_info *info)
{
	size_t i;

	printf("{");
	cmd_json_domain(stdout, &info->domain);
	json_pair("kernel", info->kernel);
	json_pair("ramdisk", info->ramdisk);
	json_pair("cmdline", info->cmdline);
	json_pair("on_poweroff", info->on_poweroff);
	json_pair("on_reboot", info->on_reboot);
	json_pair("on_crash", info->on_crash);
	printf(", \"created\": %" PRIu64 ", \"vifs\": [", info->created);
	for (i = 0; i < info->nr_vifs; i++) {
		printf("%s", i ? ", " : "");
		json_vif(info->vif[i]);
	}
	printf("]}\n");
}

static void line(const char *key, const char *value)
{
	if (*value)
		printf("%-12s %s\n", key, value);
}

static void print_vif(const struct chaos_vif *v)
{
	printf("vif %-8" PRIu32 " %s on %s as %s\n", v->id, v->mac,
	       *v->bridge ? v->bridge : "no bridge", v->ifname);
	if (*v->ip)
		printf("%-12s %s%s%s\n", "", v->ip,
		       *v->gateway ? " via " : "", v->gateway);
	printf("%-12s backend %s, frontend %s, ports %" PRIu32 " (guest) %"
	       PRIu32 " (backend)\n", "", v->backend_state, v->frontend_state,
	       v->guest_port, v->backend_port);
	printf("%-12s received %" PRIu64 " packets, %" PRIu64
	       " bytes; sent %" PRIu64 ", %" PRIu64 "\n", "", v->rx_packets,
	       v->rx_bytes, v->tx_packets, v->tx_bytes);
}

static void print_text(const struct chaos_info *info)
{
	const struct chaos_domain *d = &info->domain;
	time_t t = (time_t)info->created;
	char when[64];
	struct tm tm;
	size_t i;

	printf("%-12s %s\n", "name", *d->name ? d->name : "-");
	printf("%-12s %" PRIu32 "\n", "domid", d->domid);
	line("uuid", d->uuid);
	line("type", d->type);
	line("state", chaos_state_name(d->state));
	if (d->state == CHAOS_STATE_SHUTDOWN)
		printf("%-12s %" PRIu32 "\n", "code", d->shutdown_code);
	printf("%-12s %.1f MB of at most %.1f\n", "memory",
	       (double)d->mem_kb / 1024, (double)d->max_mem_kb / 1024);
	printf("%-12s %" PRIu32 "\n", "vcpus", d->vcpus);
	printf("%-12s %.3f s\n", "cpu time", (double)d->cpu_ns / 1e9);
	line("kernel", info->kernel);
	line("ramdisk", info->ramdisk);
	line("cmdline", info->cmdline);
	line("on_poweroff", info->on_poweroff);
	line("on_reboot", info->on_reboot);
	line("on_crash", info->on_crash);
	if (t && localtime_r(&t, &tm) &&
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm))
		line("created", when);
	for (i = 0; i < info->nr_vifs; i++)
		print_vif(info->vif[i]);
}

static int show(struct cmd_env *env, const char *name, bool json, bool first)
{
	struct chaos_info *info;
	uint32_t domid;

	if (chaos_lookup(env->ctx, name, &domid) ||
	    chaos_info_get(env->ctx, domid, &info))
		return cmd_report(env, "info");
	if (json) {
		print_json(info);
	} else {
		if (!first)
			printf("\n");
		print_text(info);
	}
	chaos_info_free(info);
	return 0;
}

static bool is_json(const char *arg)
{
	return !strcmp(arg, "--json") || !strcmp(arg, "-j");
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	bool json = false, first = true;
	int i, status = 0;

	for (i = 1; i < argc; i++)
		json |= is_json(argv[i]);
	for (i = 1; i < argc && !cmd_interrupted; i++) {
		if (is_json(argv[i]))
			continue;
		status |= show(env, argv[i], json, first);
		first = false;
	}
	if (first)
		return cmd_usage(&cmd_info, "which domain?");
	return cmd_interrupted ? 1 : status;
}

const struct cmd_verb cmd_info = {
	.name = "info",
	.args = "[-j|--json] NAME|DOMID...",
	.summary = "show what is known of domains",
	.help = "  chaos info web db\n",
	.run = run,
	.needs_library = true,
};
