/* SPDX-License-Identifier: BSD-2-Clause */
/* link-private.h: what the two files of rtnetlink share. */
#ifndef NBL_LINK_PRIVATE_H
#define NBL_LINK_PRIVATE_H

#include "link.h"

struct nl_sock;

struct nl_sock *nbl_link_sock(struct nbl_link *link);
/* -errno of a result of libnl */
int nbl_link_errno(int nle);

#endif
