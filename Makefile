# SPDX-License-Identifier: BSD-2-Clause
#
# noxs/chaos: one non-recursive makefile.  Each directory describes itself in
# a dir.mk; mk/ holds the rules.  `make help` lists what can be asked for.

all:

include mk/config.mk
include mk/rules.mk

include hypervisor-ext/dir.mk
include chaos-toolstack/dir.mk
include netback-lite/dir.mk
include guest-frontends/dir.mk
include minios-port/dir.mk
include tests/dir.mk
include bench/dir.mk

include mk/check.mk
include mk/setup.mk
include mk/install.mk

all: $(ALL) xen

clean:
	rm -rf $(B)

.PHONY: all clean
.DELETE_ON_ERROR:
