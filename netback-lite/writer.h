/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer.h owns how frames come to a TAP: many by one system call (io_uring), so
 * that the kernel has taken all of a batch before anybody whom they wake runs.
 * With a write() each, a receiver in this domain preempts us at each frame.
 *
 * Call order: nbl_writer_create -> { nbl_writer_add -> nbl_writer_flush }
 */
#ifndef NBL_WRITER_H
#define NBL_WRITER_H

#include <stdint.h>

#include "batch.h"

struct nbl_writer;

/*
 * -ENOMEM.  A kernel that has no io_uring, or does not let us have it, is no
 * error: then it is a write() each.  To be called before the sandbox is sealed.
 */
int nbl_writer_create(struct nbl_writer **out);
void nbl_writer_destroy(struct nbl_writer *w);	/* NULL is allowed */

/* Is it one system call for many? */
bool nbl_writer_batches(const struct nbl_writer *w);

/*
 * One packet for the TAP fd: header and frame, which stay until the flush.  At most
 * NBL_BATCH_PKTS between two flushes.
 */
void nbl_writer_add(struct nbl_writer *w, int fd, struct nbl_packet *p);
/*
 * In the order of the adds.  Each packet's written is 0 or -errno afterwards: what
 * the network does not take at once is not tried again.
 */
void nbl_writer_flush(struct nbl_writer *w);

#endif
