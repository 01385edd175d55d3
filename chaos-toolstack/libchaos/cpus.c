// SPDX-License-Identifier: BSD-2-Clause
/* Sets of CPUs, from and to people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "place.h"

int chaos__sched_failed(const struct chaos__what *w, int rc)
{
	const char *remedy = "";

	if (rc == -EPERM || rc == -EACCES)
		remedy = "run it as root in dom0";
	return chaos__fail(w->ctx, rc, w->object, w->step, remedy, "%s",
			   chaos__xen_reason(w->ctx, rc));
}

void chaos__cpus_format(const struct chaos__cpus *cpus, unsigned int nr,
			char text[CHAOS__CPUS_TEXT])
{
	unsigned int first = 0, end;
	size_t n = 0;

	text[0] = '\0';
	while (first < nr) {
		if (!chaos__cpus_has(cpus, first)) {
			first++;
			continue;
		}
		for (end = first; end < nr && chaos__cpus_has(cpus, end); end++)
			;
		if (!first && end == nr) {
			strcpy(text, "all");
			return;
		}
		if (n + 16 > CHAOS__CPUS_TEXT) {
			/* Nobody has such a set; it is not passed off as one. */
			strcpy(text + n, ",...");
			return;
		}
		n += (size_t)(end - first > 1 ?
			snprintf(text + n, CHAOS__CPUS_TEXT - n, "%s%u-%u",
				 n ? "," : "", first, end - 1) :
			snprintf(text + n, CHAOS__CPUS_TEXT - n, "%s%u",
				 n ? "," : "", first));
		first = end;
	}
}

/* "all" names more than there are; what is named one by one is there. */
static int check_there(const struct chaos__what *w,
		       const struct chaos__cpus *cpus, unsigned int nr)
{
	char remedy[64];
	unsigned int i;

	if (chaos__cpus_has(cpus, CHAOS__MAX_CPUS - 1))
		return 0;
	for (i = nr; i < CHAOS__MAX_CPUS && !chaos__cpus_has(cpus, i); i++)
		;
	if (i == CHAOS__MAX_CPUS)
		return 0;
	snprintf(remedy, sizeof(remedy), "this host has CPUs 0 to %u", nr - 1);
	return chaos__fail(w->ctx, -EINVAL, w->object, w->step, remedy,
			   "there is no CPU %u", i);
}

/* Parsed, and each of them is there. */
static int read_named(const struct chaos__what *w, const char *text,
		      const char **end, unsigned int *nr,
		      struct chaos__cpus *cpus)
{
	const char *why = chaos__cpus_parse(text, end, cpus);
	int rc;

	if (why)
		return chaos__fail(w->ctx, -EINVAL, w->object, w->step,
				   "write it like \"0-3,^1\" or \"all\"",
				   "\"%s\" %s", text, why);
	rc = chaos__xen_nr_cpus(w->ctx->xen, nr);
	return rc ? chaos__sched_failed(w, rc) : check_there(w, cpus, *nr);
}

int chaos__cpus_named(const struct chaos__what *w, const char *text,
		      const char **end, struct chaos__cpus *out)
{
	struct chaos__cpus cpus = { 0 };
	unsigned int nr = 0;
	int rc;

	rc = read_named(w, text, end, &nr, &cpus);
	if (!rc)
		*out = cpus;
	return rc;
}

int chaos__cpus_read(const struct chaos__what *w, uint32_t pool,
		     const char *text, const char **end,
		     struct chaos__cpus *out)
{
	char has[CHAOS__CPUS_TEXT], remedy[CHAOS__CPUS_TEXT + 64];
	struct chaos__xen_pool p = { 0 };
	struct chaos__cpus cpus = { 0 };
	unsigned int nr = 0, i;
	int rc;

	rc = read_named(w, text, end, &nr, &cpus);
	if (!rc)
		rc = chaos__cpupool_get(w, pool, &p);
	if (rc)
		return rc;
	for (i = 0; i < nr; i++) {
		if (chaos__cpus_has(&cpus, i) && chaos__cpus_has(&p.cpus, i)) {
			*out = cpus;
			return 0;
		}
	}
	chaos__cpus_format(&p.cpus, CHAOS__MAX_CPUS, has);
	snprintf(remedy, sizeof(remedy), "Pool-%u has CPUs %s", pool, has);
	return chaos__fail(w->ctx, -EINVAL, w->object, w->step, remedy,
			   "its pool has none of the CPUs %s", text);
}
