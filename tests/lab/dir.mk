# SPDX-License-Identifier: BSD-2-Clause
#
# What the lab has for long or thorough looks at Linux guests, beside make test.
#
#   make test-linux-cycles    200 suspends and resumes of each kind; CYCLES=n
#   make test-debug-kernel    linux-net and linux-power with a kernel that looks
#                             for faults (KASAN, lockdep, ...: debug/config); it
#                             is built first.  PVH: as a PV guest a kernel with
#                             KASAN dies before its shadow memory is there

LINUX_DEBUG := $(TOPB)/linux-debug
LINUX_DEBUG_TREE := $(LINUX_DEBUG)/modules
LINUX_DEBUG_TESTS ?= $(addprefix tests/lab/,linux-net.test linux-power.test)
CYCLES ?= 200

$(LINUX_DEBUG)/vmlinux: tests/lab/debug/build tests/lab/debug/config
	$(Q)tests/lab/debug/build tests/lab/debug/config $(LINUX_DEBUG)
	@touch $@

$(LINUX_DEBUG)/tree/.debian:
	$(Q)tests/lab/debug/build --source $(LINUX_DEBUG)

$(LINUX_DEBUG_TREE)/built: $(LINUX_COPIES) $(LINUX_DEBUG)/vmlinux
	$(call say,KBUILD,$(LINUX_DEBUG_TREE))
	$(Q)mkdir -p $(@D)
	$(Q)cd $(LINUX_TREE) && cp --parents $(LINUX_COPIES:$(LINUX_TREE)/%=%) \
		$(CURDIR)/$(LINUX_DEBUG_TREE)
	$(Q)$(MAKE) -C $(CURDIR)/$(LINUX_DEBUG)/out ARCH=x86_64 W=1 KCFLAGS=-Werror \
		M=$(CURDIR)/$(LINUX_DEBUG_TREE) modules >$@.log 2>&1 || \
		{ cat $@.log; exit 1; }
	@touch $@

$(LINUX_DEBUG)/initramfs: tests/lab/mkguest-linux tests/lab/labimage.py \
		tests/lab/guest/noxs-init tests/lab/guest/noxs-hotplug \
		$(LABB)/debs/versions $(LINUX_DEBUG_TREE)/built
	$(call say,IMAGE,$@)
	$(Q)tests/lab/mkguest-linux noxs $(LABB)/debs $@ \
		$(LINUX_MODULES:$(LINUX_TREE)/%=$(LINUX_DEBUG_TREE)/%)

# nohz=off: else an idle processor stops a timer that do_suspend() has taken away,
# and warns of it under locks that a console must not be under, says lockdep.
# (No backslash within the quotes: the shell would pass it on.)
LINUX_DEBUG_LAB = --timeout 3000 --env TYPES=pvh --env LINUX_MEMORY=320 \
	--env LINUX_PATIENCE=8 --env LINUX_ARGS=nohz=off \
	--add $(LINUX_DEBUG)/vmlinux:/root/vmlinux \
	--add $(LINUX_DEBUG)/initramfs:/root/noxs-initramfs

test-debug-kernel: lab-image xen $(LINUX_DEBUG)/initramfs
	$(Q)LAB_NO_BUILD=1 tests/run $(RUN_FLAGS) --lab '$(LINUX_DEBUG_LAB)' \
		$(LINUX_DEBUG_TESTS)

test-linux-cycles: lab-image xen
	$(Q)LAB_NO_BUILD=1 tests/run $(RUN_FLAGS) \
		--lab '--timeout 7200 --env CYCLES=$(CYCLES)' tests/lab/linux-cycles.test

.PHONY: test-debug-kernel test-linux-cycles
