# SPDX-License-Identifier: BSD-2-Clause
#
# Xen, from Debian's source: as it is, with noxs, and with noxs for debugging.
# hypervisor-ext/build looks at the contents of its inputs, so it is always
# asked and rarely does anything.

XEN_SERIES  := 4.17
XEN_VARIANTS := stock noxs debug
XEN_BUILD   := $(TOPB)/xen
XEN_JOBS    ?= 2

$(SRC)/xen/.version: | mk/fetch-source
	$(Q)mk/fetch-source xen $(SRC)/xen $(XEN_SERIES)

# $(XEN_BUILD)/<variant>/xen is what QEMU's -kernel loads.
define xen_variant
$(XEN_BUILD)/$(1)/xen: $(SRC)/xen/.version FORCE
	$$(Q)hypervisor-ext/build $(1) $(SRC)/xen $(XEN_BUILD)/$(1) $(XEN_JOBS)
xen-$(1): $(XEN_BUILD)/$(1)/xen
.PHONY: xen-$(1)
endef
$(foreach v,$(XEN_VARIANTS),$(eval $(call xen_variant,$(v))))

xen: xen-stock xen-noxs

FORCE:
.PHONY: xen FORCE

# The hypercall and the pages on a real Xen: runs in the lab's dom0.
noxs-ops_SRCS   := tests/lab/noxs-ops.c tests/lab/noxs-ops-backend.c \
	tests/lab/noxs-ops-devices.c tests/lab/noxs-ops-watch.c \
	tests/lab/noxs-ops-lib.c
noxs-ops_CFLAGS := -Ihypervisor-ext/include
noxs-ops_PKGS   := xenguest xencontrol xencall xenevtchn xenforeignmemory
$(eval $(call program,noxs-ops,tests/lab/noxs-ops))
ALL += $(B)/tests/lab/noxs-ops

# What a pause costs, with watches and without.
noxs-pause_SRCS   := tests/lab/noxs-pause.c tests/lab/noxs-ops-lib.c
noxs-pause_CFLAGS := -Ihypervisor-ext/include
noxs-pause_PKGS   := xencontrol xencall xenevtchn xenforeignmemory
$(eval $(call program,noxs-pause,tests/lab/noxs-pause))
ALL += $(B)/tests/lab/noxs-pause

# Domids that come again.
domids_SRCS   := tests/lab/domids.c tests/lab/noxs-ops-lib.c
domids_CFLAGS := -Ihypervisor-ext/include -Ichaos-toolstack/libchaos/include
domids_LIBS   := $(B)/lib/libchaos.a $(B)/lib/libnoxs.a
domids_PKGS   := xencontrol xencall xenevtchn xenforeignmemory
domids_LDLIBS  = $(libchaos_LINK)
$(eval $(call program,domids,tests/lab/domids))
ALL += $(B)/tests/lab/domids

# Vifs of guests that are made ahead.
spares_SRCS   := tests/lab/spares.c tests/lab/noxs-ops-lib.c
spares_CFLAGS := -Ihypervisor-ext/include -Ichaos-toolstack/libnoxs/include
spares_LIBS   := $(B)/lib/libnoxs.a
spares_PKGS   := xencontrol xencall xenevtchn xenforeignmemory xentoollog
$(eval $(call program,spares,tests/lab/spares))
ALL += $(B)/tests/lab/spares

# A guest that tries what it must not be able to, and the test that boots it.
HOSTILE := tests/lab/hostile
HOSTILE_FLAGS := -std=gnu11 $(WARN) -O2 -ffreestanding -fno-builtin -fno-pic \
	-fno-stack-protector -fno-asynchronous-unwind-tables -mno-sse -mno-mmx \
	-fcf-protection=none -D__XEN_INTERFACE_VERSION__=0x00040d00 \
	-Ihypervisor-ext/include -nostdlib -static -no-pie \
	-Wl,-Ttext-segment=0x100000,-e,start,--build-id=none
HOSTILE_pvh := -m32
HOSTILE_pv  := -m64 -mno-red-zone

define hostile_guest
$(TOPB)/tests/lab/hostile-$(1): $(HOSTILE)/$(1)-start.S $(HOSTILE)/$(1).c \
		$(HOSTILE)/common.c $(HOSTILE)/hostile.h \
		hypervisor-ext/include/xen/noxs.h
	$$(call say,GUEST,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(HOSTILE_FLAGS) $$(HOSTILE_$(1)) -o $$@ $$(filter %.S %.c,$$^)
ALL += $(TOPB)/tests/lab/hostile-$(1)
endef
$(foreach k,pvh pv,$(eval $(call hostile_guest,$(k))))

noxs-guest_SRCS   := tests/lab/noxs-guest.c tests/lab/noxs-ops-lib.c
noxs-guest_CFLAGS := -Ihypervisor-ext/include
noxs-guest_PKGS   := xenguest xencontrol xencall xenevtchn xenforeignmemory \
	xengnttab
$(eval $(call program,noxs-guest,tests/lab/noxs-guest))
ALL += $(B)/tests/lab/noxs-guest
