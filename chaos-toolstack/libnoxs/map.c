// SPDX-License-Identifier: BSD-2-Clause
/* Mapping another domain's noxs pages, through XENMEM_acquire_resource. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

struct noxs_mapping {
	xenforeignmemory_resource_handle *res;
};

int noxs_map_open(struct noxs *nx)
{
	if (!nx->fmem)
		nx->fmem = xenforeignmemory_open(&nx->quiet, 0);
	return nx->fmem ? 0 : noxs__errno();
}

int noxs_map(struct noxs *nx, uint16_t domid, unsigned int first,
	     unsigned int nr, struct noxs_mapping **out, const void **addr)
{
	struct noxs_mapping *map;
	void *p = NULL;
	int rc;

	if (!nr || first >= XEN_NOXS_MAX_PAGES ||
	    nr > XEN_NOXS_MAX_PAGES - first)
		return -EINVAL;
	rc = noxs_map_open(nx);
	if (rc)
		return rc;
	map = calloc(1, sizeof(*map));
	if (!map)
		return -ENOMEM;

	map->res = xenforeignmemory_map_resource(nx->fmem, domid,
						 XENMEM_resource_noxs, 0, first,
						 nr, &p, PROT_READ, 0);
	if (!map->res) {
		rc = noxs__errno();
		goto err_free;
	}
	*out = map;
	*addr = p;
	return 0;

err_free:
	free(map);
	return rc;
}

void noxs_unmap(struct noxs *nx, struct noxs_mapping *map)
{
	if (!map)
		return;
	xenforeignmemory_unmap_resource(nx->fmem, map->res);
	free(map);
}
