# SPDX-License-Identifier: BSD-2-Clause
#
# The kernel modules, built by Kbuild in a tree of their own: what Kbuild and
# DKMS want together, which is this directory, the core and the ABI header.
#
#   KDIR=dir    headers to build against (default: those of the lab's kernel)
#   make modules, make check-modules (W=1, sparse, checkpatch)

LINUX      := guest-frontends/linux
LINUX_TREE := $(TOPB)/linux
LINUX_DEBS := $(TOPB)/lab/debs
# Asked when the packages are there.
KDIR       ?= $(firstword $(filter-out %-common,$(wildcard $(LINUX_DEBS)/root/usr/src/linux-headers-*)))

LINUX_FILES := Kbuild Kconfig dkms.conf $(notdir $(wildcard $(LINUX)/*.[ch]))
LINUX_CORE  := $(patsubst $(CORE)/%,%,$(CORE_SRCS) \
	$(wildcard $(CORE)/*.h $(CORE)/include/*.h))
LINUX_COPIES := $(LINUX_FILES:%=$(LINUX_TREE)/%) \
	$(LINUX_CORE:%=$(LINUX_TREE)/core/%) $(LINUX_TREE)/include/xen/noxs.h

$(LINUX_TREE)/%: $(LINUX)/%
	@mkdir -p $(@D)
	$(Q)sed 's/@VERSION@/$(VERSION)/' $< >$@

$(LINUX_TREE)/core/%: $(CORE)/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(LINUX_TREE)/include/xen/noxs.h: hypervisor-ext/include/xen/noxs.h
	@mkdir -p $(@D)
	$(Q)cp $< $@

# Kbuild knows better what is out of date, and says what it does in its own way.
LINUX_KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR)/$(LINUX_TREE) W=1 \
	KCFLAGS=-Werror

LINUX_MODULES := $(addprefix $(LINUX_TREE)/,noxs_bus.ko noxs_netfront.ko \
	noxs_power.ko)

$(LINUX_TREE)/built: $(LINUX_COPIES) $(LINUX_DEBS)/versions
	$(call say,KBUILD,$(LINUX_TREE))
	$(Q)$(LINUX_KBUILD) modules >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

$(LINUX_MODULES): $(LINUX_TREE)/built ;

modules: $(LINUX_TREE)/built

# checkpatch.pl comes with the kernel's source alone (tests/lab/dir.mk).  What is
# not asked of these files, and why:
#   ENOSYS                  is what a Xen without the hypercall answers
#   EXPORT_SYMBOL           the core knows no Linux: bus_main.c exports its calls
#   MEMORY_BARRIER          noxs_os_port.h defines them
#   VOLATILE                the core has no READ_ONCE(), and memory of two domains
#   SPDX_LICENSE_TAG        // is not for the core's other compilers
#   PREFER_DEFINED_ATTRIBUTE_MACRO   nor is __printf()
#   EMBEDDED_FUNCTION_NAME  "connect" is a word, too
LINUX_DEBUG := $(TOPB)/linux-debug
CHECKPATCH_NOT := ENOSYS,EXPORT_SYMBOL,MEMORY_BARRIER,VOLATILE,SPDX_LICENSE_TAG
CHECKPATCH_NOT := $(CHECKPATCH_NOT),PREFER_DEFINED_ATTRIBUTE_MACRO
CHECKPATCH_NOT := $(CHECKPATCH_NOT),EMBEDDED_FUNCTION_NAME

# C=2 looks at every file, whether it is compiled or not.
check-modules: $(LINUX_TREE)/built $(LINUX_DEBUG)/tree/.debian
	$(call say,SPARSE,$(LINUX_TREE))
	$(Q)$(LINUX_KBUILD) C=2 CF='-D__CHECK_ENDIAN__ -Wsparse-error' modules \
		>$(LINUX_TREE)/sparse.log 2>&1 || { cat $(LINUX_TREE)/sparse.log; exit 1; }
	$(Q)! grep -E 'warning:|error:' $(LINUX_TREE)/sparse.log
	$(call say,PATCH,$(LINUX) $(CORE))
	$(Q)perl $(LINUX_DEBUG)/tree/scripts/checkpatch.pl --no-tree -f --terse \
		--no-summary --show-types --ignore $(CHECKPATCH_NOT) \
		$(LINUX)/*.[ch] $(CORE)/*.[ch] $(CORE)/include/*.h

.PHONY: modules check-modules

# For users: dkms add $(prefix)/src/noxs-$(VERSION)
INSTALL += $(foreach f,$(LINUX_COPIES),$(f):src/noxs-$(VERSION)/$(f:$(LINUX_TREE)/%=%))
ALL += $(LINUX_COPIES)
