/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's view of the compiler and of us.
 */
#ifndef MINIOS_ARCH_CC_H
#define MINIOS_ARCH_CC_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "minios/panic.h"
#include "minios/random.h"

#define LWIP_NO_INTTYPES_H	1
#define LWIP_NO_LIMITS_H	0
#define LWIP_NO_UNISTD_H	1
#define LWIP_NO_CTYPE_H		1
#define SSIZE_MAX		LONG_MAX
typedef long ssize_t;

#define X8_F	"02x"
#define U16_F	"u"
#define S16_F	"d"
#define X16_F	"x"
#define U32_F	"u"
#define S32_F	"d"
#define X32_F	"x"
#define SZT_F	"zu"

#define LWIP_PLATFORM_DIAG(x)	do { printf x; } while (0)
#define LWIP_PLATFORM_ASSERT(x)	panic("lwIP: %s", x)
#define LWIP_RAND()		random_u32()

#endif
