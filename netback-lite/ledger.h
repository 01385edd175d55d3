/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger.h owns what a vif's next backend process must know of it and cannot
 * learn from Xen, in a file that outlives the process.
 *
 * Model
 *   A file of records of one size, each at a place of its own, which it keeps
 *   while its vif lives: writing, changing and erasing one is one pwrite().
 *   It lies on a tmpfs: the kernel has it when the call returns, whatever
 *   becomes of the process; nobody waits for a disk, and a host that went down
 *   has no guests.  A kill in the middle of a call leaves the old record, the
 *   new one, or one whose sum is wrong, which is none.
 *
 *   What it says is believed of the very device alone that it was written for:
 *   who reads it compares domid, number and serial with what Xen lists.
 *
 * Call order: open -> { nr, read } -> { put, erase } -> close.  One process has
 * it at a time (the lock in main.c).  Errors are 0 or -errno; those of writing
 * are logged, once, and cost the vif its next life only.
 */
#ifndef NBL_LEDGER_H
#define NBL_LEDGER_H

#include <stdint.h>

#include <noxs/netback.h>
#include <xen/noxs.h>

#include "log.h"

#define NBL_LEDGER_MAGIC	0x474c584eu	/* "NXLG" */
#define NBL_LEDGER_VERSION	1
#define NBL_LEDGER_MAX		(1u << 20)	/* records */

/* The file begins with one of these; kinds and layouts change the version. */
struct nbl_ledger_head {
	uint32_t magic;		/* NBL_LEDGER_MAGIC */
	uint16_t version;	/* NBL_LEDGER_VERSION */
	uint16_t size;		/* of a record, and of this */
	uint32_t sum;		/* of all of it, this being 0 */
	uint32_t pad[61];	/* 0 */
};

/*
 * One vif.  Fields that are added take from reserved[], where 0 means what was
 * meant before there were any.
 */
struct nbl_record {
	uint32_t magic;		/* NBL_LEDGER_MAGIC; 0: no record */
	uint32_t sum;		/* of all of it, this being 0 */
	uint64_t serial;	/* of the guest */
	uint64_t nr;		/* no two the same; later ones are higher */
	uint16_t domid;
	uint16_t vif;
	uint32_t flags;		/* of the request of its owner, or SPARE */
	uint32_t ifindex;	/* of its TAP */
	uint16_t vlan;
	uint16_t pad;		/* 0 */
	struct noxs_netback_limit limit[4];	/* by NOXS_NETBACK_*_BYTES, ... */
	char ifname[16];
	char bridge[16];	/* "": none */
	uint8_t queues;		/* that were wanted; 0: one */
	uint8_t reserved[119];
};

_Static_assert(sizeof(struct nbl_ledger_head) == 256, "layout of the file");
_Static_assert(sizeof(struct nbl_record) == 256, "layout of the file");
_Static_assert(sizeof(struct noxs_netback_limit) == 16 &&
	       NOXS_NETBACK_NR_LIMITS == 4, "layout of a record");

struct nbl_ledger;

/*
 * Open, or make.  -EPROTO: it is no such file, or one of another version; err
 * says what to do.  -EINVAL: not a plain file of ours.
 */
int nbl_ledger_open(const char *path, struct nbl_ledger **out,
		    char err[NBL_ERROR_SIZE]);
void nbl_ledger_close(struct nbl_ledger *l);	/* NULL is allowed */

/* As many as a vif can have, whatever it says. */
static inline unsigned int nbl_record_queues(const struct nbl_record *r)
{
	return r->queues && r->queues <= XEN_NOXS_NET_MAX_QUEUES ? r->queues
								 : 1;
}

/* Places that the file had when it was opened: 1 to this. */
uint32_t nbl_ledger_nr(const struct nbl_ledger *l);
/* The record in one of them; -ENOENT: none that is whole (and it is free). */
int nbl_ledger_read(struct nbl_ledger *l, uint32_t place,
		    struct nbl_record *out);

/*
 * By any thread: write r, whose magic, sum and nr are filled in, at *place; 0: at a new one,
 * which *place is then.  l NULL: does nothing.
 */
void nbl_ledger_put(struct nbl_ledger *l, uint32_t *place,
		    struct nbl_record *r);
/* place 0 or l NULL: does nothing. */
void nbl_ledger_erase(struct nbl_ledger *l, uint32_t place);

#endif
