/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's vifs, through the network backend's control socket, or, where the
 * backend is another domain, through Xen (driver.h).
 */
#ifndef CHAOS_DEVICES_H
#define CHAOS_DEVICES_H

#include <noxs/netback.h>

#include "config.h"
#include "driver.h"
#include "store.h"

enum chaos__vif_how {
	CHAOS__VIF_ATTACH = 0,
	CHAOS__VIF_SPARE,	/* attach, for an owner to be named later */
	CHAOS__VIF_BIND,	/* the owner of a spare one */
};

struct chaos__devices {
	enum chaos__vif_how how;
	uint32_t domid;
	const char *object;	/* of errors */
	unsigned int nr_sent, nr_done;
	bool hung;		/* an answer did not come in time */
	struct noxs_netback_request req[CHAOS__MAX_VIFS];
	struct chaos__driver driver[CHAOS__MAX_VIFS];	/* in place of it */
};

/*
 * Begin sends the requests, so that the backend works while the guest's
 * memory is filled; end collects the answers and fills the records' vifs.
 */
int chaos__devices_begin(struct chaos *ctx, struct chaos__devices *dev,
			 const struct chaos_config *cfg);
int chaos__devices_end(struct chaos *ctx, struct chaos__devices *dev,
		       struct chaos__record *rec);
/* Everything of the guest that the backend has.  0 too when it has nothing, or
 * when there is no backend: the next one finds that the guest is gone. */
int chaos__devices_detach(struct chaos *ctx, uint32_t domid,
			  struct chaos__devices *dev);
/* One of them, of that backend ("": ours); 0 too when it is not there.  -ECONNREFUSED: no backend, whose
 * successor would serve it again. */
int chaos__devices_detach_one(struct chaos *ctx, uint32_t domid,
			      unsigned int vif, const char *backend);
/* One request, over the context's connection; the reply's rc, or -errno. */
int chaos__devices_call(struct chaos *ctx, struct noxs_netback_request *req,
			struct noxs_netback_reply *reply);
/* Records that there is none, or why it cannot be asked; returns -errno. */
int chaos__no_backend(struct chaos *ctx, const char *object, const char *step,
		      int rc);
/* Is there a backend that speaks our version?  -EPROTO: of another. */
int chaos__devices_hello(struct chaos *ctx);
/* Could begin succeed: is there a backend, and each bridge? */
int chaos__devices_check(struct chaos *ctx, const char *object,
			 const struct chaos_config *cfg);
/* The first vif at or after that one; -ENOENT no more; -ECONNREFUSED no backend. */
int chaos__devices_next(struct chaos *ctx, uint32_t domid, unsigned int vif,
			struct noxs_netback_reply *reply);
/* The backend's view of one vif; -ENOENT not there. */
int chaos__devices_stats(struct chaos *ctx, uint32_t domid, unsigned int vif,
			 struct noxs_netback_reply *reply);

#endif
