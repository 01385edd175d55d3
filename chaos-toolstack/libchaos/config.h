/* SPDX-License-Identifier: BSD-2-Clause */
/* A parsed configuration, and what the files of the parser share. */
#ifndef CHAOS_CONFIG_H
#define CHAOS_CONFIG_H

#include <libxlutil.h>

#include <noxs/netback.h>

#include "internal.h"
#include "xen/cpus.h"

#define CHAOS__MAX_KEYS		128
#define CHAOS__CONFIG_MAX	(1u << 20)	/* bytes of a file */
#define CHAOS__MAX_DEPTH	4	/* of lists; none of ours is deeper than 1 */
#define CHAOS__BRIDGE_DEFAULT	"xenbr0"	/* as xl */

/* rate=, pps=, ... of a vif */
struct chaos__limit {
	char text[32];			/* as written; "": none */
	uint64_t amount;		/* in each interval; 0: no limit */
	uint32_t interval_us;
};

enum chaos__spoofchk {
	CHAOS__SPOOFCHK_DEFAULT = 0,	/* ON if it has an address, else OFF */
	CHAOS__SPOOFCHK_OFF,
	CHAOS__SPOOFCHK_MAC,
	CHAOS__SPOOFCHK_ON,
	CHAOS__NR_SPOOFCHKS,
};

/* "off", ...; NULL: the default. */
extern const char *const chaos__spoofchk_names[CHAOS__NR_SPOOFCHKS];

/* Their keys, in the order of enum noxs_netback_limited. */
extern const char *const chaos__limit_keys[NOXS_NETBACK_NR_LIMITS];

/* Each has an event channel of its own. */
#define CHAOS__MAX_QUEUES	4

struct chaos__vif_config {
	uint8_t id;			/* 0..14, no two of a guest the same */
	bool id_set;			/* else the parser chose it */
	uint8_t mac[6];
	bool mac_set;
	uint16_t mtu;			/* 0: the bridge's */
	uint8_t ip_mode;		/* XEN_NOXS_NET_IP_* */
	uint8_t prefix;
	uint8_t ip[4], gateway[4];
	char bridge[16], ifname[16];
	struct chaos__limit limit[NOXS_NETBACK_NR_LIMITS];
	uint8_t spoofchk;		/* enum chaos__spoofchk */
	uint16_t vlan;			/* 0: none */
	uint8_t queues;			/* 1..CHAOS__MAX_QUEUES; 0: 1 */
	char backend[CHAOS_NAME_MAX + 1]; /* a domain, by name or number; "": ours */
};

struct chaos_config {
	char *name;			/* may have one %d until numbered */
	char *pattern;			/* name= as written, once numbered */
	uint8_t uuid[16];
	bool uuid_set;
	bool pvh;
	char *kernel, *ramdisk, *cmdline;
	char *root, *extra;
	char *on_poweroff, *on_reboot, *on_crash;
	long idle_timeout;		/* s; 0: never */
	char *on_idle;
	long memory_mb, maxmem_mb;
	long vcpus, maxvcpus;
	/* NULL: any.  chaos__cpus_parse() each: for all vCPUs, or, with a ;
	 * in it, for vCPU 0, 1, ... */
	char *cpus;
	char *pool;			/* name or number; NULL: not said */
	long cpu_weight;		/* -1: not said */
	long cap;			/* percent of a CPU, 0: none; -1: not said */
	long max_grant_frames, max_maptrack_frames, max_event_channels;
	long spares_low, spares_high;	/* of a flavour; low -1: not said */
	unsigned int nr_vifs;
	struct chaos__vif_config vif[CHAOS__MAX_VIFS];
};

/* config-scan.c: where each key stands. */
struct chaos__scan_key {
	char name[48];
	unsigned int line;
};
struct chaos__scan {
	unsigned int nr;
	unsigned int escape_line, depth_line;	/* of the first such; or 0 */
	struct chaos__scan_key key[CHAOS__MAX_KEYS];
};
/* -E2BIG: more keys than a configuration can have. */
int chaos__scan(const char *text, struct chaos__scan *scan);
bool chaos__is_utf8(const char *text);

struct chaos__parse {
	struct chaos *ctx;
	struct chaos_config *cfg;
	const char *origin;
	unsigned int nr_lines;		/* of the text, without overrides */
	bool json;			/* lines are not those of the file */
	bool flavour;			/* of spares, not of a guest */
	XLU_Config *xlu;
	struct chaos__scan scan;
};

/* config.c */
struct chaos_config *chaos__config_new(void);	/* the defaults; NULL: no memory */
/* As chaos_config_parse_string, in the middle of another call. */
int chaos__config_parse(struct chaos *ctx, const char *origin, const char *text,
			const char *const *overrides, struct chaos_config **out);
int chaos__parse_fail(struct chaos__parse *p, const char *key, const char *part,
		      const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void chaos__parse_warn(struct chaos__parse *p, const char *key,
		       const char *text);

/* config-copy.c */
bool chaos__is_pattern(const char *name);

/* config-text.c: the text with the overrides at its end; *out is malloc'd. */
int chaos__config_read(struct chaos *ctx, const char *path, char **out);
int chaos__config_override(struct chaos *ctx, const char *origin,
			   const char *text, const char *const *overrides,
			   char **out);

/* config-keys.c: every key that was set; errors go to the context. */
void chaos__parse_keys(struct chaos__parse *p);
/* Could the keys have given these numbers and actions? */
bool chaos__keys_valid(const struct chaos_config *cfg);
/* The keys that mean something, 0, 1, ...; NULL: no more. */
const char *chaos__key_name(size_t i);
/* config-check.c: what one key alone cannot tell. */
void chaos__parse_check(struct chaos__parse *p);
/*
 * config-flavour.c: what a spare can have before it is somebody's.  A flavour is
 * a configuration of only that; without a kernel any will do.
 */
void chaos__parse_flavour(struct chaos__parse *p);
/* config-vif.c */
void chaos__parse_vifs(struct chaos__parse *p, const char *key);
const char *chaos__vif_key_name(size_t i);	/* as chaos__key_name() */
/* Could it be the name or the number of a domain? */
bool chaos__backend_valid(const char *name);

/* config-cpus.c */
/*
 * One list, up to a ; or the end of the text.  NULL, and where the next begins;
 * or what is wrong with it.  "all" sets CPUs that the host does not have.
 */
const char *chaos__cpus_parse(const char *text, const char **end,
			      struct chaos__cpus *cpus);
void chaos__parse_cpus(struct chaos__parse *p, const char *key);
/* config-rate.c: false: not a rate, or one of nothing. */
bool chaos__pps_parse(const char *text, uint64_t *frames,
		      uint32_t *interval_us);
bool chaos__rate_parse(const char *text, uint64_t *bytes,
		       uint32_t *interval_us);

#endif
