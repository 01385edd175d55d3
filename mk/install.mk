# SPDX-License-Identifier: BSD-2-Clause
#
# make install DESTDIR= prefix=/usr/local
#
# Each dir.mk says what it has to offer:
#
#   INSTALL += file:path      file goes to $(prefix)/path; 755 when executable
#
# install-xen puts the extended hypervisor where a boot loader finds it.

install: all
	$(call say,INSTALL,$(DESTDIR)$(prefix))
	$(Q)set -e; for pair in $(INSTALL); do \
		src=$${pair%%:*}; dst='$(DESTDIR)$(prefix)'/$${pair#*:}; \
		mode=644; if [ -x $$src ]; then mode=755; fi; \
		install -D -m $$mode $$src $$dst; \
	done

install-xen: xen
	$(Q)mkdir -p '$(DESTDIR)/boot'
	$(Q)gzip -9n <$(TOPB)/xen/noxs/xen >'$(DESTDIR)/boot/xen-noxs.gz'

.PHONY: install install-xen
