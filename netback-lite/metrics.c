// SPDX-License-Identifier: BSD-2-Clause
/* The file for Prometheus. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "closer.h"
#include "guest.h"
#include "metrics.h"
#include "shard.h"
#include "stats.h"
#include "vif.h"

#define ROWS_PER_TURN	64u
#define ROWS_OF_A_WAIT	8u	/* as long as another thread's turn may take */
#define PREFIX		"netback_vif_"

struct nbl_metrics {
	int dir;
	char name[NAME_MAX + 1], tmp[NAME_MAX + 8];
	int64_t interval_ms, due_ms;
	bool failing;		/* and said so */
	/* The file that is being written, or NULL, and where it is. */
	FILE *file;
	unsigned int family;	/* of metrics */
	unsigned int shard;
	uint32_t at;		/* domid << 16 | vif: the first not written */
};

/* The families that are no counters of nbl_counters[]. */
enum { INFO, CONNECTED, BROKEN, MAPPED, DROPS, NR_OTHERS };

static const struct {
	const char *name, *type, *help;
} others[NR_OTHERS] = {
	[INFO] = { "info", "gauge", "Names of the vif's TAP and bridge." },
	[CONNECTED] = { "connected", "gauge", "Whether the guest uses it." },
	[BROKEN] = { "broken", "gauge", "Closed for what its guest did." },
	[MAPPED] = { "mapped_pages", "gauge",
		     "Pages of the guest's buffers that are mapped." },
	[DROPS] = { "drops_total", "counter",
		    "Frames that were dropped, by reason." },
};

static unsigned int nr_families(void)
{
	return NR_OTHERS + (unsigned int)nbl_nr_counters;
}

static void put_head(FILE *f, unsigned int family)
{
	const struct nbl_counter *c;

	if (family < NR_OTHERS) {
		fprintf(f, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n",
			others[family].name, others[family].help,
			others[family].name, others[family].type);
		return;
	}
	c = &nbl_counters[family - NR_OTHERS];
	fprintf(f, "# HELP " PREFIX "%s_total %s\n"
		"# TYPE " PREFIX "%s_total counter\n", c->metric, c->help,
		c->metric);
}

static void put_labels(FILE *f, const struct nbl_vif *vif)
{
	char uuid[NBL_UUID_SIZE];

	fprintf(f, "{domid=\"%u\",vif=\"%u\"", vif->guest->domid, vif->id);
	nbl_uuid_format(vif->guest->uuid, uuid);
	if (*uuid)
		fprintf(f, ",uuid=\"%s\"", uuid);
}

static void put_drops(FILE *f, const struct nbl_vif *vif)
{
	const char *name;
	unsigned int i;
	bool tx;

	for (i = 0; (name = noxs_netback_drop_name(i, &tx)); i++) {
		fputs(PREFIX "drops_total", f);
		put_labels(f, vif);
		fprintf(f, ",direction=\"%s\",reason=\"%s\"} %llu\n",
			tx ? "transmit" : "receive", name,
			(unsigned long long)vif->stats.drop[i]);
	}
}

/* Of those alone that are. */
static void put_broken(FILE *f, const struct nbl_vif *vif)
{
	if (!vif->broken)
		return;
	fputs(PREFIX "broken", f);
	put_labels(f, vif);
	fputs(",reason=", f);
	nbl_put_quoted(f, vif->broken_why);
	fputs("} 1\n", f);
}

static void put_vif(FILE *f, unsigned int family, const struct nbl_vif *vif)
{
	const struct nbl_counter *c;

	switch (family) {
	case INFO:
		fputs(PREFIX "info", f);
		put_labels(f, vif);
		fputs(",ifname=", f);
		nbl_put_quoted(f, vif->tap->ifname);
		fputs(",bridge=", f);
		nbl_put_quoted(f, vif->bridge);
		fprintf(f, ",spare=\"%d\"} 1\n", vif->spare);
		return;
	case CONNECTED:
		fputs(PREFIX "connected", f);
		put_labels(f, vif);
		fprintf(f, "} %d\n", vif->connected);
		return;
	case BROKEN:
		put_broken(f, vif);
		return;
	case MAPPED:
		fputs(PREFIX "mapped_pages", f);
		put_labels(f, vif);
		fprintf(f, "} %u\n", nbl_vif_mapped(vif));
		return;
	case DROPS:
		put_drops(f, vif);
		return;
	default:
		c = &nbl_counters[family - NR_OTHERS];
		fprintf(f, PREFIX "%s_total", c->metric);
		put_labels(f, vif);
		fprintf(f, "} %llu\n", (unsigned long long)
			nbl_counter_get(c, &vif->stats));
	}
}

/* What Xen calls the guests, which may change: 16 of them a hypercall. */
static void read_uuids(struct nbl *nb, void *arg)
{
	struct xen_noxs_states op = { .next_domid = 0 };
	unsigned int i;

	(void)arg;
	while (op.next_domid != XEN_NOXS_END && !noxs_states(nb->nx, &op)) {
		for (i = 0; i < op.nr && i < XEN_NOXS_STATES_MAX; i++) {
			struct nbl_guest *guest =
				nbl_guest_find(nb, op.entry[i].domid);

			if (guest && guest->serial == op.entry[i].serial)
				memcpy(guest->uuid, op.entry[i].uuid,
				       sizeof(guest->uuid));
		}
	}
}

static int failed(struct nbl_metrics *m, int rc)
{
	if (!m->failing)
		nbl_log(NBL_WARN, "write %s: %s; it is tried again", m->name,
			nbl_strerror(rc));
	m->failing = true;
	return rc;
}

static int begin(struct nbl *nb)
{
	struct nbl_metrics *m = nb->metrics;
	int fd, rc;

	m->due_ms = nbl_now_ms() + m->interval_ms;
	fd = openat(m->dir, m->tmp,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return failed(m, -errno);
	m->file = fdopen(fd, "w");
	if (!m->file) {
		rc = -errno;
		close(fd);
		return failed(m, rc);
	}
	m->family = 0;
	m->shard = 0;
	m->at = 0;
	put_head(m->file, 0);
	nbl_shards_each(nb, read_uuids, NULL);
	return 0;
}

/* Whole, or not at all. */
static int end(struct nbl_metrics *m)
{
	int rc = ferror(m->file) ? -EIO : 0;

	if (fclose(m->file) && !rc)
		rc = -errno;
	m->file = NULL;
	if (!rc && renameat(m->dir, m->tmp, m->dir, m->name))
		rc = -errno;
	if (rc) {
		unlinkat(m->dir, m->tmp, 0);
		return failed(m, rc);
	}
	m->failing = false;
	return 0;
}

struct slice {
	struct nbl_metrics *m;
	unsigned int rows;
	bool end;		/* of the shard */
};

/* Of one shard, in its thread. */
static void put_rows(struct nbl *nb, void *arg)
{
	struct slice *s = arg;
	struct nbl_metrics *m = s->m;
	struct nbl_vif *vif;

	while (s->rows < ROWS_PER_TURN && !s->end) {
		vif = nbl_vif_next(nb, (uint16_t)(m->at >> 16),
				   (uint16_t)m->at);
		s->end = !vif;
		if (!vif)
			break;
		put_vif(m->file, m->family, vif);
		m->at = ((uint32_t)vif->guest->domid << 16 | vif->id) + 1;
		s->rows += m->family == DROPS ? NOXS_NETBACK_NR_DROPS : 1;
	}
}

/* 1: there is more; 0: done; -errno. */
static int slice(struct nbl *nb)
{
	struct nbl_metrics *m = nb->metrics;
	struct slice s = { .m = m };

	while (s.rows < ROWS_PER_TURN) {
		s.end = false;
		s.rows += m->shard ? ROWS_OF_A_WAIT : 0;
		nbl_shard_do_nr(nb, m->shard, put_rows, &s);
		if (!s.end)
			continue;
		m->at = 0;
		if (++m->shard < nbl_shards_nr(nb))
			continue;
		m->shard = 0;
		if (++m->family == nr_families())
			return end(m);
		put_head(m->file, m->family);
	}
	return 1;
}

int nbl_metrics_timeout(struct nbl *nb, int timeout_ms)
{
	struct nbl_metrics *m = nb->metrics;
	int64_t left;

	if (!m)
		return timeout_ms;
	left = m->file ? 0 : m->due_ms - nbl_now_ms();
	if (left < 0)
		left = 0;
	return timeout_ms < 0 || left < timeout_ms ? (int)left : timeout_ms;
}

void nbl_metrics_turn(struct nbl *nb)
{
	struct nbl_metrics *m = nb->metrics;

	if (!m || (!m->file && (nbl_now_ms() < m->due_ms || begin(nb))))
		return;
	slice(nb);
}

static int open_dir(struct nbl_metrics *m, const char *path,
		    char err[NBL_ERROR_SIZE])
{
	char *dir = strdup(path), *name = strdup(path);
	int rc = 0;

	if (!dir || !name) {
		rc = nbl_fail(err, -ENOMEM, "allocate");
		goto out;
	}
	if (snprintf(m->name, sizeof(m->name), "%s", basename(name)) >=
	    (int)sizeof(m->name)) {
		rc = nbl_fail(err, -ENAMETOOLONG, "metrics %s", path);
		goto out;
	}
	/* Who collects *.prom does not take it while it is half. */
	snprintf(m->tmp, sizeof(m->tmp), ".%s.tmp", m->name);
	m->dir = open(dirname(dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (m->dir < 0)
		rc = nbl_fail(err, -errno, "metrics: open the folder of %s",
			      path);
out:
	free(dir);
	free(name);
	return rc;
}

int nbl_metrics_open(struct nbl *nb, const char *path, unsigned int interval_s,
		     char err[NBL_ERROR_SIZE])
{
	struct nbl_metrics *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return nbl_fail(err, -ENOMEM, "allocate");
	m->interval_ms = (int64_t)interval_s * 1000;
	rc = open_dir(m, path, err);
	if (rc)
		goto err_free;
	m->failing = true;	/* of this first one nothing is logged */
	nb->metrics = m;
	rc = begin(nb);
	while (!rc && m->file) {
		rc = slice(nb);
		rc = rc > 0 ? 0 : rc;
	}
	m->failing = false;
	if (!rc)
		return 0;
	nb->metrics = NULL;
	nbl_fail(err, rc, rc == -EACCES ? "metrics: let user %u write to the "
		 "folder of %s" : "metrics: uid %u cannot write %s", geteuid(),
		 path);
	close(m->dir);
err_free:
	free(m);
	return rc;
}

void nbl_metrics_close(struct nbl *nb)
{
	struct nbl_metrics *m = nb->metrics;

	if (!m)
		return;
	if (m->file)
		fclose(m->file);
	unlinkat(m->dir, m->tmp, 0);
	unlinkat(m->dir, m->name, 0);
	close(m->dir);
	free(m);
	nb->metrics = NULL;
}
