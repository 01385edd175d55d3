# SPDX-License-Identifier: BSD-2-Clause
#
# The lab's images.  base.cpio changes hardly ever, project.cpio with each
# build of ours; tests/lab/run puts them together.

LABB := $(TOPB)/lab

$(LABB)/debs/versions: mk/packages.lab tests/lab/fetch-debs
	$(Q)tests/lab/fetch-debs $< $(LABB)/debs
	@touch $@

LAB_TOOLS := $(addprefix $(B)/lab/,labstat labclock labkill labpower \
	labpty labdial laboffer labbulk labgap labforbid \
	labflow labstream)

labstat_SRCS := tests/lab/tools/labstat.c
labstat_PKGS := xencontrol
$(eval $(call program,labstat,lab/labstat))
labclock_SRCS := tests/lab/tools/labclock.c
$(eval $(call program,labclock,lab/labclock))
labkill_SRCS := tests/lab/tools/labkill.c
$(eval $(call program,labkill,lab/labkill))
labdial_SRCS := tests/lab/tools/labdial.c
$(eval $(call program,labdial,lab/labdial))
labbulk_SRCS := tests/lab/tools/labbulk.c
labbulk_LDLIBS := -static
$(eval $(call program,labbulk,lab/labbulk))
labflow_SRCS := tests/lab/tools/labflow.c netback-lite/toeplitz.c
labflow_CFLAGS := -Inetback-lite -Ihypervisor-ext/include
$(eval $(call program,labflow,lab/labflow))
labstream_SRCS := tests/lab/tools/labstream.c
$(eval $(call program,labstream,lab/labstream))
labgap_SRCS := tests/lab/tools/labgap.c
$(eval $(call program,labgap,lab/labgap))

labpty_SRCS := tests/lab/tools/labpty.c
$(eval $(call program,labpty,lab/labpty))
labpower_SRCS := tests/lab/tools/labpower.c \
	$(addprefix chaos-toolstack/libnoxs/,noxs.c map.c)
labpower_CFLAGS := -Ihypervisor-ext/include -Ichaos-toolstack/libnoxs/include
labpower_PKGS := xencontrol xenguest xencall xenforeignmemory xentoollog
$(eval $(call program,labpower,lab/labpower))
laboffer_SRCS := tests/lab/tools/laboffer.c \
	$(addprefix chaos-toolstack/libnoxs/,noxs.c map.c)
laboffer_CFLAGS := -Ihypervisor-ext/include -Ichaos-toolstack/libnoxs/include
laboffer_PKGS := xencontrol xencall xenforeignmemory xentoollog
$(eval $(call program,laboffer,lab/laboffer))

# netback-lite's own objects, and a call that its sandbox does not allow.
labforbid_SRCS := tests/lab/tools/labforbid.c
labforbid_CFLAGS := $(NBL_CFLAGS)
labforbid_LIBS := $(netback_OBJS) $(netback_LIBS)
labforbid_PKGS := $(netback_PKGS)
labforbid_LDLIBS := -pthread -Wl,--wrap=nbl_control_turn
$(eval $(call program,labforbid,lab/labforbid))

$(LABB)/base.cpio: tests/lab/mkroot tests/lab/labimage.py \
		tests/lab/guest/init tests/lab/guest/lib.sh tests/lab/guest/kill.sh \
		tests/lab/guest/motd tests/lab/guest/bashrc \
		$(LABB)/debs/versions $(LAB_TOOLS) $(wildcard /var/lib/dpkg/status)
	$(call say,IMAGE,$@)
	$(Q)tests/lab/mkroot base $(LABB)/debs $@ \
		$(foreach t,$(LAB_TOOLS),$(t):/lab/bin/$(notdir $(t)))

lab-base: $(LABB)/base.cpio

# A stock kernel as a guest, and its user space.
LAB_LINUX := $(addprefix $(LABB)/linux/,vmlinux vmlinuz initramfs noxs-initramfs \
	driver-initramfs)

$(LABB)/linux/vmlinux: tests/lab/mkguest-linux \
		guest-frontends/tinyx/builder/vmlinuz.py $(LABB)/debs/versions
	$(call say,IMAGE,$@)
	@mkdir -p $(@D)
	$(Q)tests/lab/mkguest-linux kernel $(LABB)/debs $@

$(LABB)/linux/vmlinuz: $(LABB)/debs/versions
	@mkdir -p $(@D)
	$(Q)cp $(LABB)/debs/root/boot/vmlinuz-* $@

$(LABB)/linux/initramfs: tests/lab/mkguest-linux tests/lab/labimage.py \
		tests/lab/guest/linux-init $(LABB)/debs/versions
	$(call say,IMAGE,$@)
	@mkdir -p $(@D)
	$(Q)tests/lab/mkguest-linux initramfs $(LABB)/debs $@

$(LABB)/linux/noxs-initramfs: tests/lab/mkguest-linux tests/lab/labimage.py \
		tests/lab/guest/noxs-init tests/lab/guest/noxs-hotplug \
		$(LABB)/debs/versions $(LINUX_MODULES)
	$(call say,IMAGE,$@)
	@mkdir -p $(@D)
	$(Q)tests/lab/mkguest-linux noxs $(LABB)/debs $@ $(LINUX_MODULES)

# The same with netback-lite in it, and one that means harm.
labmeddle_SRCS := tests/lab/tools/labmeddle.c
labmeddle_CFLAGS := $(NOXS_INC)
labmeddle_LIBS := $(B)/lib/libnoxs.a
labmeddle_PKGS := xencall xenforeignmemory xentoollog
$(eval $(call program,labmeddle,lab/labmeddle))
DRIVER_PROGRAMS := $(B)/bin/netback-lite $(B)/lab/labmeddle

$(LABB)/linux/driver-initramfs: $(LABB)/linux/noxs-initramfs $(DRIVER_PROGRAMS)
	$(call say,IMAGE,$@)
	$(Q)tests/lab/mkguest-linux driver $(LABB)/debs $@ $(DRIVER_PROGRAMS) \
		$(LINUX_MODULES)

# The kernel of tinyx.  Its cache knows better what is out of date; what it has
# compiled once it does not compile again.
TINYX_KERNEL := $(TOPB)/tinyx/vmlinuz

$(TINYX_KERNEL): $(wildcard guest-frontends/tinyx/builder/*.py \
		guest-frontends/tinyx/kernel/*) guest-frontends/tinyx/tinyx \
		$(LINUX_COPIES)
	$(call say,KERNEL,$@)
	@mkdir -p $(@D)
	$(Q)guest-frontends/tinyx/tinyx kernel -q --incremental \
		--cache $(TOPB)/tinyx/cache -o $@

# Tinyx guests, and the programs of one for dom0.
LAB_TINYX := $(addprefix $(LABB)/tinyx/,nginx.img redis.img iperf3.img \
	python3.img busybox.img client.img client.cpio asker.img)
# What is no recipe, and what one has more.
TINYX_client := --app iperf3 --no-recipe --from iperf3 --from redis-tools \
	--with redis-benchmark --no-busybox
TINYX_asker := --app redis-benchmark --no-recipe --from redis-tools --no-busybox
TINYX_busybox := --recipe busybox --files tests/lab/guest/tinyx:/t

# apt's lists may be older than what the archive still has.
$(LABB)/tinyx/%.img: $(addprefix $(TINYX)/,$(filter-out recipes/%,$(TINYX_FILES))) \
		$(wildcard $(TINYX)/recipes/*) $(wildcard tests/lab/guest/tinyx/*) \
		$(TINYX_INIT) $(TINYX_KERNEL)
	$(call say,TINYX,$@)
	@mkdir -p $(@D)
	$(Q)build() { $(TINYX)/tinyx build -o $@ --cache $(TOPB)/tinyx/cache -q \
		$(or $(TINYX_$*),--recipe $*) \
		--kernel $(TINYX_KERNEL) >$@.log 2>&1; }; \
	build || { [ "$$(id -u)" = 0 ] && apt-get -qq update && build; } || \
		{ cat $@.log; exit 1; }
	@rm -f $(@:.img=.kernel) $(@:.img=.cfg)

%.cpio: %.img
	$(Q)zstd -dcq $< >$@

lab-image: lab-base $(LAB_LINUX) $(TINYX_KERNEL) $(LAB_TINYX) $(ALL)
	$(Q)rm -rf $(LABB)/project
	$(Q)mkdir -p $(LABB)/project
	$(Q)$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/$(LABB)/project prefix=/usr/local
	$(Q)tests/lab/mkroot project $(LABB)/project $(LABB)/project.cpio

.PHONY: lab-base lab-image

include $(wildcard tests/*/dir.mk)
