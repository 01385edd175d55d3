// SPDX-License-Identifier: BSD-2-Clause
/* What this host has and lacks, with what helps. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <noxs/noxs.h>

#include "devices.h"

/* A guest of 1 MB with what it costs beside. */
#define SMALLEST_KB 4096

struct doctor {
	struct chaos *ctx;
	void (*fn)(void *arg, const struct chaos_check *check);
	void *arg;
};

static void tell(const struct doctor *d, const char *name,
		 enum chaos_health health, const char *found,
		 const char *remedy)
{
	struct chaos_check check = {
		.name = name, .health = health, .found = found,
		.remedy = remedy,
	};

	d->fn(d->arg, &check);
}

static void look_at_root(const struct doctor *d)
{
	if (geteuid())
		tell(d, "root", CHAOS_HEALTH_MISSING, "not root",
		     "run it as root");
	else
		tell(d, "root", CHAOS_HEALTH_OK, "root", "");
}

static void look_at_memory(const struct doctor *d)
{
	uint64_t kb;
	char text[64];
	int rc;

	rc = chaos__xen_free_kb(d->ctx->xen, &kb);
	if (rc) {
		tell(d, "memory", CHAOS_HEALTH_MISSING, strerror(-rc),
		     "run it in dom0");
		return;
	}
	snprintf(text, sizeof(text), "%llu MB free for guests",
		 (unsigned long long)kb / 1024);
	if (kb < SMALLEST_KB)
		tell(d, "memory", CHAOS_HEALTH_MISSING, text,
		     "boot Xen with dom0_mem=, or destroy something");
	else
		tell(d, "memory", CHAOS_HEALTH_OK, text, "");
}

static void look_at_xen(const struct doctor *d)
{
	const char *remedy = "boot this machine under Xen";
	int rc = chaos__need_xen(d->ctx, "host");

	if (!rc) {
		tell(d, "xen", CHAOS_HEALTH_OK, "there", "");
		look_at_memory(d);
		return;
	}
	if (rc == -EACCES || rc == -EPERM)
		remedy = "run it as root";
	tell(d, "xen", CHAOS_HEALTH_MISSING,
	     rc == -ENOENT ? "there is no Xen here" : strerror(-rc), remedy);
}

static void look_at_noxs(const struct doctor *d)
{
	struct noxs *nx;
	char text[64];
	int rc = noxs_open(&nx);

	if (!rc) {
		snprintf(text, sizeof(text), "version %u",
			 noxs_version(nx)->version);
		noxs_close(nx);
		tell(d, "noxs", CHAOS_HEALTH_OK, text, "");
	} else if (rc == -ENOSYS) {
		tell(d, "noxs", CHAOS_HEALTH_MISSING,
		     "this Xen has no noxs extension", "boot the extended Xen");
	} else if (rc == -EPROTO) {
		tell(d, "noxs", CHAOS_HEALTH_MISSING, "of another version",
		     "install Xen and chaos of one release");
	} else {
		tell(d, "noxs", CHAOS_HEALTH_MISSING, strerror(-rc),
		     "run it as root under Xen");
	}
}

static void look_at_backend(const struct doctor *d)
{
	int rc = chaos__devices_hello(d->ctx);

	if (!rc)
		tell(d, "backend", CHAOS_HEALTH_OK, "netback-lite answers", "");
	else if (rc == -ENOENT || rc == -ECONNREFUSED)
		tell(d, "backend", CHAOS_HEALTH_MISSING, "not running",
		     "start netback-lite");
	else if (rc == -EPROTO)
		tell(d, "backend", CHAOS_HEALTH_MISSING,
		     "speaks another version",
		     "install netback-lite and chaos of one release");
	else
		tell(d, "backend", CHAOS_HEALTH_MISSING, strerror(-rc),
		     "run it as root; see netback-lite(8)");
}

static bool snoops(const struct doctor *d, const char *bridge)
{
	char path[512];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/%s/bridge/multicast_snooping",
		 d->ctx->class_net, bridge);
	f = fopen(path, "re");
	if (!f)
		return false;
	c = fgetc(f);
	fclose(f);
	return c == '1';
}

static void look_at_bridge(const struct doctor *d, const char *bridge)
{
	char remedy[400];

	if (!snoops(d, bridge)) {
		tell(d, "bridge", CHAOS_HEALTH_OK, bridge, "");
		return;
	}
	/* Each port that is added costs more, the more ports there are. */
	snprintf(remedy, sizeof(remedy), "for many guests: ip link set %s type "
		 "bridge mcast_snooping 0", bridge);
	tell(d, "bridge", CHAOS_HEALTH_HINT, bridge, remedy);
}

static void look_at_bridges(const struct doctor *d)
{
	DIR *dir = opendir(d->ctx->class_net);
	unsigned int n = 0;
	struct dirent *e;
	char path[512];

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s/bridge", d->ctx->class_net,
			 e->d_name);
		if (e->d_name[0] == '.' || access(path, F_OK))
			continue;
		look_at_bridge(d, e->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	if (!n)
		tell(d, "bridge", CHAOS_HEALTH_MISSING, "none",
		     "ip link add xenbr0 type bridge && ip link set xenbr0 up");
}

static void look_at_run_dir(const struct doctor *d)
{
	int rc = chaos__store_open(d->ctx);

	if (rc)
		tell(d, "run directory", CHAOS_HEALTH_MISSING, strerror(-rc),
		     "make it a directory that root alone can write to");
	else
		tell(d, "run directory", CHAOS_HEALTH_OK, d->ctx->run_dir, "");
}

int chaos_doctor(struct chaos *ctx,
		 void (*fn)(void *arg, const struct chaos_check *check),
		 void *arg)
{
	const struct doctor d = { .ctx = ctx, .fn = fn, .arg = arg };

	chaos__begin(ctx);
	look_at_root(&d);
	look_at_xen(&d);
	look_at_noxs(&d);
	look_at_backend(&d);
	look_at_bridges(&d);
	look_at_run_dir(&d);
	chaos__clear_errors(ctx);
	return 0;
}
