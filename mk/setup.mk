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

.PHONY: setup lab
