// SPDX-License-Identifier: BSD-2-Clause
/*
 * control/shutdown: a word of the toolstack's, emptied when it was taken.
 */
#include "minios/hypercall.h"
#include <xen/noxs.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "minios/power.h"
#include "store.h"

#define NODE	"control/shutdown"

static const struct {
	const char *word;
	unsigned int cmd;
} requests[] = {
	{ "poweroff", XEN_NOXS_POWER_POWEROFF },
	{ "halt", XEN_NOXS_POWER_POWEROFF },
	{ "reboot", XEN_NOXS_POWER_REBOOT },
	{ "suspend", XEN_NOXS_POWER_SUSPEND },
};

#define NR_REQUESTS	(sizeof(requests) / sizeof(requests[0]))

/* What was refused does not concern us: some toolstacks lack the node. */
static int unless_dead(int rc)
{
	return rc == -EPROTO ? rc : 0;
}

int control_start(void)
{
	static const char *const features[] = {
		"control/feature-poweroff", "control/feature-reboot",
		"control/feature-suspend",
	};
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(features) / sizeof(features[0]); i++)
		rc = unless_dead(store_write(features[i], "1"));
	return rc ? rc : unless_dead(store_watch(NODE));
}

int control_update(void)
{
	char word[16];
	unsigned int i;
	int rc = store_read(NODE, word, sizeof(word));

	if (rc || !*word)
		return unless_dead(rc);
	for (i = 0; i < NR_REQUESTS; i++)
		if (!strcmp(word, requests[i].word))
			break;
	rc = unless_dead(store_write(NODE, ""));
	if (rc)
		return rc;
	if (i == NR_REQUESTS) {
		printf("control: nothing known: %s\n", word);
		return 0;
	}
	rc = power_do(requests[i].cmd, 0);
	if (rc < 0)
		printf("control: %s: %d\n", word, rc);
	return 0;
}
