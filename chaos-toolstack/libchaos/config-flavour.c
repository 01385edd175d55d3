// SPDX-License-Identifier: BSD-2-Clause
/* Flavours of spares, and which configurations they are good for. */
#include <stdio.h>
#include <string.h>

#include <chaosd.h>

#include "config.h"

#define LATE "leave it out: it is the guest's, which says it at its create"

static void refuse(struct chaos__parse *p, bool is_set, const char *key)
{
	if (is_set)
		chaos__parse_fail(p, key, "", LATE, "a spare cannot have it");
}

static bool has_limits(const struct chaos__vif_config *v)
{
	unsigned int i;

	for (i = 0; i < NOXS_NETBACK_NR_LIMITS; i++)
		if (v->limit[i].amount)
			return true;
	return false;
}

static void check_vif(struct chaos__parse *p, unsigned int i)
{
	const struct chaos__vif_config *v = &p->cfg->vif[i];
	char part[16];

	if (!v->mac_set && !v->mtu && !v->ip_mode && !*v->ifname &&
	    !has_limits(v) && !v->spoofchk &&
	    !v->vlan && !*v->backend)
		return;
	snprintf(part, sizeof(part), "[%u]", i);
	chaos__parse_fail(p, "vif", part, LATE,
			  "of a spare it can have bridge, id and queues only");
}

void chaos__parse_flavour(struct chaos__parse *p)
{
	const struct chaos_config *cfg = p->cfg;
	unsigned int i;

	if (!chaos_flavour_is_loaded(cfg)) {
		refuse(p, cfg->ramdisk, "ramdisk");
		refuse(p, cfg->cmdline || cfg->root || cfg->extra, "cmdline");
	}
	if (cfg->spares_low > cfg->spares_high)
		chaos__parse_fail(p, "spares_low", "", "",
				  "%ld is more than spares_high, %ld",
				  cfg->spares_low, cfg->spares_high);
	refuse(p, cfg->uuid_set, "uuid");
	refuse(p, cfg->cpus, "cpus");
	refuse(p, cfg->pool, "pool");
	refuse(p, cfg->cpu_weight >= 0, "cpu_weight");
	refuse(p, cfg->cap >= 0, "cap");
	refuse(p, cfg->on_poweroff, "on_poweroff");
	refuse(p, cfg->on_reboot, "on_reboot");
	refuse(p, cfg->on_crash, "on_crash");
	refuse(p, cfg->idle_timeout, "idle_timeout");
	refuse(p, cfg->on_idle, "on_idle");
	for (i = 0; i < cfg->nr_vifs; i++)
		check_vif(p, i);
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* One is what it is without the key. */
static unsigned int queues_of(const struct chaos__vif_config *v)
{
	return v->queues ? v->queues : 1;
}

static const char *vif_misfit(const struct chaos__vif_config *have,
			      const struct chaos__vif_config *want)
{
	if (have->id != want->id)
		return "id of a vif";
	if (queues_of(have) != queues_of(want))
		return "queues of a vif";
	if (*want->backend)
		return "backend";
	if (*want->ifname)
		return "vifname";	/* a spare's TAP has its name */
	if (*have->bridge && strcmp(have->bridge, want->bridge))
		return "bridge";
	return NULL;
}

const char *chaos_flavour_misfit(const struct chaos_config *f,
				 const struct chaos_config *cfg)
{
	const char *what = NULL;
	unsigned int i;

	if (f->pvh != cfg->pvh)
		return "type";
	if (f->memory_mb != cfg->memory_mb || f->maxmem_mb != cfg->maxmem_mb)
		return "memory";
	if (f->vcpus != cfg->vcpus)
		return "vcpus";
	if (f->max_grant_frames != cfg->max_grant_frames ||
	    f->max_maptrack_frames != cfg->max_maptrack_frames ||
	    f->max_event_channels != cfg->max_event_channels)
		return "limits";
	if (chaos_flavour_is_loaded(f) && !same_text(f->kernel, cfg->kernel))
		return "kernel";
	if (chaos_flavour_is_loaded(f) &&
	    (!same_text(f->ramdisk, cfg->ramdisk) ||
	     !same_text(f->cmdline, cfg->cmdline)))
		return "ramdisk or cmdline";
	if (f->nr_vifs != cfg->nr_vifs)
		return "number of vifs";
	for (i = 0; i < f->nr_vifs && !what; i++)
		what = vif_misfit(&f->vif[i], &cfg->vif[i]);
	return what;
}

int chaos_flavour_is_loaded(const struct chaos_config *flavour)
{
	return flavour->kernel && *flavour->kernel;
}

unsigned int chaosd_flavour_nr_vifs(const struct chaos_config *flavour)
{
	return flavour->nr_vifs;
}

/* A flavour fits itself, but for the bridge that it leaves open. */
int chaos_flavour_same(const struct chaos_config *a,
		       const struct chaos_config *b)
{
	return chaos_flavour_is_loaded(a) == chaos_flavour_is_loaded(b) &&
	       !chaos_flavour_misfit(a, b) && !chaos_flavour_misfit(b, a);
}

void chaos_flavour_marks(const struct chaos_config *flavour, unsigned int *low,
			 unsigned int *high)
{
	*high = (unsigned int)flavour->spares_high;
	*low = flavour->spares_low >= 0 ? (unsigned int)flavour->spares_low :
					  (*high + 1) / 2;
}
