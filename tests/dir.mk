# SPDX-License-Identifier: BSD-2-Clause
#
# The lab's images.  base.cpio changes hardly ever, project.cpio with each
# build of ours; tests/lab/run puts them together.

LABB := $(TOPB)/lab

$(LABB)/debs/versions: mk/packages.lab tests/lab/fetch-debs
	$(Q)tests/lab/fetch-debs $< $(LABB)/debs
	@touch $@

$(LABB)/base.cpio: tests/lab/mkroot tests/lab/labimage.py \
		tests/lab/guest/init tests/lab/guest/lib.sh \
		$(LABB)/debs/versions $(wildcard /var/lib/dpkg/status)
	$(call say,IMAGE,$@)
	$(Q)tests/lab/mkroot base $(LABB)/debs $@

lab-base: $(LABB)/base.cpio

lab-image: lab-base all
	$(Q)rm -rf $(LABB)/project
	$(Q)mkdir -p $(LABB)/project
	$(Q)$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/$(LABB)/project prefix=/usr/local
	$(Q)tests/lab/mkroot project $(LABB)/project $(LABB)/project.cpio

.PHONY: lab-base lab-image

-include $(wildcard tests/*/dir.mk)
