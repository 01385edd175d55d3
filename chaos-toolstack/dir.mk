# SPDX-License-Identifier: BSD-2-Clause
#
# libnoxs (the hypercall and the pages), libchaos (the toolstack as a
# library), chaos (the command).

NOXS_INC := -Ihypervisor-ext/include -Ichaos-toolstack/libnoxs/include

libnoxs_SRCS   := $(addprefix chaos-toolstack/libnoxs/,noxs.c map.c netback.c)
libnoxs_CFLAGS := $(NOXS_INC)
libnoxs_PKGS   := xencall xenforeignmemory xentoollog
$(eval $(call archive,libnoxs,lib/libnoxs.a))
ALL += $(B)/lib/libnoxs.a
