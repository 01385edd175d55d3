/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that libchaos wants of Xen.  The files of this folder are the
 * only ones that see libxenctrl, libxenguest and libxenevtchn; they turn
 * their errors into -errno.  The unit tests link another implementation.
 *
 * A build goes: create, vcpus, build_begin, build_memory, build_image,
 * build_boot, build_end, unpause.  build_end is due after every build_begin
 * that succeeded, and before the domain is destroyed.  A restore has one step,
 * build_restore, in place of build_memory, _image and _boot.
 */
#ifndef CHAOS_XEN_H
#define CHAOS_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chaos__xen;
struct chaos__xen_build;
struct chaos__xen_console;
struct chaos__xen_consoles;
struct chaos__xen_port;
struct chaos__image;
struct chaos__sink;
struct chaos__source;

#define CHAOS__PAGE_SHIFT	12
#define CHAOS__PAGE_SIZE	4096u

int chaos__xen_open(struct chaos__xen **out);
void chaos__xen_close(struct chaos__xen *xen);
/* What Xen's libraries said of the latest failure, or "". */
const char *chaos__xen_detail(const struct chaos__xen *xen);

struct chaos__xen_dom {
	uint32_t domid;
	uint8_t uuid[16];
	bool pvh, paused, blocked, running, shutdown, dying;
	uint32_t shutdown_code;
	uint32_t vcpus;		/* that are up */
	uint32_t max_vcpus;	/* and those that are not */
	uint32_t pool;
	uint64_t pages, max_pages;
	uint64_t cpu_ns;
};

/* -ESRCH: no domain has this domid. */
int chaos__xen_get(struct chaos__xen *xen, uint32_t domid,
		   struct chaos__xen_dom *dom);
/* The domains from first on; returns how many, or -errno. */
int chaos__xen_list(struct chaos__xen *xen, uint32_t first,
		    struct chaos__xen_dom *dom, unsigned int max);
int chaos__xen_free_kb(struct chaos__xen *xen, uint64_t *kb);

struct chaos__xen_params {
	uint8_t uuid[16];
	bool pvh;
	uint32_t vcpus;
	uint64_t mem_kb, max_mem_kb;
	int32_t max_grant_frames, max_maptrack_frames;	/* -1: Xen's default */
	uint32_t max_event_channels;
	const struct chaos__image *image;	/* NULL: a restore; for build_image */
	const char *cmdline;
	const char *kernel, *ramdisk;	/* paths; ramdisk may be NULL */
};

struct chaos__xen_console_where {
	uint64_t gfn;		/* PV: mfn */
	uint32_t port;		/* the guest's */
};

int chaos__xen_create(struct chaos__xen *xen,
		      const struct chaos__xen_params *p, uint32_t *domid);
int chaos__xen_vcpus(struct chaos__xen *xen, uint32_t domid,
		     const struct chaos__xen_params *p);
int chaos__xen_build_begin(struct chaos__xen *xen, uint32_t domid,
			   const struct chaos__xen_params *p,
			   struct chaos__xen_build **out);
/*
 * Goes on through another connection than it was begun with.  Before PV's
 * build_memory only: libxenguest keeps the one it was given.
 */
void chaos__xen_build_use(struct chaos__xen_build *b, struct chaos__xen *xen);
int chaos__xen_build_memory(struct chaos__xen_build *b);
int chaos__xen_build_image(struct chaos__xen_build *b);
int chaos__xen_build_boot(struct chaos__xen_build *b,
			  struct chaos__xen_console_where *con);
/*
 * Puts a saved domain's chunks (chunk.h) into the new domain, up to END.
 * -EPROTO: they are not what chunk.h says; -EOPNOTSUPP: this host's CPU lacks
 * what the guest was told it has; chaos__xen_detail() has the reason.  The
 * source may not use xen.
 */
int chaos__xen_build_restore(struct chaos__xen_build *b,
			     const struct chaos__source *source,
			     struct chaos__xen_console_where *con);
void chaos__xen_build_end(struct chaos__xen_build *b);	/* NULL is allowed */

int chaos__xen_set_uuid(struct chaos__xen *xen, uint32_t domid,
			const uint8_t uuid[16]);
int chaos__xen_pause(struct chaos__xen *xen, uint32_t domid);
int chaos__xen_unpause(struct chaos__xen *xen, uint32_t domid);
int chaos__xen_destroy(struct chaos__xen *xen, uint32_t domid);

/*
 * A suspended (or paused) domain's state into sink, in chunks; the domain
 * stays as it is.  mem_pages: of memory= when it was created; where its memory
 * is looked for.  -EBUSY: it runs.  -EOPNOTSUPP: it has memory elsewhere.  The
 * sink may not use xen.
 */
int chaos__xen_save(struct chaos__xen *xen, uint32_t domid, bool pvh,
		    uint64_t mem_pages, const struct chaos__sink *sink);
/*
 * A domain that suspended itself goes on where it is: the hypercall that it is
 * in returns 1, which means that nothing became of it.  -EINVAL: it did not
 * suspend itself.
 */
int chaos__xen_resume(struct chaos__xen *xen, uint32_t domid);

/*
 * Consoles of many guests with one descriptor.  next: 1, *arg is that of a
 * console with an event, which has no other until it is rearmed; 0 there is none.
 * Its consoles are closed before it.
 */
int chaos__xen_consoles_open(struct chaos__xen *xen,
			     struct chaos__xen_consoles **out);
void chaos__xen_consoles_close(struct chaos__xen_consoles *set);
int chaos__xen_consoles_fd(const struct chaos__xen_consoles *set);
int chaos__xen_consoles_next(struct chaos__xen_consoles *set, void **arg);
int chaos__xen_console_rearm(struct chaos__xen_console *con);

/* The console's page and port.  -EBUSY: somebody else holds the port.  set
 * NULL: with a descriptor of its own. */
int chaos__xen_console_open(struct chaos__xen *xen, uint32_t domid,
			    const struct chaos__xen_console_where *where,
			    struct chaos__xen_consoles *set, void *arg,
			    struct chaos__xen_console **out, void **page);
void chaos__xen_console_close(struct chaos__xen_console *con);
int chaos__xen_console_fd(const struct chaos__xen_console *con);
/* Takes and re-arms the event if there is one; never blocks.  Not of a set. */
int chaos__xen_console_event(struct chaos__xen_console *con);
int chaos__xen_console_notify(struct chaos__xen_console *con);

/*
 * An event channel that Xen raises: unbound, and our own domain (self) is the
 * remote one.
 */
int chaos__xen_port_open(struct chaos__xen *xen, uint32_t self,
			 struct chaos__xen_port **out, uint32_t *number);
void chaos__xen_port_close(struct chaos__xen_port *p);	/* NULL is allowed */
/* Readable when it was raised. */
int chaos__xen_port_fd(const struct chaos__xen_port *p);
/* Takes and re-arms the event if there is one (1, else 0); never blocks. */
int chaos__xen_port_clear(struct chaos__xen_port *p);

#endif
