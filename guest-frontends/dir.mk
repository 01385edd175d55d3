# SPDX-License-Identifier: BSD-2-Clause
#
# The frontend core is no program: whoever has an OS compiles CORE_SRCS with
# CORE_CFLAGS and a noxs_os_port.h on its include path.

CORE := guest-frontends/core
CORE_SRCS := $(addprefix $(CORE)/,netfront_ring.c netfront_rx.c \
	netfront_tx.c noxs_bus.c noxs_device.c noxs_netfront.c noxs_pages.c \
	noxs_pool.c noxs_power.c noxs_probe.c)
CORE_CFLAGS := -I$(CORE)/include -Ihypervisor-ext/include

# The core needs no C library and no 64 bits: compiled as an OS would do it,
# with nothing but the compiler's own headers and Xen's.
CORE_CHECK := $(foreach m,32 64,$(patsubst %.c,$(B)/obj/core-check/$(m)/%.o,$(CORE_SRCS)))
CORE_CHECK_CFLAGS := -std=gnu11 -O2 $(WARN) -ffreestanding -nostdinc \
	-isystem $(shell $(CC) -print-file-name=include) \
	-isystem $(B)/obj/core-check/include \
	-Itests/frontend/os $(CORE_CFLAGS)

$(B)/obj/core-check/include/xen:
	@mkdir -p $(@D)
	$(Q)ln -sfn /usr/include/xen $@

define core_check
$$(B)/obj/core-check/$(1)/%.o: %.c $$(wildcard $$(CORE)/*.h $$(CORE)/include/*.h) \
		tests/frontend/os/noxs_os_port.h | $$(B)/obj/core-check/include/xen
	$$(call say,CC$(1),$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -m$(1) $$(CORE_CHECK_CFLAGS) -c -o $$@ $$<
endef
$(foreach m,32 64,$(eval $(call core_check,$(m))))

check-core: $(CORE_CHECK)
check-headers: check-core
.PHONY: check-core

include guest-frontends/linux/dir.mk
include guest-frontends/tinyx/dir.mk
