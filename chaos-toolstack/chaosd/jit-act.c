// SPDX-License-Identifier: BSD-2-Clause
/* What is done when a guest is called, or has been idle. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "claim.h"
#include "jit.h"
#include "log.h"

static int fail(struct jit *j, struct jit_job *job, int rc)
{
	const struct chaos_error *e = chaos_error(j->ctx, 0);

	if (e)
		chaos_error_text(e, job->error, sizeof(job->error));
	else
		snprintf(job->error, sizeof(job->error), "%s", strerror(-rc));
	return rc;
}

int jit_make(struct jit *j, const struct chaos_config *cfg,
	     struct jit_job *job)
{
	int rc;

	pool_busy(j->pool);
	rc = claim(j->ctx, j->pool, cfg, 0, &job->domid);
	if (rc == -EXDEV)
		rc = chaos_create(j->ctx, cfg, CHAOS_CREATE_ANEW, &job->domid);
	pool_idle(j->pool);
	job->state = rc ? JIT_FAILED : JIT_RUNNING;
	if (rc)
		return fail(j, job, rc);
	log_line(LOG_DEBUG, "%s is called: domain %u", chaos_config_name(cfg),
		 job->domid);
	return 0;
}

/* Whoever calls between the look and the pause is heard all the same. */
static int go_to_sleep(struct jit *j, struct jit_job *job)
{
	int rc = chaos_pause(j->ctx, job->domid);

	if (rc)
		return fail(j, job, rc);
	rc = chaos_await_doze(j->ctx, job->domid);
	if (rc) {
		fail(j, job, rc);
		chaos_unpause(j->ctx, job->domid);
		return rc;
	}
	job->state = JIT_PAUSED;
	return 0;
}

static bool sleeps(const struct chaos_config *cfg)
{
	return !strcmp(chaos_config_on_idle(cfg), "pause");
}

int jit_rest(struct jit *j, const struct chaos_config *cfg,
	     struct jit_job *job)
{
	int rc;

	if (sleeps(cfg)) {
		rc = go_to_sleep(j, job);
	} else {
		rc = chaos_destroy(j->ctx, job->domid);
		if (rc) {
			fail(j, job, rc);
		} else {
			job->domid = 0;
			job->state = JIT_WAITING;
		}
	}
	if (!rc)
		log_line(LOG_DEBUG, "%s is idle: %s", chaos_config_name(cfg),
			 sleeps(cfg) ? "paused" : "destroyed");
	/* No news: it is idle no more, somebody else is at it, it is gone. */
	if (rc == -EAGAIN || rc == -EBUSY || rc == -ESRCH)
		job->error[0] = '\0';
	return rc;
}

int jit_rouse(struct jit *j, const struct chaos_config *cfg,
	      struct jit_job *job)
{
	int rc = chaos_unpause(j->ctx, job->domid);

	(void)cfg;
	if (rc == -ESRCH)	/* it went; whoever calls again has a new one */
		return rc;
	if (rc)
		return fail(j, job, rc);
	job->state = JIT_RUNNING;
	return 0;
}

int jit_meet(struct jit *j, const struct chaos_config *cfg,
	     struct jit_job *job)
{
	struct chaos_info *info;
	int rc;

	job->state = JIT_RUNNING;
	if (!sleeps(cfg) || chaos_info_get(j->ctx, job->domid, &info))
		return 0;
	rc = info->domain.state == CHAOS_STATE_PAUSED ?
	     chaos_await_doze(j->ctx, job->domid) : -EINVAL;
	if (!rc)
		job->state = JIT_PAUSED;
	else if (info->domain.state == CHAOS_STATE_PAUSED)
		chaos_unpause(j->ctx, job->domid);
	chaos_info_free(info);
	return 0;
}
