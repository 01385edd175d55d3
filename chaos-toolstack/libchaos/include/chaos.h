/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libchaos: create, find, watch and destroy small Xen domains, without
 * XenStore and without a daemon of its own.
 *
 * Model
 *   struct chaos          a context: options, the connection to Xen, the
 *                         errors and the step times of the latest call.
 *   struct chaos_config   what a guest shall be; parsed once, used for any
 *                         number of creates, never changed by them.
 *   struct chaos_console  one guest's console.
 *   struct chaos_events   what becomes of the domains, as it happens.
 *   struct chaos_async    creates and destroys that do not block.
 *   struct chaos_await    guests that are made when somebody calls.
 *
 *   Xen knows which domains exist.  What Xen cannot hold (name, devices,
 *   console) is one record per domain under the run directory, which goes
 *   with the domain.  A context therefore holds no list of guests: any process
 *   may create what another destroys.
 *
 * Call order
 *   chaos_open
 *     chaos_config_parse_file -> chaos_create -> chaos_config_free
 *     chaos_lookup -> chaos_destroy, chaos_pause, chaos_console_open, ...
 *   chaos_close
 *   Xen itself is opened by the first call that needs it: configurations can
 *   be parsed anywhere.
 *
 * Errors
 *   Calls return 0 or -errno and write their OUT arguments only on success.
 *   After a failure, and until the next call on the same context,
 *   chaos_nr_errors() and chaos_error() say what failed, in which step, of
 *   which object, why, and what helps.  Only the parser reports several.
 *   Nothing is printed; the log callback gets warnings and, at CHAOS_LOG_DEBUG,
 *   every step with its time.  Nothing aborts or exits.
 *   Errors of every call that talks to Xen: -ENOENT no Xen here, -EACCES or
 *   -EPERM not root, -ENOMEM.
 *
 * Threads, fork, signals
 *   One context per thread.  Not after fork() (fds are O_CLOEXEC).
 *   chaos_cancel() alone may be called from anywhere, signal handlers included.
 *
 * Growth
 *   Structures that the caller fills begin with their size.  Structures that
 *   the library fills are handed out by pointer and grow at their end.
 */
#ifndef CHAOS_H
#define CHAOS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos;
struct chaos_config;
struct chaos_console;
struct chaos_events;
struct chaos_async;
struct chaos_await;

/* Contexts ---------------------------------------------------------------- */

enum chaos_log_level {
	CHAOS_LOG_ERROR = 0,
	CHAOS_LOG_WARNING = 1,
	CHAOS_LOG_INFO = 2,
	CHAOS_LOG_DEBUG = 3,
};

/* Must not call back into the library.  msg has no newline. */
typedef void chaos_log_fn(void *arg, enum chaos_log_level level,
			  const char *msg);

struct chaos_options {
	size_t size;			/* sizeof(struct chaos_options) */
	const char *run_dir;		/* NULL: $CHAOS_RUN_DIR or /run/chaos */
	const char *netback_socket;	/* NULL: $NOXS_NETBACK_SOCKET or default */
	chaos_log_fn *log;		/* NULL: no log */
	void *log_arg;
	int timeout_ms;			/* for the backend; 0: 10000 */
	/* KB of kernels and ramdisks to keep ready, for who makes many guests of
	 * few of them; 0: none.  A file that changes is read anew. */
	uint32_t image_cache_kb;
};

/* options may be NULL; it and its strings are copied.  -ENOMEM, -EINVAL. */
int chaos_open(const struct chaos_options *options, struct chaos **out);
/* NULL is allowed.  Objects made with the context are to be freed before. */
void chaos_close(struct chaos *ctx);

/*
 * Makes the call in progress (create, wait) give up at its next step, undo what it
 * did and return -ECANCELED; with none in progress, the next create.
 */
void chaos_cancel(struct chaos *ctx);

/* "0.1.0" */
const char *chaos_version(void);

struct chaos_error {
	int code;		/* -errno */
	const char *object;	/* "web", "web.cfg", "domain 12" */
	const char *step;	/* "load image", "line 3, key vif" */
	const char *reason;	/* "Permission denied" */
	const char *remedy;	/* "run it as root", or "" */
};

/* Of the latest call.  Valid until the next call on the context. */
size_t chaos_nr_errors(const struct chaos *ctx);
/* NULL when there are no more than i. */
const struct chaos_error *chaos_error(const struct chaos *ctx, size_t i);
/* "web: load image: not an ELF file (give an uncompressed kernel)".  Always
 * terminated; returns buf. */
char *chaos_error_text(const struct chaos_error *error, char *buf, size_t size);

/* The steps of the latest create or destroy and how long each took. */
struct chaos_step {
	const char *name;
	uint64_t ns;
	uint64_t begin_ns;	/* by CLOCK_MONOTONIC */
};
size_t chaos_nr_steps(const struct chaos *ctx);
const struct chaos_step *chaos_step(const struct chaos *ctx, size_t i);

/* Configurations ---------------------------------------------------------- */

/*
 * The syntax and the keys are those of xl.cfg, or JSON with the same keys (a
 * text whose first character is a brace); chaos.cfg(5) says which keys.  Every
 * error of the file is found in one go, each with line and key (in JSON the
 * key alone); keys that mean nothing here are warned of through the log.
 *
 * overrides: NULL, or "key=value" strings up to a NULL, which replace what the
 * file says.  A value that is neither quoted, a number nor a list is taken as
 * a string.
 *
 * -EINVAL errors in the text; -ENOENT, -EACCES, -EISDIR, -EFBIG the file.
 */
int chaos_config_parse_file(struct chaos *ctx, const char *path,
			    const char *const *overrides,
			    struct chaos_config **out);
/* origin: what errors call the text, e.g. "request 7". */
int chaos_config_parse_string(struct chaos *ctx, const char *origin,
			      const char *text, const char *const *overrides,
			      struct chaos_config **out);
/* NULL is allowed. */
void chaos_config_free(struct chaos_config *cfg);

/* Valid until free. */
const char *chaos_config_name(const struct chaos_config *cfg);
/* "destroy" or "pause" */
const char *chaos_config_on_idle(const struct chaos_config *cfg);
/* All of it as one JSON object, which parses to the same.  Freed with free();
 * NULL: no memory. */
char *chaos_config_json(const struct chaos_config *cfg);

/*
 * Make it the configuration of the n-th of several guests: a %d in its name
 * becomes n; a name without one gets n at its end.  May be called again, with
 * another n.  A name with %d can be used only after this.  -EINVAL the name
 * would be too long.
 */
int chaos_config_number(struct chaos *ctx, struct chaos_config *cfg,
			unsigned int n);

/* Life cycle -------------------------------------------------------------- */

#define CHAOS_CREATE_PAUSED  (1u << 0)	/* leave it paused */
/*
 * Only check: kernel, memory, name, UUID, the backend and the bridges.  Nothing
 * is created or claimed, and domid is not written (it may be NULL).
 */
#define CHAOS_CREATE_DRY_RUN (1u << 1)
/* Do not ask chaosd, which may have a spare for it: make all of it here. */
#define CHAOS_CREATE_ANEW    (1u << 2)

/*
 * Create a domain.  All or nothing: after a failure no domain, device, record
 * or name is left.  Blocks up to timeout_ms per vif for the backend.  Where
 * chaosd runs and has a spare for it, that is taken.
 *
 * -EEXIST the name is taken; -ENOEXEC, -ENOENT the kernel; -ENOSPC too much
 * memory asked; -ENODEV no such bridge; -ECONNREFUSED no network backend;
 * -ENOSYS vifs on a Xen without noxs; -EINVAL a name with %d; -ECANCELED.
 */
int chaos_create(struct chaos *ctx, const struct chaos_config *cfg,
		 unsigned int flags, uint32_t *domid);

/*
 * Destroy a domain and its devices; goes on past a step that fails and returns
 * the first error.  -ESRCH no such domain; -EPERM domain 0.
 */
int chaos_destroy(struct chaos *ctx, uint32_t domid);

/*
 * Give a domain another name.  All or nothing; a process that is killed in it
 * leaves a domain that both names find, until chaos_gc.  -ESRCH no such domain;
 * -ENOENT it was not made by libchaos; -EINVAL not a name; -EEXIST another
 * domain has it; -EBUSY another process renames or destroys this one.
 */
int chaos_rename(struct chaos *ctx, uint32_t domid, const char *name);

/* -ESRCH no such domain.  Pausing twice needs unpausing twice. */
int chaos_pause(struct chaos *ctx, uint32_t domid);
int chaos_unpause(struct chaos *ctx, uint32_t domid);

/*
 * Asking a guest to end.  What comes then is the caller's doing: as long as no
 * daemon watches the guests, on_poweroff and the like are carried out by whoever
 * asked, in this call.
 *
 * The guest is asked and acknowledges, then shuts down; both together take up to
 * timeout_ms (negative: for ever, and the context's timeout for the
 * acknowledgement).  Then what its configuration says is done: of a shutdown
 * on_poweroff (destroy, if it does not say), of a reboot on_reboot (restart), or
 * on_crash (destroy) if it crashed.  restart destroys it and creates it anew from
 * the configuration that it was made of, with the same name, UUID and MACs.
 * One that has ended already, however, is not asked, only the action is done.
 *
 * *new_domid (may be NULL): the domain there is now; 0 if there is none.
 *
 * -EOPNOTSUPP it has no power driver, or one that cannot do this; -ECONNREFUSED
 * the guest will not; -EAGAIN it is paused; -ETIMEDOUT; -EBUSY another process is
 * at work on it; -ESRCH no such domain, or before a reboot somebody destroyed it;
 * -ENOENT it was not made by libchaos; -EPERM domain 0; -EIO it crashed, the
 * action was done; -EPROTO it was suspended instead; -ECANCELED by chaos_cancel:
 * it may end all the same; and what chaos_destroy and chaos_create return.
 */
#define CHAOS_POWER_NOWAIT (1u << 0)	/* return when it acknowledged */
#define CHAOS_POWER_ASKED  (1u << 1)	/* it was asked before: only the rest */

int chaos_shutdown(struct chaos *ctx, uint32_t domid, unsigned int flags,
		   int timeout_ms);
int chaos_reboot(struct chaos *ctx, uint32_t domid, unsigned int flags,
		 int timeout_ms, uint32_t *new_domid);

/* Without blocking --------------------------------------------------------- */

/*
 * Create and destroy by threads of the library's own, which the caller does not
 * see: each has a context of its own, and signals are blocked in them.  All
 * calls here belong to one thread of the caller, which is also the one that is
 * told; the functions of any other object may be called meanwhile, and by those
 * who are told.
 *
 * Operations that were accepted begin in their order, and end in any.  Each is
 * told exactly once, in dispatch or in close.
 */
struct chaos_result {
	int rc;			/* as of chaos_create or chaos_destroy */
	uint32_t domid;		/* made, or to be destroyed; 0: none was made */
	const char *name;	/* of the configuration; "" of a destroy */
	size_t nr_errors;	/* as chaos_nr_errors() and chaos_error() */
	const struct chaos_error *const *error;
};

/* r is valid during the call.  May submit more, but not dispatch or close. */
typedef void chaos_done_fn(void *arg, const struct chaos_result *r);

/*
 * options: of the contexts; may be NULL.  Its log is called by the threads, by
 * one at a time.  workers: 1 to 64, how many operations are under way at once.
 * -EINVAL, -ENOMEM, -EAGAIN, -EMFILE.
 */
int chaos_async_open(const struct chaos_options *options, unsigned int workers,
		     struct chaos_async **out);
/*
 * Waits for the operations that are under way, cancels the others, and tells
 * both (-ECANCELED).  NULL is allowed.
 */
void chaos_async_close(struct chaos_async *a);
/* Readable when there is something to dispatch. */
int chaos_async_fd(const struct chaos_async *a);
/* Accepted, and not told yet. */
size_t chaos_async_nr_pending(struct chaos_async *a);

/* cfg is copied; fn may be NULL.  CHAOS_CREATE_*.  Do not block.  -ENOMEM. */
int chaos_async_create(struct chaos_async *a, const struct chaos_config *cfg,
		       unsigned int flags, chaos_done_fn *fn, void *arg);
int chaos_async_destroy(struct chaos_async *a, uint32_t domid,
			chaos_done_fn *fn, void *arg);
/* Tells what has ended.  Does not block. */
void chaos_async_dispatch(struct chaos_async *a);

/* Spares ------------------------------------------------------------------- */

/*
 * A spare is a domain made ahead, as far as it can be without knowing whose it
 * will be: paused, with memory and vifs, without a name.  Claiming one is a create
 * that has only the rest to do.  chaosd keeps them; other programs may.
 *
 * A flavour says what a spare has: a configuration of type, memory, maxmem,
 * vcpus, vif and the limits.  With a kernel (and ramdisk and cmdline) the spare is
 * loaded too, and good for guests of just that.  A vif of it can have id and
 * bridge alone; with bridge= left empty any bridge will do, and the claim takes
 * longer.  Its name is the flavour's; spares_low and spares_high are how many of
 * it chaosd keeps.
 */
struct chaos_spare;

/* As chaos_config_parse_*, for a flavour.  Freed with chaos_config_free. */
int chaos_flavour_parse_file(struct chaos *ctx, const char *path,
			     const char *const *overrides,
			     struct chaos_config **out);
int chaos_flavour_parse_string(struct chaos *ctx, const char *origin,
			       const char *text, const char *const *overrides,
			       struct chaos_config **out);

/*
 * NULL: a spare of this flavour can become this guest, as far as is known without
 * looking at files; or what about the guest is different, e.g. "memory".
 */
const char *chaos_flavour_misfit(const struct chaos_config *flavour,
				 const struct chaos_config *cfg);
/* Are spares of the one what spares of the other are? */
int chaos_flavour_same(const struct chaos_config *a,
		       const struct chaos_config *b);
/* Has it a kernel? */
int chaos_flavour_is_loaded(const struct chaos_config *flavour);
/* Of Xen's memory for one spare, in KB, with what Xen needs beside it. */
uint64_t chaos_flavour_kb(const struct chaos_config *flavour);
/* spares_low and spares_high; 0 each when not given, low is high's half. */
void chaos_flavour_marks(const struct chaos_config *flavour, unsigned int *low,
			 unsigned int *high);

/*
 * Makes a spare; flavour must live as long as it.  between (may be NULL) is called
 * between the steps, none of which takes long: who returns non-zero from it ends
 * the make with that code.  Spares of a process that died are removed by
 * chaos_gc.  Errors as chaos_create.
 */
int chaos_spare_make(struct chaos *ctx, const struct chaos_config *flavour,
		     int (*between)(void *arg), void *arg,
		     struct chaos_spare **out);
/* Of one context's thread at a time, which need not be the one that made it. */
uint32_t chaos_spare_domid(const struct chaos_spare *spare);
/*
 * chaos_create() with a spare.  *spare becomes NULL when it is used up, as it is
 * after a success and after a failure half-way; with one that is left, the next
 * claim may do better.  -ESTALE the kernel that is loaded is not the file any
 * more: discard it.  -EXDEV it does not fit; others as chaos_create.
 */
int chaos_spare_claim(struct chaos *ctx, struct chaos_spare **spare,
		      const struct chaos_config *cfg, unsigned int flags,
		      uint32_t *domid);
/* Destroys it.  NULL is allowed. */
void chaos_spare_discard(struct chaos *ctx, struct chaos_spare *spare);

/*
 * Asks chaosd; request and reply are JSON objects, of which docs/json.md tells.
 * *reply is freed with free().  -ENOTCONN it does not run; others are its own.
 */
int chaos_daemon_call(struct chaos *ctx, const char *request, char **reply);

/* Saving and restoring ---------------------------------------------------- */

/*
 * A saved domain is one file: docs/saved-state.md.  It holds the guest and what
 * made it, and nothing of the host: TAPs, domids and backends are bound when it
 * is restored, so that one file restores any number of guests at once.
 */

#define CHAOS_SAVE_KEEP   (1u << 0)	/* the guest goes on afterwards */
#define CHAOS_SAVE_PAUSED (1u << 1)	/* with KEEP: paused */

/*
 * Asks the guest to suspend, writes it to path and, unless it is kept, destroys
 * it.  The file appears when it is complete, in place of one that was there.
 * After a failure the guest goes on as if nothing had been; a process that is
 * killed leaves it suspended until chaos_gc.  Blocks up to timeout_ms for the
 * guest, and for the disk.
 *
 * -ESRCH no such domain; -EAGAIN it is paused; -EBUSY another process is at
 * work on it; -EOPNOTSUPP no power driver in the guest, or a Xen without noxs;
 * -ECONNREFUSED the guest will not; -ETIMEDOUT; -ENOSPC and others of the file;
 * -ENOENT it was not made by libchaos; -ECANCELED.
 */
int chaos_save(struct chaos *ctx, uint32_t domid, const char *path,
	       unsigned int flags, int timeout_ms);

/*
 * Makes a domain of a saved one.  overrides as for a configuration: what the
 * guest cannot notice may change, and its name, UUID and vifs.  With another
 * name it is another guest, and gets a UUID and MACs of its own where none are
 * given.  flags are those of chaos_create.  All or nothing; a file that is cut
 * off or damaged is refused before anything is made.
 *
 * -EPROTO not a saved domain, or damaged; -EINVAL an override, or what cannot
 * be changed; -EOPNOTSUPP this host's CPUs lack what the guest was told they
 * have; others as chaos_create.
 */
int chaos_restore(struct chaos *ctx, const char *path,
		  const char *const *overrides, unsigned int flags,
		  uint32_t *domid);

/*
 * A migration over any stream, in_fd and out_fd (they may be the same socket):
 * the domain here is suspended, sent, built at the other side, and destroyed here
 * when it runs there.  Both calls block until it is over; SIGPIPE must be
 * ignored.
 *
 * The other side looks at the configuration first, and may refuse while the guest
 * still runs.  Until it has all of the guest and was told to take it, every
 * failure, cut or kill of either side ends with the guest going on here and
 * nothing there (after a kill with chaos_gc).  One moment cannot be decided:
 * when the answer to that is lost, the guest may run there.  It then stays
 * suspended here, -EREMOTEIO, chaos_gc leaves it alone, and whoever has looked at
 * the other side calls chaos_destroy or chaos_resume.  Never do both run.
 *
 * timeout_ms (> 0): for the guest to suspend, and each time for the other side.
 * flags: 0.  out_fd does not block during the call.
 *
 * -ECONNREFUSED the other side refused or failed, its words are in the error (or
 * the guest did); -ECONNRESET it hung up; -EPROTO it is not chaos, or of another
 * version; others as chaos_save.
 */
int chaos_send(struct chaos *ctx, uint32_t domid, int in_fd, int out_fd,
	       unsigned int flags, int timeout_ms);

/*
 * The other side.  overrides and errors as chaos_restore, flags:
 * CHAOS_CREATE_PAUSED.  The stream is checked record by record, and nothing stays
 * after a failure.  -ECONNRESET the sender hung up; -ETIMEDOUT it said nothing
 * for ten minutes; -ECANCELED.
 */
int chaos_receive(struct chaos *ctx, int in_fd, int out_fd,
		  const char *const *overrides, unsigned int flags,
		  uint32_t *domid);

/*
 * Lets a suspended domain go on where it is.  -EINVAL it is not suspended;
 * -EBUSY another process is at work on it; -ESRCH; -ENOENT it was not made by
 * libchaos.
 */
int chaos_resume(struct chaos *ctx, uint32_t domid);

/*
 * fn is called often during a save, restore, send and receive: done of total
 * (0: that is not known), in the unit that is in what ("KB written").  It must
 * not call the library with this context, but for chaos_cancel.  NULL: no more.
 */
typedef void chaos_progress_fn(void *arg, const char *what, uint64_t done,
			       uint64_t total);
void chaos_set_progress(struct chaos *ctx, chaos_progress_fn *fn, void *arg);

/* Looking ----------------------------------------------------------------- */

#define CHAOS_NAME_MAX 64

enum chaos_state {
	CHAOS_STATE_RUNNING = 0,	/* or runnable */
	CHAOS_STATE_IDLE = 1,		/* every vCPU waits for an event */
	CHAOS_STATE_PAUSED = 2,
	CHAOS_STATE_SHUTDOWN = 3,	/* see shutdown_code */
	CHAOS_STATE_CRASHED = 4,
	CHAOS_STATE_DYING = 5,		/* being destroyed */
};

struct chaos_domain {
	uint32_t domid;
	enum chaos_state state;
	const char *name;	/* "" when it was not made by libchaos */
	const char *uuid;	/* "f81d4fae-7dec-..." */
	const char *type;	/* "pv" or "pvh" */
	uint64_t mem_kb;	/* owned now */
	uint64_t max_mem_kb;
	uint32_t vcpus;
	uint32_t shutdown_code;	/* SHUTDOWN_* of Xen's sched.h */
	uint64_t cpu_ns;	/* CPU time of all vCPUs */
	uint32_t flags;		/* CHAOS_DOMAIN_* */
};

#define CHAOS_DOMAIN_SPARE (1u << 0)	/* made ahead; it has no name yet */

/* "running", "idle", ... */
const char *chaos_state_name(enum chaos_state state);

/*
 * Name or decimal domid to domid; a number is always a domid.  -ESRCH no such
 * domain.  One file and one hypercall, however many domains there are.
 */
int chaos_lookup(struct chaos *ctx, const char *name_or_domid, uint32_t *domid);

/*
 * The name of a domain, the other way round.  -ESRCH no such domain; -ENOENT
 * it has none, being made by something else.
 */
int chaos_domain_name(struct chaos *ctx, uint32_t domid,
		      char name[CHAOS_NAME_MAX + 1]);

/*
 * Calls fn for every domain, domain 0 included, in order of domid.  A
 * non-zero return of fn ends it and is returned.  fn must not call the
 * library with this context.  d is valid during the call.
 */
int chaos_list(struct chaos *ctx,
	       int (*fn)(void *arg, const struct chaos_domain *d), void *arg);

#define CHAOS_WAIT_STATE(state)	(1u << (state))	/* of enum chaos_state */
#define CHAOS_WAIT_GONE		(1u << 31)

/*
 * Blocks until the domain is in one of the states (CHAOS_WAIT_*, or'ed), and
 * tells which in *reached.  Xen says when it is, but for running, idle and
 * dying, on a Xen without noxs, and when too many listen: then it is looked
 * every 50 ms.  timeout_ms 0 looks once, a
 * negative one waits for ever.  Once begun it is this domain that is waited
 * for, not a later one of its number.  -ETIMEDOUT; -ESRCH it has gone, or was
 * not there, and that was not asked for; -ECANCELED by chaos_cancel.
 */
int chaos_wait(struct chaos *ctx, uint32_t domid, unsigned int states,
	       int timeout_ms, unsigned int *reached);

/* Events ------------------------------------------------------------------ */

enum chaos_event_kind {
	CHAOS_EVENT_CREATED = 0,
	CHAOS_EVENT_STARTED = 1,	/* unpaused for the first time */
	CHAOS_EVENT_PAUSED = 2,
	CHAOS_EVENT_UNPAUSED = 3,
	CHAOS_EVENT_SHUTDOWN = 4,	/* powered itself off */
	CHAOS_EVENT_REBOOTED = 5,	/* wants to: somebody has to create it */
	CHAOS_EVENT_SUSPENDED = 6,
	CHAOS_EVENT_RESUMED = 7,
	CHAOS_EVENT_CRASHED = 8,
	CHAOS_EVENT_GONE = 9,		/* destroyed; it held nothing any more */
};

struct chaos_event {
	enum chaos_event_kind kind;
	uint32_t domid;
	const char *name;	/* "" not made by libchaos, or not known yet:
				   it has a name when it starts */
	const char *uuid;
	uint32_t code;		/* SHUTDOWN_* of Xen's sched.h, if it has ended */
};

/* "created", "started", ... */
const char *chaos_event_name(enum chaos_event_kind kind);

/*
 * What becomes of all domains but domain 0, from open on.  Who wants to know
 * all of them lists them after it.
 *
 * The descriptor is readable when there may be something to dispatch, which
 * does not block.  Dispatch calls fn for each event, in order for each domain;
 * of what happened between two calls, what undid itself is not told (a pause
 * and its end), and a domain that came and went is not told at all.  e is valid
 * during the call.  fn may use the context, but not ev.  When dispatch fails,
 * nothing was told and nothing is lost: call it again.
 *
 * -ENOSYS this Xen has no noxs; -ENOSPC there are too many listeners (16 on a
 * host).  ev is closed before its context, NULL is allowed.
 */
int chaos_events_open(struct chaos *ctx, struct chaos_events **out);
void chaos_events_close(struct chaos_events *ev);
int chaos_events_fd(const struct chaos_events *ev);
int chaos_events_dispatch(struct chaos_events *ev,
			  void (*fn)(void *arg, const struct chaos_event *e),
			  void *arg);

struct chaos_vif {
	uint32_t id;
	const char *mac;	/* "00:16:3e:00:00:01" */
	const char *bridge;	/* "" none */
	const char *ifname;	/* the TAP in dom0 */
	const char *ip;		/* "10.0.0.2/24", "dhcp" or "" */
	const char *gateway;	/* or "" */
	const char *backend_state;	/* "connected", ... or "unknown" */
	const char *frontend_state;
	uint32_t mtu;
	uint32_t guest_port;	/* 0: unknown */
	uint32_t backend_port;
	uint64_t rx_packets, rx_bytes;	/* received by the guest */
	uint64_t tx_packets, tx_bytes;
};

/*
 * Add a network interface to a living guest.  spec: "bridge=xenbr0,ip=10.0.0.3/24",
 * as an entry of vif in a configuration; what it does not say is chosen.  Its
 * number comes from spec or is the lowest that is free.  Returns when the
 * interface is on its bridge and announced to the guest; that the guest takes
 * it shows in chaos_info_get().  All or nothing; part of what is made anew by a
 * restart or a restore.
 *
 * -ESRCH no such domain; -ENOENT it was not made by libchaos; -EINVAL spec;
 * -EEXIST the guest has that id or MAC; -ENOSPC it has 15; -EBUSY another
 * process is at work on it; -ENODEV no such bridge; -ECONNREFUSED no backend.
 */
int chaos_network_attach(struct chaos *ctx, uint32_t domid, const char *spec,
			 uint32_t *id);
/* And take one away, whatever the guest does.  -ENODEV it has none of that id;
 * others as above. */
int chaos_network_detach(struct chaos *ctx, uint32_t domid, uint32_t id);

/* Guests that are made when somebody calls ------------------------------- */

/*
 * The network backend listens for addresses of guests that are not there, and
 * says when somebody wants one; it keeps the first frames for it.  What to do
 * then is the caller's: chaosd does it by this (chaos jit).
 *
 *     chaos_await_config -> chaos_await_add -> { poll, chaos_await_next }
 *     CHAOS_AWAIT_WAKE -> chaos_create        CHAOS_AWAIT_IDLE -> chaos_destroy
 *
 * An address belongs to the guest that has its MAC on its bridge, whoever made
 * it; without one it waits.  After a WAKE it is silent, until there was such a
 * guest and it went, or it is added again.
 */
enum chaos_await_kind {
	CHAOS_AWAIT_WAKE = 0,	/* somebody calls; domid: the guest dozes */
	CHAOS_AWAIT_IDLE = 1,	/* nobody has, for idle_timeout; once more each
				   such time */
};

struct chaos_await_event {
	enum chaos_await_kind kind;
	uint32_t domid;		/* 0: there is no guest */
	uint64_t token;
};

/*
 * Make cfg one whose guest can be awaited: paths become absolute, and vifs with
 * an address and without a MAC get one that comes of it, always the same.
 * -EINVAL no vif has a bridge and an address; -ENOENT no such kernel.
 */
int chaos_await_config(struct chaos *ctx, struct chaos_config *cfg);

/* -ECONNREFUSED no backend; -EPROTO one of another release; -ENOSYS. */
int chaos_await_open(struct chaos *ctx, struct chaos_await **out);
/* Nothing is awaited any more.  NULL is allowed. */
void chaos_await_close(struct chaos_await *aw);
int chaos_await_fd(const struct chaos_await *aw);	/* to be polled for input */

/*
 * Wait for all vifs of cfg that have a bridge and an address; again, with the
 * same ones: anew, and what was kept is dropped.  token, not 0, comes back in
 * events; *domid (may be NULL) is the guest that is there, or 0.  ctx: any
 * context of the same backend.  All or nothing.
 *
 * -EINVAL cfg was not for chaos_await_config; -EEXIST somebody else waits for
 * its MAC or address; -ENODEV no such bridge; -ENOSPC 4096 addresses;
 * -ECONNREFUSED no backend; -EPIPE the backend is not the one of aw any more.
 */
int chaos_await_add(struct chaos *ctx, const struct chaos_await *aw,
		    const struct chaos_config *cfg, uint64_t token,
		    uint32_t *domid);
/* What is not awaited is no error. */
int chaos_await_remove(struct chaos *ctx, const struct chaos_await *aw,
		       const struct chaos_config *cfg);
/*
 * The guest was paused, as it was idle: the next frame for it is a WAKE with its
 * domid.  -EAGAIN one has come meanwhile: unpause it.  -ENOENT not awaited.
 */
int chaos_await_doze(struct chaos *ctx, uint32_t domid);
/* Does not block.  1: *e is filled in; 0: nothing now; -EPIPE the backend is
 * gone, and aw of no use; -EPROTO. */
int chaos_await_next(struct chaos_await *aw, struct chaos_await_event *e);

struct chaos_info {
	struct chaos_domain domain;
	const char *kernel;	/* as configured; "" unknown */
	const char *ramdisk;
	const char *cmdline;
	const char *on_poweroff, *on_reboot, *on_crash;
	uint64_t created;	/* seconds since 1970; 0 unknown */
	size_t nr_vifs;
	const struct chaos_vif *const *vif;
	const char *config;	/* JSON of all that made it; "" unknown */
	/* Of the guest's driver, which takes requests to shut down and the like:
	 * "connected", ...; "none": the domain has no power device. */
	const char *power_state;
};

/* -ESRCH.  Freed with chaos_info_free (NULL is allowed). */
int chaos_info_get(struct chaos *ctx, uint32_t domid, struct chaos_info **out);
void chaos_info_free(struct chaos_info *info);

/* What of the host a domain gets ------------------------------------------ */

#define CHAOS_VCPU_ALL UINT32_MAX

/*
 * Where a vCPU, or all, may run (hard) and rather runs (soft): "0-3,^1", "all".
 * NULL: as it is.  It holds as long as the domain lives.  -ESRCH no such domain
 * or vCPU; -EINVAL not a list, or a CPU that is not in the domain's pool.  A
 * vCPU that fails leaves those before it as asked for.
 */
int chaos_vcpu_pin(struct chaos *ctx, uint32_t domid, uint32_t vcpu,
		   const char *hard, const char *soft);

struct chaos_vcpu {
	uint32_t vcpu;
	uint32_t cpu;		/* where it runs, or did last */
	const char *state;	/* "running", "idle", "runnable", "down" */
	uint64_t cpu_ns;
	const char *hard, *soft; /* "0-3", "all" */
};

/* fn for each vCPU, as chaos_list(). */
int chaos_vcpu_list(struct chaos *ctx, uint32_t domid,
		    int (*fn)(void *arg, const struct chaos_vcpu *v),
		    void *arg);

struct chaos_sched {
	size_t size;		/* IN: sizeof(struct chaos_sched) */
	uint32_t pool;
	const char *scheduler;	/* "credit2", ...; of the pool */
	uint32_t weight;	/* 0: this scheduler has none */
	uint32_t cap;		/* percent of one CPU; 0: none */
};

int chaos_sched_get(struct chaos *ctx, uint32_t domid,
		    struct chaos_sched *sched);
/*
 * -1 leaves one as it is.  weight 1 to 65535, of 256 what a domain has at first;
 * cap 0 to 100 for each vCPU.  -EINVAL out of range; -EOPNOTSUPP the scheduler
 * of its pool has neither.
 */
int chaos_sched_set(struct chaos *ctx, uint32_t domid, long weight, long cap);

/*
 * A pool is a set of CPUs with a scheduler of its own.  Xen knows it by its
 * number; it is called Pool-NUMBER here.
 */
struct chaos_cpupool {
	uint32_t id;
	const char *scheduler;
	uint32_t nr_domains;
	const char *cpus;	/* "" none */
};

/* "Pool-1" or "1" to 1.  -ENOENT no such pool; -EINVAL neither of them. */
int chaos_cpupool_find(struct chaos *ctx, const char *name, uint32_t *id);
/*
 * Of CPUs that are in no pool, or in Pool-0, which gives them.  scheduler:
 * "credit", "credit2", "null", "rtds", "arinc653"; NULL: Pool-0's.  All or
 * nothing.  -EINVAL not such CPUs; -EOPNOTSUPP this Xen has no such scheduler;
 * -EBUSY Pool-0 needs a CPU.
 */
int chaos_cpupool_create(struct chaos *ctx, const char *scheduler,
		      const char *cpus, uint32_t *id);
/* Its CPUs go back to Pool-0.  -ENOENT; -EBUSY it has domains; -EPERM Pool-0. */
int chaos_cpupool_destroy(struct chaos *ctx, uint32_t id);
/* As chaos_list(). */
int chaos_cpupool_list(struct chaos *ctx,
		    int (*fn)(void *arg, const struct chaos_cpupool *p),
		    void *arg);
/* With weight and cap, where the pool's scheduler has them, and without pins.
 * -ENOENT no such pool; -ESRCH no such domain; -ENODEV it has no CPUs. */
int chaos_cpupool_move(struct chaos *ctx, uint32_t id, uint32_t domid);

/*
 * Asks the guest to give back memory or to take it, and has Xen hold it to
 * that.  A restart gives it as much, in whole MB.  After a failure Xen's limit is
 * as it was.
 *
 * -EOPNOTSUPP no power driver or balloon in it; -ECONNREFUSED it will not: it
 * needs more, or never had as much; -ENOSPC Xen has not as much; -EAGAIN it is
 * paused; -EBUSY another process is at work on it; -ETIMEDOUT; -ESRCH; -ENOENT
 * it was not made by libchaos; -EINVAL none at all; -ECANCELED.
 */
int chaos_mem_set(struct chaos *ctx, uint32_t domid, uint64_t mem_kb,
		  int timeout_ms);

/* The host ---------------------------------------------------------------- */

/* Of Xen, for new domains, in KB. */
int chaos_free_memory(struct chaos *ctx, uint64_t *kb);

enum chaos_garbage_kind {
	CHAOS_GARBAGE_NAME = 0,		/* name: no domain has it */
	CHAOS_GARBAGE_RECORD = 1,	/* uuid: no domain has it */
	CHAOS_GARBAGE_DOMAIN = 2,	/* domid, uuid, name: never finished */
	CHAOS_GARBAGE_VIFS = 3,		/* domid: gone, its vifs were not */
	CHAOS_GARBAGE_SUSPENDED = 4,	/* domid, uuid, name: who saved it died;
					   it goes on */
	CHAOS_GARBAGE_SPARE = 5,	/* domid, uuid: who kept it died */
};

/* Texts that do not belong to the kind are "". */
struct chaos_garbage {
	enum chaos_garbage_kind kind;
	uint32_t domid;
	const char *name;
	const char *uuid;
};

#define CHAOS_GC_DRY_RUN (1u << 0)	/* only tell */

/*
 * Remove what killed processes left, and call fn (may be NULL) for each thing
 * that went; g is valid during the call, fn must not call the library with
 * this context.  Domains that libchaos did not begin to make are never touched,
 * nor those that another process is making now.  Goes on past what fails and
 * returns the first error; chaos_error() has all of them.
 */
int chaos_gc(struct chaos *ctx, unsigned int flags,
	     void (*fn)(void *arg, const struct chaos_garbage *g), void *arg);

enum chaos_health {
	CHAOS_HEALTH_OK = 0,
	CHAOS_HEALTH_HINT = 1,		/* works, and could be better */
	CHAOS_HEALTH_MISSING = 2,
};

struct chaos_check {
	const char *name;	/* "xen", "bridge", ... */
	enum chaos_health health;
	const char *found;	/* "xenbr0" */
	const char *remedy;	/* or "" */
};

/*
 * What a host needs for guests with vifs: root, Xen, free memory, noxs, a
 * network backend, a bridge, the run directory.  Calls fn for each; check is
 * valid during the call, and fn must not call the library with this context.
 * Returns 0, whatever is missing.  Blocks up to timeout_ms for the backend.
 */
int chaos_doctor(struct chaos *ctx,
		 void (*fn)(void *arg, const struct chaos_check *check),
		 void *arg);

/* Console ----------------------------------------------------------------- */

/*
 * The guest's PV console.  One at a time per guest: -EBUSY.  -ESRCH no such
 * domain; -ENOENT it has no console of ours.  Where chaosd keeps the consoles it
 * is had through it; else, while it is open, a guest that was destroyed keeps one
 * page: close it when a read says -EPIPE.
 */
int chaos_console_open(struct chaos *ctx, uint32_t domid,
		       struct chaos_console **out);
void chaos_console_close(struct chaos_console *con);	/* NULL is allowed */
/* Readable when there may be something to read, or room to write again.  The
 * death of a guest is not told through it: poll with a timeout and read. */
int chaos_console_fd(const struct chaos_console *con);
/* Neither blocks.  Bytes moved (0: none now), or -EPIPE the guest has shut
 * down, crashed or gone and all it said was read, -EPROTO its ring is broken,
 * -ECONNRESET chaosd, which had it, ended: open it anew. */
long chaos_console_read(struct chaos_console *con, void *buf, size_t size);
long chaos_console_write(struct chaos_console *con, const void *buf,
			 size_t size);

/*
 * What a guest said, as far as chaosd keeps it; any number at a time.  Also of
 * one that has gone, by its name, as long as it is among the latest that did.
 * Read as a console, it cannot be written to; after its last byte a read says
 * -EPIPE.  With FOLLOW what the guest says from now on comes too, until its end.
 *
 * -ENOTCONN chaosd does not run; -EOPNOTSUPP it keeps no consoles; -ESRCH no
 * such guest; -ENOENT it was not made by libchaos; -EBUSY another process has
 * its console; -EAGAIN too many ask.
 */
#define CHAOS_CONSOLE_FOLLOW (1u << 0)

int chaos_console_log_open(struct chaos *ctx, const char *name_or_domid,
			   unsigned int flags, struct chaos_console **out);
/* Bytes before or among those read that were not kept: they were too many. */
uint64_t chaos_console_lost(const struct chaos_console *con);

#ifdef __cplusplus
}
#endif

#endif
