// SPDX-License-Identifier: BSD-2-Clause
/* TAPs that a keeper held, by name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"

int nbl_kept_compare(const void *a, const void *b)
{
	const struct nbl_kept_tap *x = a, *y = b;

	return strcmp(x->ifname, y->ifname);
}

int nbl_kept_tap(struct nbl_kept *kept, const char *ifname)
{
	struct nbl_kept_tap key = { .fd = -1 }, *tap;
	int fd;

	if (!kept || strlen(ifname) >= sizeof(key.ifname))
		return -1;
	strcpy(key.ifname, ifname);
	tap = bsearch(&key, kept->tap, kept->nr, sizeof(key),
		      nbl_kept_compare);
	if (!tap)
		return -1;
	/* One of several queues: the first that is left. */
	while (tap > kept->tap && !nbl_kept_compare(tap - 1, &key))
		tap--;
	while (tap->fd < 0 && tap + 1 < kept->tap + kept->nr &&
	       !nbl_kept_compare(tap + 1, &key))
		tap++;
	fd = tap->fd;
	tap->fd = -1;
	return fd;
}

void nbl_kept_free(struct nbl_kept *kept)
{
	size_t i;

	for (i = 0; kept && i < kept->nr; i++)
		if (kept->tap[i].fd >= 0)
			close(kept->tap[i].fd);
	free(kept);
}
