/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This runtime's side of noxs_os.h: types, memory functions, error numbers,
 * barriers, Xen's headers.
 */
#ifndef NOXS_OS_PORT_H
#define NOXS_OS_PORT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "minios/barrier.h"
#include "minios/hypercall.h"
#include <xen/noxs.h>
#include <xen/io/ring.h>
#include <xen/io/netif.h>

#endif
