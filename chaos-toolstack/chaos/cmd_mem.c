// SPDX-License-Identifier: BSD-2-Clause
/* chaos mem-set */
#include <ctype.h>
#include <string.h>

#include "cmd.h"

#define TIMEOUT_MS	30000
#define MAX_KB		(1ull << 42)

/* xl's: MiB, or with b, k, m, g, t behind it, in any case. */
static bool parse_size(const char *text, uint64_t *kb)
{
	static const char units[] = "bkmgt";
	size_t n = strspn(text, "0123456789");
	const char *unit = units + 2;
	char digits[20];
	uint64_t value;

	if (!n || n >= sizeof(digits))
		return false;
	if (text[n]) {
		unit = strchr(units, tolower((unsigned char)text[n]));
		if (!unit || text[n + 1])
			return false;
	}
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (!cmd_parse_number(digits, 0, MAX_KB, &value))
		return false;
	if (unit == units)
		value /= 1024;
	else if (value > MAX_KB >> 10 * (unit - units - 1))
		return false;
	else
		value <<= 10 * (unit - units - 1);
	*kb = value;
	return true;
}

static int run(struct cmd_env *env, int argc, char **argv)
{
	int c, timeout_ms = TIMEOUT_MS;
	uint32_t domid;
	uint64_t kb;

	while ((c = cmd_getopt(env, &cmd_mem_set, argc, argv)) !=
	       CMD_GETOPT_END) {
		if (c == CMD_GETOPT_BAD)
			return EXIT_USAGE;
		if (!cmd_parse_seconds(optarg, &timeout_ms))
			return cmd_usage(&cmd_mem_set, "-t takes seconds");
	}
	if (argc - optind != 2)
		return cmd_usage(&cmd_mem_set, "which domain, how much?");
	if (!parse_size(argv[optind + 1], &kb))
		return cmd_usage(&cmd_mem_set, "\"%s\" is no size, like 64 or "
				 "64m (MiB), 65536k, 1g", argv[optind + 1]);
	if (cmd_lookup(env, argv[optind], &domid) ||
	    chaos_mem_set(env->ctx, domid, kb, timeout_ms))
		return cmd_report(env, "mem-set");
	if (env->json) {
		cmd_json_object(env->json, NULL);
		cmd_json_uint(env->json, "domid", domid);
		cmd_json_uint(env->json, "memory_kb", kb);
		cmd_json_end(env->json);
	}
	return 0;
}

static const struct cmd_option options[] = {
	{ 't', "timeout", "SECONDS", "for the guest to do it; 30" },
	{ 0 },
};

const struct cmd_verb cmd_mem_set = {
	.name = "mem-set",
	.args = "NAME|DOMID SIZE",
	.summary = "have a domain give back memory, or take it",
	.help = "  SIZE is in MiB, or with b, k, m, g or t behind it.  A guest can have as\n"
	"  much as it started with, and needs some itself.\n\n"
	"  chaos mem-set web 3m\n",
	.options = options,
	.words = CMD_WORDS_DOMAINS,
	.json = true,
	.needs_library = true,
	.run = run,
};
