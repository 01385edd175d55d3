/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Xen cannot hold, as files under the run directory (mode 0700):
 *
 *   names/NAME      "UUID DOMID TASK\n", empty at first, DOMID 0 until the
 *                   domain is made.  Whoever makes or unmakes the domain, or
 *                   stops it for a while, holds a lock (flock) on it, so a
 *                   maker that died is told from one that is at work; TASK
 *                   says what it was at.
 *   domains/UUID    one JSON object, replaced by rename.
 *   spares/UUID     "DOMID\n" of a domain made ahead, which has no name so far;
 *                   empty until it is made.  Locked by the process that keeps it.
 *
 * All are hints until Xen says that DOMID is alive and has UUID.
 */
#ifndef CHAOS_STORE_H
#define CHAOS_STORE_H

#include "internal.h"

struct chaos__vif_record {
	unsigned int id;	/* to the guest and the backend; 0..14 */
	char mac[18];
	char bridge[16];
	char ifname[16];
	char ip[24];		/* "10.0.0.2/24", "dhcp", "" */
	char gateway[16];
	unsigned int mtu;
	char backend[CHAOS_NAME_MAX + 1];	/* another domain; "": ours */
};

struct chaos__record {
	uint8_t uuid[16];
	uint32_t domid;
	struct chaos__xen_console_where console;
	uint64_t created;
	char name[CHAOS_NAME_MAX + 1];
	char *kernel, *ramdisk, *cmdline;	/* never NULL once loaded */
	char *on_poweroff, *on_reboot, *on_crash;
	char *config;		/* JSON of all that made it; NULL: not known */
	const struct chaos_config *source;	/* the same, to be saved; borrowed */
	unsigned int nr_vifs;
	struct chaos__vif_record vif[CHAOS__MAX_VIFS];
};

/* store.c: the directories, made when missing. */
int chaos__store_open(struct chaos *ctx);
void chaos__store_close(struct chaos *ctx);

/* record.c */
int chaos__record_save(struct chaos *ctx, const struct chaos__record *rec);
/* -ENOENT none; -EPROTO not one of ours. */
int chaos__record_load(struct chaos *ctx, const uint8_t uuid[16],
		       struct chaos__record **out);
/* The name in it, without reading all of it where that is possible: lists of
 * many domains.  Errors as above. */
int chaos__record_name(struct chaos *ctx, const uint8_t uuid[16],
		       char name[CHAOS_NAME_MAX + 1]);
/*
 * The configuration that makes this guest again: its UUID and MACs are those it
 * got, its name is the present one.  Freed with chaos_config_free.  Records the
 * error: -ENOENT an older record without it, or what a parser says.
 */
int chaos__record_config(struct chaos *ctx, const struct chaos__record *rec,
			 struct chaos_config **out);
int chaos__record_remove(struct chaos *ctx, const uint8_t uuid[16]);
void chaos__record_free(struct chaos__record *rec);	/* NULL is allowed */

/* name.c */
struct chaos__name_lock {
	int fd;			/* -1: none */
	char name[CHAOS_NAME_MAX + 1];
};

/* What the holder of a name's lock is doing to its domain.  With nobody holding
 * it: what a process that died had begun. */
enum chaos__task {
	CHAOS__TASK_NONE = '-',
	CHAOS__TASK_CREATE = 'c',	/* void if it never ran */
	CHAOS__TASK_DESTROY = 'd',	/* to be finished */
	CHAOS__TASK_NETWORK = 'n',	/* the record may have a vif too many */
	CHAOS__TASK_SAVE = 's',		/* to be resumed */
	CHAOS__TASK_SEND = 'm',		/* may run elsewhere: not to be touched */
};

/* May a domain be called so?  -EINVAL: no, *why and what helps are set. */
int chaos__name_check(const char *name, const char **why, const char **remedy);
/* -EEXIST: a living domain has it (*holder says which, 0: not yet known). */
int chaos__name_claim(struct chaos *ctx, const char *name,
		      struct chaos__name_lock *lock, uint32_t *holder);
/*
 * Locks a name that is uuid's, and domid's.  -ENOENT it is not uuid's, or there is
 * no such name; -EBUSY somebody is at work on it; -ESTALE the guest is another
 * domain by now: it was made anew.
 */
int chaos__name_take(struct chaos *ctx, const char *name,
		     const uint8_t uuid[16], uint32_t domid,
		     struct chaos__name_lock *lock);
/*
 * As take, of whichever domain of uuid's (*domid); waits for who is at work on it.
 */
int chaos__name_await(struct chaos *ctx, const char *name,
		      const uint8_t uuid[16], struct chaos__name_lock *lock,
		      uint32_t *domid);
/* As claim, but claims nothing. */
int chaos__name_free(struct chaos *ctx, const char *name, uint32_t *holder);
int chaos__name_bind(struct chaos__name_lock *lock, const uint8_t uuid[16],
		     uint32_t domid);
/* Note what is being done; a bind notes CHAOS__TASK_CREATE. */
int chaos__name_mark(struct chaos__name_lock *lock, enum chaos__task task);
/* Of an open name file.  -EPROTO: it has no content, or not ours. */
int chaos__name_task(int fd, enum chaos__task *task);
void chaos__name_unlock(struct chaos__name_lock *lock);
void chaos__name_drop(struct chaos *ctx, struct chaos__name_lock *lock);
/* As await, of a name that is not known: the cost grows with how many there are. */
int chaos__name_await_any(struct chaos *ctx, const uint8_t uuid[16],
			  struct chaos__name_lock *lock, uint32_t *domid);
/* -ENOENT no such name; -EAGAIN its domain is not made yet (*domid 0 and the
 * UUID it will have, if that is known; neither is written otherwise). */
int chaos__name_find(struct chaos *ctx, const char *name, uint8_t uuid[16],
		     uint32_t *domid);

/* spare-file.c */
/* Makes the file, locked. */
int chaos__spare_note(struct chaos *ctx, const uint8_t uuid[16], int *fd);
int chaos__spare_bind(int fd, uint32_t domid);
/* Removes the file and gives up the lock. */
void chaos__spare_forget(struct chaos *ctx, const uint8_t uuid[16], int *fd);
/* *domid 0: it was not made yet.  -EPROTO. */
int chaos__spare_domid(int fd, uint32_t *domid);
bool chaos__is_spare(struct chaos *ctx, const uint8_t uuid[16]);

#endif
