# SPDX-License-Identifier: BSD-2-Clause
#
# The machine is made ready before anything is built: this file includes a
# stamp, which make brings up to date first (and then starts over, so that
# pkg-config is asked when it can answer).  The stamp is older than dpkg's
# state after each installation or removal, and is then checked again.
#
#   SETUP=0   do not look at the machine's packages

SETUP ?= 1
SETUP_STAMP := $(TOPB)/setup.stamp

ifeq ($(SETUP),1)
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
include $(SETUP_STAMP)
$(SETUP_STAMP): mk/packages mk/setup $(wildcard /var/lib/dpkg/status)
	@mk/setup $< $@
endif
endif

setup: $(TOPB)/lab/debs/versions
	@echo 'The machine is ready.'

lab: lab-image xen
	@tests/lab/run --no-build --interactive $(if $(XEN),--xen $(XEN)) $(LAB_ARGS)

# What make help prints.
define HELP
noxs/chaos: Xen without XenStore.  On Debian 12, as root, each of these installs
what it needs by itself (mk/packages), says so, and is quick the second time.

  make              build everything: tools, backend, guest images, hypervisors
  make demo         see it work: boots Xen under QEMU, ends in one small table
  make test         all tests; the last line is the total
  make bench        the measurements; BENCH=create for one; build/bench/*.json
  make lab          a shell in a dom0 with all of it; XEN=stock for plain Xen
  make install      DESTDIR= prefix=/usr/local; install-xen for the hypervisor
  make setup        only make the machine ready
  make clean        remove build/

  make xen          the stock and the extended hypervisor, build/xen/
  make check        check-headers, check-layers, check-abi, check-style
  make test-unit    unit tests alone; SAN=1 with sanitizers; test-valgrind
  make fuzz         FUZZ=config FUZZ_SECONDS=600; parsers under libFuzzer
  make test-lab     tests in the lab alone; LAB_TESTS=tests/lab/x.test for one

  V=1 shows each command, SAN=1 builds with sanitizers into build/san,
  JOBS=n tests n at a time, SETUP=0 leaves the machine's packages alone.
endef

help:
	$(info $(HELP))
	@:

.PHONY: setup lab help
