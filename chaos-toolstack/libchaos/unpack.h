/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unpack.h owns kernels as distributions ship them: a Linux bzImage, or an ELF
 * file that was compressed.  What comes out is an ELF file in memory.
 *
 * The layout of a bzImage is Linux's boot protocol (Documentation/arch/x86/boot,
 * version 2.08 on).
 */
#ifndef CHAOS_UNPACK_H
#define CHAOS_UNPACK_H

#include <stdint.h>

/* Of a kernel, uncompressed: a file can promise any number of bytes. */
#define CHAOS__UNPACK_MAX (512ull << 20)

/*
 * *out: a descriptor of the unpacked file, the caller's, and its size; or -1: fd is
 * not compressed.  -ENOEXEC it is broken, or compressed in another way: *why;
 * -EFBIG more than CHAOS__UNPACK_MAX; -ENOMEM and others.
 */
int chaos__unpack(int fd, uint64_t size, int *out, uint64_t *out_size,
		  const char **why);

#endif
