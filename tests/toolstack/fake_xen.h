/* SPDX-License-Identifier: BSD-2-Clause */
/* A Xen that remembers: implements libchaos' xen/xen.h. */
#ifndef TOOLSTACK_FAKE_XEN_H
#define TOOLSTACK_FAKE_XEN_H

#include "xen/xen.h"

#define FAKE_DOMAINS 600

struct fake_domain {
	bool used;
	bool taken;		/* destroyed by somebody else */
	struct chaos__xen_dom dom;
	unsigned int vcpus, memory, image, boot;	/* times it was done */
	unsigned int saved, restored, resumed;
	uint8_t state;		/* what its saved memory begins with; a restore
				 * gives it to the new domain */
	uint64_t serial;	/* of noxs; no two domains have the same */
	bool started;		/* was unpaused once */
};

struct fake_xen_state {
	struct fake_domain domain[FAKE_DOMAINS];	/* by domid; 0 is dom0 */
	uint32_t next_domid;
	uint64_t last_serial;
	uint64_t free_kb;
	int open_rc;			/* of chaos__xen_open */
	unsigned int nr_builds;		/* begun and not ended */
	unsigned int nr_consoles;
	unsigned int nr_gets;		/* hypercalls to look at one domain */
	void *console_page;
	bool console_busy;
	uint32_t undestroyable;		/* a destroy of this one does nothing */
	/* Called at the beginning of every step of a create. */
	void (*hook)(const char *step);
};

extern struct fake_xen_state fake_xen;

void fake_xen_reset(void);
unsigned int fake_xen_nr_domains(void);	/* without dom0 */

#endif
