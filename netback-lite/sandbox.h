/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox.h owns what the process may still do once it serves.  It reads what
 * guests write; whoever takes it over by that shall not have the host.
 *
 *   root, all capabilities        opens /dev/xen/{privcmd,evtchn,gntdev}, the
 *                                 lock, the control socket
 *     |  nbl_sandbox_enter        one thread yet
 *     v
 *   user, CAP_NET_ADMIN alone     TAPs and bridges; starts its threads
 *     |  nbl_sandbox_seal         all threads
 *     v
 *   the same, and of system calls and ioctls those of seccomp.c alone
 *
 * What is left: the descriptor of privcmd makes any hypercall, as a filter of
 * system calls cannot see which, and the kernel's own restriction of that
 * descriptor is to one guest.
 */
#ifndef NBL_SANDBOX_H
#define NBL_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "log.h"

#define NBL_USER	"netback-lite"

struct nbl_sandbox {
	bool on;
	uid_t uid;
	gid_t gid;
};

/*
 * Who shall it be?  name NULL: NBL_USER, or nobody where there is none, with a
 * warning.  -EINVAL: it is root.  -ENOENT: no such user.
 */
int nbl_sandbox_user(const char *name, struct nbl_sandbox *out,
		     char err[NBL_ERROR_SIZE]);
/*
 * The path becomes the user's: a folder, or a file that is nothing but that.
 * -ENOENT: it is not there.
 */
int nbl_sandbox_give(const struct nbl_sandbox *s, const char *path);
/* From root to the user, for good.  One thread only.  err gets the step. */
int nbl_sandbox_enter(const struct nbl_sandbox *s, char err[NBL_ERROR_SIZE]);
/* No other system calls from now on: whoever makes one is killed. */
int nbl_sandbox_seal(char err[NBL_ERROR_SIZE]);

#endif
