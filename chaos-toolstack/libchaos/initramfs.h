/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory a Linux guest's initramfs takes when it is unpacked, without
 * unpacking it: as its compression's header or trailer says.
 */
#ifndef CHAOS_INITRAMFS_H
#define CHAOS_INITRAMFS_H

#include <stdint.h>

/*
 * Bytes, at least; 0: it does not say.  What the file says is believed as long as
 * it is possible: whoever writes a wrong size there has only the guest refused.
 */
uint64_t chaos__initramfs_unpacked(int fd, uint64_t size);

#endif
