/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI header, under the name that it has inside Xen. */
#include "hypervisor-ext/include/xen/noxs.h"
