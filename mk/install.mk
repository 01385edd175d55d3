# SPDX-License-Identifier: BSD-2-Clause
#
# make install DESTDIR= prefix=/usr/local
#
# Each dir.mk says what it has to offer:
#
#   INSTALL += file:path      file goes to $(prefix)/path; 755 when executable,
#                             a symbolic link as such
#
# install-xen puts the extended hypervisor where a boot loader finds it.

INSTALL += $(B)/bin/netback-lite:sbin/netback-lite \
	hypervisor-ext/include/xen/noxs.h:include/xen/noxs.h

install: $(ALL)
	$(call say,INSTALL,$(DESTDIR)$(prefix))
	$(Q)set -e; for pair in $(INSTALL); do \
		src=$${pair%%:*}; dst='$(DESTDIR)$(prefix)'/$${pair#*:}; \
		if [ -L $$src ]; then \
			mkdir -p $${dst%/*}; cp -Pf $$src $$dst; continue; \
		fi; \
		mode=644; if [ -x $$src ]; then mode=755; fi; \
		install -D -m $$mode $$src $$dst; \
	done

install-xen: xen
	$(Q)mkdir -p '$(DESTDIR)/boot'
	$(Q)gzip -9n <$(TOPB)/xen/noxs/xen >'$(DESTDIR)/boot/xen-noxs.gz'

.PHONY: install install-xen
