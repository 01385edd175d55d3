/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges of the integer types, from the compiler. */
#ifndef MINIOS_LIBC_LIMITS_H
#define MINIOS_LIBC_LIMITS_H

#define CHAR_BIT	8
#define SCHAR_MAX	__SCHAR_MAX__
#define UCHAR_MAX	(__SCHAR_MAX__ * 2 + 1)
#define SHRT_MAX	__SHRT_MAX__
#define USHRT_MAX	(__SHRT_MAX__ * 2 + 1)
#define INT_MAX		__INT_MAX__
#define INT_MIN		(-INT_MAX - 1)
#define UINT_MAX	(INT_MAX * 2u + 1u)
#define LONG_MAX	__LONG_MAX__
#define LONG_MIN	(-LONG_MAX - 1l)
#define ULONG_MAX	(LONG_MAX * 2ul + 1ul)

#endif
