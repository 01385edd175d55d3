# SPDX-License-Identifier: BSD-2-Clause
#
# tinyx is a script; what has to be built is the init of its guests, a static
# program for any kernel, small because of its C library.

TINYX      := guest-frontends/tinyx
TINYX_INIT := $(TOPB)/tinyx/init
TINYX_SRCS := $(TINYX)/init.c $(TINYX)/net.c
TINYX_CFLAGS := -std=gnu11 -Os $(WARN) -ffunction-sections -fdata-sections

$(TINYX_INIT): $(TINYX_SRCS) $(TINYX)/init.h
	$(call say,MUSL,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(TINYX_CFLAGS) -static -Wl,--gc-sections -s -o $@ $(TINYX_SRCS)

# bin/tinyx leads to where its parts lie.
$(TOPB)/tinyx/tinyx:
	@mkdir -p $(@D)
	$(Q)ln -sfn ../lib/tinyx/tinyx $@

TINYX_FILES := tinyx dhcp $(patsubst $(TINYX)/%,%,$(wildcard $(TINYX)/builder/*.py \
	$(TINYX)/recipes/* $(TINYX)/kernel/*))

INSTALL += $(foreach f,$(TINYX_FILES),$(TINYX)/$(f):lib/tinyx/$(f)) \
	$(TINYX_INIT):lib/tinyx/init $(TOPB)/tinyx/tinyx:bin/tinyx \
	docs/man/tinyx.1:share/man/man1/tinyx.1
ALL += $(TINYX_INIT) $(TOPB)/tinyx/tinyx
