# SPDX-License-Identifier: BSD-2-Clause
#
# The unikernel runtime and its applications: freestanding x86_64 images, one
# ELF for PVH and PV each.
#
#   $(B)/minios/<app>        what a domain boots (stripped)
#   $(B)/minios/<app>.debug  the same with symbols
#
# An application is apps/<app>/app.mk with minios_<app>_SRCS (files from the
# top of the tree) and, if it wants others than the usual, minios_<app>_CFLAGS.

MINIOS_MAX_BYTES := 491520
MINIOS_CC        ?= $(CC)
MINIOS_STRIP     ?= strip
MINIOS_XEN_INCLUDE ?= $(or $(shell $(PKG_CONFIG) --variable=includedir \
	xencontrol 2>/dev/null),/usr/include)/xen

MINIOS_O := $(B)/obj/minios

MINIOS_SRCS := $(addprefix minios-port/, \
	boot/boot.c boot/option.c boot/start.c boot/traps.c \
	libc/printf.c libc/string.c libc/strtol.c \
	mm/balloon.c mm/frame.c mm/malloc.c mm/page.c mm/protect.c mm/pv.c mm/window.c \
	sched/sched.c \
	xen/console.c xen/events.c xen/gnttab.c xen/hypercall.c xen/power.c \
	xen/shared.c xen/suspend.c xen/time.c)
MINIOS_ASRCS := $(addprefix minios-port/, \
	boot/notes.S boot/pv.S boot/pvh.S boot/trap_entry.S sched/switch.S)

MINIOS_INCLUDES := -nostdinc -Iminios-port/include -Iminios-port/include/libc \
	-Ihypervisor-ext/include -isystem $(MINIOS_O)/sys \
	-isystem $(shell $(MINIOS_CC) -print-file-name=include)
MINIOS_CFLAGS := -std=gnu11 $(WARN) -Os -g -m64 -march=x86-64 -mno-red-zone \
	-mgeneral-regs-only -mcmodel=small -ffreestanding -fno-builtin-printf \
	-fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -ffunction-sections -fdata-sections \
	-fno-strict-aliasing -fno-common $(MINIOS_INCLUDES)

MINIOS_OBJS := $(MINIOS_SRCS:%.c=$(MINIOS_O)/%.o) \
	$(MINIOS_ASRCS:%.S=$(MINIOS_O)/%.o)

# Xen's headers under a directory of their own: nothing else of the host's.
$(MINIOS_O)/sys/.stamp:
	@mkdir -p $(@D)
	$(Q)ln -sfn $(MINIOS_XEN_INCLUDE) $(@D)/xen
	$(Q)touch $@

$(MINIOS_O)/%.o: %.c $(MINIOS_O)/sys/.stamp
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(MINIOS_CC) $(MINIOS_CFLAGS) $(MINIOS_EXTRA) -MMD -MP -c -o $@ $<

$(MINIOS_O)/%.o: %.S $(MINIOS_O)/sys/.stamp
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(MINIOS_CC) $(MINIOS_INCLUDES) -m64 -D__ASSEMBLY__ -g -MMD -MP -c -o $@ $<

$(MINIOS_O)/minios.lds: minios-port/boot/minios.lds.S
	@mkdir -p $(@D)
	$(Q)$(MINIOS_CC) -E -P -D__ASSEMBLY__ $(MINIOS_INCLUDES) -MMD -MP \
		-MT $@ -o $@ $<

# $(1): application
define minios_app
minios_$(1)_OBJS := $$(minios_$(1)_SRCS:%.c=$$(MINIOS_O)/%.o)
$$(minios_$(1)_OBJS): $$(LWIP)/.version
$$(minios_$(1)_OBJS): MINIOS_EXTRA := $$(MINIOS_NET_CFLAGS) $$(minios_$(1)_CFLAGS)
$$(B)/minios/$(1).debug: $$(minios_$(1)_OBJS) $$(MINIOS_OBJS) $$(MINIOS_O)/minios.lds
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(MINIOS_CC) -m64 -static -nostdlib -no-pie -Wl,--gc-sections \
		-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,norelro \
		-Wl,-z,noexecstack -Wl,-T,$$(MINIOS_O)/minios.lds -o $$@ \
		$$(filter %.o,$$^)
$$(B)/minios/$(1): $$(B)/minios/$(1).debug
	$$(call say,STRIP,$$@)
	$$(Q)$$(MINIOS_STRIP) -o $$@.tmp $$<
	$$(Q)size=$$$$(wc -c <$$@.tmp); [ $$$$size -le $(MINIOS_MAX_BYTES) ] || \
		{ echo "$$@: $$$$size bytes, at most $(MINIOS_MAX_BYTES)" >&2; \
		  exit 1; }
	$$(Q)mv $$@.tmp $$@
-include $$(minios_$(1)_OBJS:.o=.d)
MINIOS_IMAGES += $$(B)/minios/$(1)
endef

MINIOS_IMAGES :=
include minios-port/net/net.mk
MINIOS_APPS := $(patsubst minios-port/apps/%/app.mk,%, \
	$(wildcard minios-port/apps/*/app.mk))
include $(MINIOS_APPS:%=minios-port/apps/%/app.mk)
$(foreach a,$(MINIOS_APPS),$(eval $(call minios_app,$(a))))
-include $(MINIOS_OBJS:.o=.d) $(MINIOS_O)/minios.d

minios: $(MINIOS_IMAGES)
.PHONY: minios

# A sanitizer build is about the programs of dom0; images are not built twice.
ifneq ($(SAN),1)
ALL += $(MINIOS_IMAGES)
INSTALL += $(foreach i,$(MINIOS_IMAGES),$(i):lib/noxs/$(notdir $(i)))
endif
