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
noxs-ops_SRCS   := tests/lab/noxs-ops.c tests/lab/noxs-ops-lib.c
noxs-ops_CFLAGS := -Ihypervisor-ext/include
noxs-ops_PKGS   := xencontrol xencall xenevtchn xenforeignmemory
$(eval $(call program,noxs-ops,tests/lab/noxs-ops))
ALL += $(B)/tests/lab/noxs-ops
