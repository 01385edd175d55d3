// SPDX-License-Identifier: BSD-2-Clause
/* The backend as a whole: open, close, one turn of the loop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "await.h"
#include "batch.h"
#include "closer.h"
#include "control.h"
#include "evtchn.h"
#include "gnttab.h"
#include "guest.h"
#include "keeper.h"
#include "ledger.h"
#include "link.h"
#include "log.h"
#include "metrics.h"
#include "nbl.h"
#include "remote.h"
#include "shard.h"
#include "steer.h"
#include "switch.h"
#include "vif.h"
#include "watch.h"
#include "writer.h"

int64_t nbl_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int nbl_port_set(struct nbl *nb, uint32_t nr, struct nbl_port *port)
{
	struct nbl_port **table;
	uint32_t size;

	if (nr >= NBL_MAX_PORT)
		return -ERANGE;
	if (nr >= nb->nr_ports) {
		for (size = 256; size <= nr; size *= 2)
			;
		table = realloc(nb->port, size * sizeof(*table));
		if (!table)
			return -ENOMEM;
		memset(table + nb->nr_ports, 0,
		       (size - nb->nr_ports) * sizeof(*table));
		nb->port = table;
		nb->nr_ports = size;
	}
	nb->port[nr] = port;
	return 0;
}

/*
 * Only marks.  Bounded: a port that was taken is masked until its vif had its
 * turn, so each is here at most once.
 */
static void evtchn_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl *nb = nbl_container(src, struct nbl, evtchn_src);
	uint32_t port;
	int rc;

	(void)events;
	while (!(rc = nbl_evtchn_pending(nb->ec, &port))) {
		if (nb->watch.on && port == nb->watch.port)
			nbl_watch_event(nb);
		else if (port < nb->nr_ports && nb->port[port])
			nbl_vif_event(nb->port[port]);
	}
	if (rc != -EAGAIN)	/* no way to hear guests any more */
		nb->error = rc;
}

/* What belonged to a TAP that is closed goes with it. */
static void nbl_reap(struct nbl *nb)
{
	struct nbl_closer_ticket *t;

	while (nb->closer && (t = nbl_closer_done(nb->closer))) {
		nbl_ledger_erase(nb->ledger, t->record);
		free(t);
	}
}

static void closer_ready(struct nbl_source *src, uint32_t events)
{
	struct nbl *nb = nbl_container(src, struct nbl, closer_src);

	(void)events;
	nbl_closer_ack(nb->closer);
	nbl_reap(nb);
	nbl_control_retry(nb->control);
	nbl_remote_retry(nb);
}

static int nbl_open_handles(struct nbl *nb, const char **step)
{
	int rc;

	*step = "open the noxs hypercall";
	rc = noxs_open(&nb->nx);
	if (rc)
		return rc;
	nb->domid = noxs_version(nb->nx)->domid;
	*step = "open the noxs pages";
	rc = noxs_map_open(nb->nx);
	if (rc)
		return rc;
	*step = "open event channels";
	rc = nbl_evtchn_open(&nb->ec);
	if (rc)
		return rc;
	*step = "open grants";
	rc = nbl_gnttab_open(&nb->gt);
	if (rc)
		return rc;
	*step = "open rtnetlink";
	rc = nbl_link_open(&nb->link);
	if (rc)
		return rc;
	*step = "open epoll";
	rc = nbl_loop_init(&nb->loop);
	if (rc)
		return rc;
	return nbl_loop_add(&nb->loop, nbl_evtchn_fd(nb->ec), EPOLLIN,
			    &nb->evtchn_src);
}

int nbl_open(struct nbl **out, const char **step)
{
	return nbl_open_confined(out, 1, step, NULL, NULL);
}

int nbl_open_shard(struct nbl *first, struct nbl **out, const char **step)
{
	struct nbl *nb;
	int rc;

	*step = "allocate";
	nb = calloc(1, sizeof(*nb));
	if (!nb)
		return -ENOMEM;
	nb->first = first;
	nb->loop.epfd = -1;
	nb->uid = geteuid();
	TAILQ_INIT(&nb->guests);
	TAILQ_INIT(&nb->ready);
	TAILQ_INIT(&nb->throttled);
	TAILQ_INIT(&nb->damped);
	TAILQ_INIT(&nb->unordered);
	TAILQ_INIT(&nb->stalls);
	TAILQ_INIT(&nb->dead);
	TAILQ_INIT(&nb->ears);
	TAILQ_INIT(&nb->dead_ears);
	nbl_pace_init(&nb->pace);
	nbl_mapped_init(&nb->mapped);
	nb->evtchn_src.fn = evtchn_ready;
	nb->closer_src.fn = closer_ready;

	rc = nbl_batch_create(&nb->batch);
	if (!rc)
		rc = nbl_writer_create(&nb->writer);
	if (!rc)
		rc = nbl_open_handles(nb, step);
	if (rc)
		nbl_close(nb);
	else
		*out = nb;
	return rc;
}

int nbl_open_confined(struct nbl **out, unsigned int nr_shards,
		      const char **step,
		      int (*confine)(struct nbl *nb, void *arg), void *arg)
{
	struct nbl *nb;
	int rc;

	rc = nbl_open_shard(NULL, &nb, step);
	if (rc)
		return rc;
	rc = nbl_shards_open(nb, nr_shards, step);
	if (rc)
		goto err;
	nbl_steer_open(nb);
	*step = NULL;
	rc = confine ? confine(nb, arg) : 0;
	if (rc)
		goto err;
	*step = "start threads";
	rc = nbl_closer_create(&nb->closer);
	if (rc)
		goto err;
	rc = nbl_loop_add(&nb->loop, nbl_closer_fd(nb->closer), EPOLLIN,
			  &nb->closer_src);
	if (rc)
		goto err;
	nbl_watch_start(nb);
	nbl_shards_share(nb);
	*out = nb;
	return 0;

err:
	nbl_close(nb);
	return rc;
}

static void nbl_bury(struct nbl *nb)
{
	struct nbl_vif *vif;

	while ((vif = TAILQ_FIRST(&nb->dead))) {
		TAILQ_REMOVE(&nb->dead, vif, ready_link);
		free(vif);
	}
	nbl_control_bury(nb->control);
	nbl_ear_bury(nb);
}

/* Every part takes NULL or was zeroed: also for a half-opened one. */
void nbl_close(struct nbl *nb)
{
	if (!nb)
		return;
	nbl_control_close(nb->control);
	nbl_metrics_close(nb);
	nbl_guest_detach_all(nb);
	nbl_shards_close(nb);
	nbl_bury(nb);
	nbl_watch_stop(nb);
	if (!nb->first) {
		nbl_closer_stop(nb->closer);
		nbl_reap(nb);
		nbl_closer_destroy(nb->closer);
		nbl_ledger_close(nb->ledger);
		nbl_kept_free(nb->kept);
		nbl_steer_close(nb);
	}
	nbl_loop_fini(&nb->loop);
	nbl_link_close(nb->link);
	nbl_gnttab_close(nb->gt);
	nbl_evtchn_close(nb->ec);
	noxs_close(nb->nx);
	nbl_switch_close(nb);
	nbl_writer_destroy(nb->writer);
	nbl_batch_destroy(nb->batch);
	free(nb->port);
	free(nb);
}

static void leave(struct nbl *nb, void *arg)
{
	(void)arg;
	nbl_guest_leave_all(nb);
}

void nbl_leave(struct nbl *nb)
{
	if (!nb)
		return;
	nbl_shards_stop(nb);
	nbl_shards_each(nb, leave, NULL);
}

static void count_vifs(struct nbl *nb, void *arg)
{
	*(unsigned int *)arg += nb->nr_vifs;
}

unsigned int nbl_vifs(struct nbl *nb)
{
	unsigned int nr = 0;

	nbl_shards_each(nb, count_vifs, &nr);
	return nr;
}

/*
 * At most NBL_VIFS_PER_TURN, each once: one with work left goes to the end and
 * waits until epoll was asked again.
 */
static void nbl_run_ready(struct nbl *nb)
{
	struct nbl_vif *last = TAILQ_LAST(&nb->ready, nbl_vif_list), *vif;
	unsigned int i;

	for (i = 0, vif = NULL; i < NBL_VIFS_PER_TURN && vif != last; i++) {
		vif = TAILQ_FIRST(&nb->ready);
		TAILQ_REMOVE(&nb->ready, vif, ready_link);
		vif->on_ready = false;
		nbl_vif_run(vif);
	}
}

int nbl_turn(struct nbl *nb, int timeout_ms)
{
	int rc;

	timeout_ms = nbl_rate_timeout(nb, timeout_ms);
	timeout_ms = nbl_damp_timeout(nb, timeout_ms);
	timeout_ms = nbl_steer_timeout(nb, timeout_ms);
	timeout_ms = nbl_stall_timeout(nb, timeout_ms);
	timeout_ms = nbl_await_timeout(nb, timeout_ms);
	timeout_ms = nbl_metrics_timeout(nb, timeout_ms);
	if (!TAILQ_EMPTY(&nb->ready) || nbl_control_due(nb->control) ||
	    nbl_remote_due(nb))
		timeout_ms = 0;
	rc = nbl_loop_wait(&nb->loop, timeout_ms);
	if (rc)
		return rc;
	nbl_control_turn(nb->control);
	nbl_remote_turn(nb);
	nbl_run_ready(nb);
	nbl_metrics_turn(nb);
	nbl_pace_turn(&nb->pace);
	nbl_bury(nb);
	nbl_closer_kick(nb->closer);
	return nb->error;
}
