// SPDX-License-Identifier: BSD-2-Clause
/* chaos network-attach, network-detach, network-list */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd.h"

/* The vif with that number or MAC; NULL: there is none. */
static const struct chaos_vif *find_vif(const struct chaos_info *info,
					const char *id_or_mac)
{
	uint64_t id;
	size_t i;

	for (i = 0; i < info->nr_vifs; i++)
		if (!strcasecmp(info->vif[i]->mac, id_or_mac) ||
		    (cmd_parse_number(id_or_mac, 0, UINT32_MAX, &id) &&
		     info->vif[i]->id == id))
			return info->vif[i];
	return NULL;
}

/* network-attach ------------------------------------------------------------ */

/* The arguments as one description: KEY=VALUE or several with commas. */
static char *join(int argc, char **argv)
{
	size_t size = 1;
	char *spec;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	spec = calloc(1, size);
	for (i = 0; spec && i < argc; i++) {
		if (i)
			strcat(spec, ",");
		strcat(spec, argv[i]);
	}
	return spec;
}

static void tell(struct cmd_env *env, uint32_t domid, uint32_t id)
{
	const struct chaos_vif *v = NULL;
	struct chaos_info *info;
	char text[16];

	if (!env->json || chaos_info_get(env->ctx, domid, &info))
		return;
	snprintf(text, sizeof(text), "%" PRIu32, id);
	v = find_vif(info, text);
	cmd_json_object(env->json, NULL);
	cmd_json_uint(env->json, "domid", domid);
	cmd_json_uint(env->json, "id", id);
	cmd_json_string(env->json, "mac", v ? v->mac : "");
	cmd_json_string(env->json, "ifname", v ? v->ifname : "");
	cmd_json_end(env->json);
	chaos_info_free(info);
}

static int run_attach(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_network_attach, argc, argv);
	uint32_t domid, id;
	char *spec;

	if (status)
		return status;
	if (optind == argc)
		return cmd_usage(&cmd_network_attach, "to which domain?");
	spec = join(argc - optind - 1, argv + optind + 1);
	if (!spec)
		return cmd_fail(env, "network-attach", -ENOMEM, argv[optind],
				"begin", "%s", strerror(ENOMEM));
	if (cmd_lookup(env, argv[optind], &domid) ||
	    chaos_network_attach(env->ctx, domid, spec, &id))
		status = cmd_report(env, "network-attach");
	else
		tell(env, domid, id);
	free(spec);
	return status;
}

const struct cmd_verb cmd_network_attach = {
	.name = "network-attach",
	.args = "NAME|DOMID [KEY=VALUE...]",
	.summary = "add a network interface to a domain",
	.help =
	"  The keys are those of vif in chaos.cfg(5); what is not said is chosen.\n\n"
	"  chaos network-attach web bridge=xenbr1 ip=10.0.1.2/24\n",
	.words = CMD_WORDS_DOMAINS " bridge= ip= mac= gateway= mtu= id=",
	.json = true,
	.needs_library = true,
	.run = run_attach,
};

/* network-detach ------------------------------------------------------------ */

static int detach(struct cmd_env *env, const char *domain, const char *vif)
{
	const struct chaos_vif *v;
	struct chaos_info *info;
	uint32_t domid, id;

	if (cmd_lookup(env, domain, &domid) ||
	    chaos_info_get(env->ctx, domid, &info))
		return cmd_report(env, "network-detach");
	v = find_vif(info, vif);
	id = v ? v->id : 0;
	chaos_info_free(info);
	if (!v)
		return cmd_fail(env, "network-detach", -ENODEV, domain,
				"find the vif", "it has none with id or MAC %s",
				vif);
	if (chaos_network_detach(env->ctx, domid, id))
		return cmd_report(env, "network-detach");
	if (env->json) {
		cmd_json_object(env->json, NULL);
		cmd_json_uint(env->json, "domid", domid);
		cmd_json_uint(env->json, "id", id);
		cmd_json_end(env->json);
	}
	return 0;
}

static int run_detach(struct cmd_env *env, int argc, char **argv)
{
	int status = cmd_no_options(env, &cmd_network_detach, argc, argv);

	if (status)
		return status;
	if (argc - optind != 2)
		return cmd_usage(&cmd_network_detach,
				 "which interface of which domain?");
	return detach(env, argv[optind], argv[optind + 1]);
}

const struct cmd_verb cmd_network_detach = {
	.name = "network-detach",
	.args = "NAME|DOMID ID|MAC",
	.summary = "take a network interface from a domain",
	.help = "  chaos network-detach web 1\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_detach,
};

/* network-list --------------------------------------------------------------- */

static const struct cmd_column columns[] = {
	{ "DOMAIN", false }, { "ID", true }, { "MAC", false },
	{ "BRIDGE", false }, { "TAP", false }, { "IP", false },
	{ "BACK", false }, { "FRONT", false }, { "RX/KB", true },
	{ "TX/KB", true },
};

static void add_row(struct cmd_table *t, const struct chaos_info *info,
		    const struct chaos_vif *v)
{
	cmd_table_text(t, CMD_PLAIN, info->domain.name);
	cmd_table_cell(t, CMD_PLAIN, "%" PRIu32, v->id);
	cmd_table_text(t, CMD_PLAIN, v->mac);
	cmd_table_text(t, CMD_PLAIN, *v->bridge ? v->bridge : "-");
	cmd_table_text(t, CMD_PLAIN, v->ifname);
	cmd_table_text(t, CMD_PLAIN, *v->ip ? v->ip : "-");
	cmd_table_text(t, CMD_PLAIN, v->backend_state);
	cmd_table_text(t, CMD_PLAIN, v->frontend_state);
	cmd_table_cell(t, CMD_PLAIN, "%" PRIu64, v->rx_bytes / 1024);
	cmd_table_cell(t, CMD_PLAIN, "%" PRIu64, v->tx_bytes / 1024);
}

static void add_json(struct cmd_json *j, const struct chaos_info *info)
{
	size_t i;

	cmd_json_object(j, NULL);
	cmd_json_uint(j, "domid", info->domain.domid);
	cmd_json_string(j, "name", info->domain.name);
	cmd_json_array(j, "vifs");
	for (i = 0; i < info->nr_vifs; i++)
		cmd_json_vif(j, info->vif[i]);
	cmd_json_end(j);
	cmd_json_end(j);
}

static int run_list(struct cmd_env *env, int argc, char **argv)
{
	int i, status = cmd_no_options(env, &cmd_network_list, argc, argv);
	struct chaos_info *info;
	struct cmd_table table;
	uint32_t domid;
	size_t v;

	if (status)
		return status;
	if (optind == argc)
		return cmd_usage(&cmd_network_list, "of which domains?");
	cmd_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (i = optind; i < argc && !cmd_interrupted; i++) {
		if (cmd_lookup(env, argv[i], &domid) ||
		    chaos_info_get(env->ctx, domid, &info)) {
			status = cmd_worst(status,
					   cmd_report(env, "network-list"));
			continue;
		}
		if (env->json)
			add_json(env->json, info);
		for (v = 0; !env->json && v < info->nr_vifs; v++)
			add_row(&table, info, info->vif[v]);
		chaos_info_free(info);
	}
	if (env->json)
		return status;
	return cmd_worst(status, cmd_show_table(env, "network-list", &table));
}

const struct cmd_verb cmd_network_list = {
	.name = "network-list",
	.args = "NAME|DOMID...",
	.summary = "show the network interfaces of domains",
	.help = "  chaos network-list web db\n",
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run_list,
};
