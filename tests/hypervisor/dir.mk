# SPDX-License-Identifier: BSD-2-Clause
#
# The hypervisor's own files, compiled here against a shim.

HYP_FILES := $(sort $(wildcard hypervisor-ext/xen/common/noxs*.c))
HYP_SHIM  := $(addprefix tests/hypervisor/,shim/shim.c shim/evtchn.c world.c)

define hypervisor_test
hypervisor-$(1)_SRCS := tests/hypervisor/$(1).c $(HYP_SHIM) $(HYP_FILES)
hypervisor-$(1)_CFLAGS := -DCONFIG_NOXS -Itests/hypervisor \
	-Itests/hypervisor/shim -Ihypervisor-ext/xen/include -I. \
	-Wno-unused-parameter
hypervisor-$(1)_PKGS := cmocka
$$(eval $$(call test_program,hypervisor-$(1)))
endef
$(foreach t,ops fail death watch driver random,$(eval $(call hypervisor_test,$(t))))
