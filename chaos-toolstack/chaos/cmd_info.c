// SPDX-License-Identifier: BSD-2-Clause
/* chaos info */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

void cmd_json_vif(struct cmd_json *j, const struct chaos_vif *v)
{
	cmd_json_object(j, NULL);
	cmd_json_uint(j, "id", v->id);
	cmd_json_string(j, "mac", v->mac);
	cmd_json_string(j, "bridge", v->bridge);
	cmd_json_string(j, "ifname", v->ifname);
	cmd_json_string(j, "backend", v->backend);
	cmd_json_string(j, "ip", v->ip);
	cmd_json_string(j, "gateway", v->gateway);
	cmd_json_string(j, "backend_state", v->backend_state);
	cmd_json_string(j, "frontend_state", v->frontend_state);
	cmd_json_uint(j, "mtu", v->mtu);
	cmd_json_uint(j, "guest_port", v->guest_port);
	cmd_json_uint(j, "backend_port", v->backend_port);
	cmd_json_uint(j, "rx_packets", v->rx_packets);
	cmd_json_uint(j, "rx_bytes", v->rx_bytes);
	cmd_json_uint(j, "tx_packets", v->tx_packets);
	cmd_json_uint(j, "tx_bytes", v->tx_bytes);
	cmd_json_end(j);
}

void cmd_json_info(struct cmd_json *j, const struct chaos_info *info)
{
	size_t i;

	cmd_json_object(j, NULL);
	cmd_json_domain(j, &info->domain);
	cmd_json_string(j, "kernel", info->kernel);
	cmd_json_string(j, "ramdisk", info->ramdisk);
	cmd_json_string(j, "cmdline", info->cmdline);
	cmd_json_string(j, "on_poweroff", info->on_poweroff);
	cmd_json_string(j, "on_reboot", info->on_reboot);
	cmd_json_string(j, "on_crash", info->on_crash);
	cmd_json_uint(j, "created", info->created);
	cmd_json_string(j, "power", info->power_state);
	cmd_json_raw(j, "config", *info->config ? info->config : "{}");
	cmd_json_array(j, "vifs");
	for (i = 0; i < info->nr_vifs; i++)
		cmd_json_vif(j, info->vif[i]);
	cmd_json_end(j);
	cmd_json_end(j);
}

static void line(const char *key, const char *value)
{
	if (*value)
		printf("%-12s %s\n", key, value);
}

static void print_vif(const struct chaos_vif *v)
{
	printf("vif %-8" PRIu32 " %s on %s as %s%s%s\n", v->id, v->mac,
	       *v->bridge ? v->bridge : "no bridge", v->ifname,
	       *v->backend ? " in " : "", v->backend);
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

static void print_state(const struct chaos_domain *d)
{
	printf("%-12s %s", "state", chaos_state_name(d->state));
	if (d->state == CHAOS_STATE_SHUTDOWN)
		printf(", code %" PRIu32, d->shutdown_code);
	printf("\n%-12s %.1f MB of at most %.1f\n", "memory",
	       (double)d->mem_kb / 1024, (double)d->max_mem_kb / 1024);
	printf("%-12s %" PRIu32 "\n", "vcpus", d->vcpus);
	printf("%-12s %.3f s\n", "cpu time", (double)d->cpu_ns / 1e9);
}

static void print_created(uint64_t created)
{
	time_t t = (time_t)created, now = time(NULL);
	unsigned long long s = now > t ? (unsigned long long)(now - t) : 0;
	char when[64];
	struct tm tm;

	if (!t || !localtime_r(&t, &tm) ||
	    !strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm))
		return;
	printf("%-12s %s, ", "created", when);
	if (s < 120)
		printf("%llu s ago\n", s);
	else if (s < 2 * 3600)
		printf("%llu min ago\n", s / 60);
	else if (s < 2 * 86400)
		printf("%llu h ago\n", s / 3600);
	else
		printf("%llu days ago\n", s / 86400);
}

static void print_power(const char *state)
{
	if (!strcmp(state, "connected"))
		line("power", "the guest has a driver");
	else if (!strcmp(state, "none"))
		line("power", "no device: it cannot be asked to shut down");
	else
		line("power", "no driver in the guest");
}

static void print_text(const struct chaos_info *info)
{
	const struct chaos_domain *d = &info->domain;
	size_t i;

	printf("%-12s %s\n", "name", *d->name ? d->name : "-");
	printf("%-12s %" PRIu32 "\n", "domid", d->domid);
	line("uuid", d->uuid);
	line("type", d->type);
	print_state(d);
	line("kernel", info->kernel);
	line("ramdisk", info->ramdisk);
	line("cmdline", info->cmdline);
	line("on_poweroff", info->on_poweroff);
	line("on_reboot", info->on_reboot);
	line("on_crash", info->on_crash);
	print_created(info->created);
	if (d->domid)
		print_power(info->power_state);
	for (i = 0; i < info->nr_vifs; i++)
		print_vif(info->vif[i]);
	line("config", info->config);
}

static int show(struct cmd_env *env, const char *name, bool first)
{
	struct chaos_info *info;
	uint32_t domid;

	if (cmd_lookup(env, name, &domid) ||
	    chaos_info_get(env->ctx, domid, &info))
		return cmd_report(env, "info");
	if (env->json) {
		cmd_json_info(env->json, info);
	} else {
		if (!first)
			printf("\n");
		print_text(info);
	}
	chaos_info_free(info);
	return 0;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int i, status = 0;

	if (cmd_no_options(env, &cmd_info, argc, argv))
		return EXIT_USAGE;
	if (optind == argc)
		return cmd_usage(&cmd_info, "which domain?");
	for (i = optind; i < argc && !cmd_interrupted; i++)
		status = cmd_worst(status, show(env, argv[i], i == optind));
	return i < argc ? EXIT_FAILURE : status;
}

const struct cmd_verb cmd_info = {
	.name = "info",
	.args = "NAME|DOMID...",
	.summary = "show what is known of domains",
	.help = "  chaos info web db\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};
