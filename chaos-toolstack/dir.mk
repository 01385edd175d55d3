# SPDX-License-Identifier: BSD-2-Clause
#
# libnoxs (the hypercall and the pages), libchaos (the toolstack as a
# library), chaos (the command).

NOXS_INC := -Ihypervisor-ext/include -Ichaos-toolstack/libnoxs/include

libnoxs_SRCS   := $(addprefix chaos-toolstack/libnoxs/,noxs.c map.c netback.c netback-drop.c)
libnoxs_CFLAGS := $(NOXS_INC)
libnoxs_PKGS   := xencall xenforeignmemory xentoollog
$(eval $(call archive,libnoxs,lib/libnoxs.a))
ALL += $(B)/lib/libnoxs.a

LIBCHAOS := chaos-toolstack/libchaos
LIBCHAOS_SRCS_CORE := $(addprefix $(LIBCHAOS)/,chaos.c error.c uuid.c \
	config.c config-text.c config-scan.c config-keys.c config-check.c \
	config-json.c config-write.c json.c config-vif.c config-cpus.c \
	config-rate.c image.c initramfs.c unpack.c images.c layout.c acpi.c store.c name.c record.c devices.c driver.c \
	create.c create-check.c create-steps.c destroy.c find.c list.c info.c console.c console-set.c console-stream.c rename.c \
	config-copy.c gc.c gc-name.c gc-spare.c wait.c doctor.c power.c)
# A saved domain's chunks: pure code.
LIBCHAOS_SRCS_CHUNK := $(addprefix $(LIBCHAOS)/,chunk.c chunk-memory.c \
	chunk-hvm.c chunk-cpu.c chunk-pv.c)
LIBCHAOS_SRCS_CORE += $(LIBCHAOS_SRCS_CHUNK)
# Asking guests, and what becomes of them.
LIBCHAOS_SRCS_CORE += $(addprefix $(LIBCHAOS)/,watch.c events.c \
	shutdown.c restart.c carry.c async.c)
LIBCHAOS_SRCS_CORE += $(LIBCHAOS)/network.c
# Domains made ahead.
LIBCHAOS_SRCS_CORE += $(addprefix $(LIBCHAOS)/,spare.c spare-file.c config-flavour.c \
	daemon.c await.c config-wire.c error-wire.c)
# Saving and restoring.
LIBCHAOS_SRCS_CORE += $(addprefix $(LIBCHAOS)/,crc.c saved-read.c saved-write.c \
	save-file.c save.c suspend.c restore.c \
	stream.c migrate.c send.c receive.c resume.c)
# What of the host a domain gets.
LIBCHAOS_SRCS_CORE += $(addprefix $(LIBCHAOS)/,cpus.c vcpu.c weight.c cpupool.c \
	place.c memory.c)
LIBCHAOS_SRCS_XEN := $(addprefix $(LIBCHAOS)/xen/,open.c domain.c build.c \
	pvh.c pvh-memory.c pvh-vcpu.c window.c pv.c console.c port.c \
	sched.c pool.c)
# Saving and restoring.
LIBCHAOS_SRCS_STATE := $(addprefix $(LIBCHAOS)/xen/,cpu.c zero.c save.c \
	save-memory.c save-pv.c restore.c restore-memory.c restore-pv.c resume.c)
LIBCHAOS_SRCS_XEN += $(LIBCHAOS_SRCS_STATE)
LIBCHAOS_CFLAGS := $(NOXS_INC) -I$(LIBCHAOS)/include \
	-DCHAOS_VERSION='"$(VERSION)"'

# libnoxs is in it: who links libchaos need not know.
libchaos_SRCS   := $(LIBCHAOS_SRCS_CORE) $(LIBCHAOS_SRCS_XEN) $(libnoxs_SRCS)
libchaos_CFLAGS := $(LIBCHAOS_CFLAGS)
libchaos_PKGS   := xencontrol xenguest xenevtchn xencall xenforeignmemory \
	xentoollog xlutil jansson zlib liblzma libzstd
$(eval $(call archive,libchaos,lib/libchaos.a))

# What a program that takes the static library links besides.
libchaos_LINK := $(call pkg_libs,$(libchaos_PKGS))

$(B)/lib/libchaos.so.0: $(libchaos_OBJS) $(LIBCHAOS)/libchaos.map
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(SAN_LDFLAGS) $(LDFLAGS) -Wl,-soname,libchaos.so.0 \
		-Wl,--version-script=$(LIBCHAOS)/libchaos.map -Wl,--as-needed \
		-o $@ $(libchaos_OBJS) $(libchaos_LINK)
	$(Q)rm -f $(B)/lib/libchaos.so
	$(Q)echo 'INPUT(libchaos.so.0)' > $(B)/lib/libchaos.so

$(B)/lib/libchaos.pc: $(LIBCHAOS)/libchaos.pc.in
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(prefix)|' -e 's|@version@|$(VERSION)|' $< > $@

chaos_SRCS := $(addprefix chaos-toolstack/chaos/,start.c main.c json.c \
	table.c colour.c progress.c options.c cmd_create.c \
	cmd_destroy.c cmd_list.c cmd_info.c cmd_console.c cmd_pause.c cmd_help.c \
	cmd_name.c cmd_network.c cmd_save.c cmd_restore.c cmd_migrate.c cmd_gc.c cmd_wait.c cmd_doctor.c cmd_events.c \
	cmd_shutdown.c cmd_vcpu.c cmd_sched.c cmd_cpupool.c cmd_pool.c cmd_jit.c daemon.c \
	cmd_mem.c screen.c cmd_top.c escape.c)
chaos_CFLAGS := -I$(LIBCHAOS)/include
chaos_LIBS   := $(B)/lib/libchaos.a
# Static: a command this short spends most of its time in the dynamic linker
# (42 of 54 emulated ms of a create).  The parser in libxlutil needs one
# function of libxl, for booleans, which nobody calls here.  libxenguest goes
# in whole: its loaders and the PV builder register themselves in constructors
# that no symbol pulls in.
# Without what nobody refers to, and in two segments: fewer page faults.
CHAOS_STATIC := -static -Wl,--gc-sections,-z,noseparate-code \
	-Wl,--defsym=libxl_defbool_set=abort \
	-Wl,--whole-archive -lxenguest -Wl,--no-whole-archive \
	-Wl,--start-group -lxlutil -lxenctrl -lxenevtchn -lxencall \
	-lxenforeignmemory -lxengnttab -lxendevicemodel -lxentoolcore \
	-lxentoollog -ljansson -lz -llzma -lzstd -Wl,--end-group
# The sanitizers do not work in static programs.
chaos_LDLIBS := $(if $(filter 1,$(SAN)),$(libchaos_LINK),\
	$(CHAOS_STATIC))
$(eval $(call program,chaos,chaos/chaos))

chaosd_SRCS := $(addprefix chaos-toolstack/chaosd/,main.c options.c log.c \
	flavours.c backend.c server.c request.c call.c claim.c pool.c refill.c jit.c \
	jit-act.c jit-file.c watcher.c consoles.c guests.c talk.c viewers.c ring.c journal.c)
chaosd_CFLAGS := $(NOXS_INC) -I$(LIBCHAOS)/include -pthread
chaosd_LIBS := $(B)/lib/libchaos.a
chaosd_PKGS := libsystemd jansson
chaosd_LDLIBS := $(libchaos_LINK) -pthread
$(eval $(call program,chaosd,bin/chaosd))
ALL += $(B)/bin/chaosd
$(B)/lib/chaosd.service: chaos-toolstack/chaosd/chaosd.service.in
	@mkdir -p $(@D)
	$(Q)sed 's|@prefix@|$(prefix)|' $< > $@
ALL += $(B)/lib/chaosd.service
INSTALL += $(B)/bin/chaosd:sbin/chaosd \
	$(B)/lib/chaosd.service:lib/systemd/system/chaosd.service \
	chaos-toolstack/chaosd/chaosd.socket:lib/systemd/system/chaosd.socket \
	docs/man/chaosd.8:share/man/man8/chaosd.8

# Programs that use libchaos, to be read and to be taken from.
keep_SRCS := chaos-toolstack/examples/keep.c
keep_CFLAGS := -I$(LIBCHAOS)/include
keep_LIBS := $(B)/lib/libchaos.a
keep_LDLIBS := $(libchaos_LINK)
$(eval $(call program,keep,examples/keep))
ALL += $(B)/examples/keep
INSTALL += chaos-toolstack/examples/keep.c:share/doc/noxs/examples/keep.c

ALL += $(B)/lib/libchaos.a $(B)/lib/libchaos.so.0 $(B)/lib/libchaos.pc \
	$(B)/chaos/chaos
INSTALL += $(B)/chaos/chaos:bin/chaos \
	$(B)/lib/libchaos.a:lib/libchaos.a \
	$(B)/lib/libchaos.so.0:lib/libchaos.so.0 \
	$(B)/lib/libchaos.so:lib/libchaos.so \
	$(B)/lib/libchaos.pc:lib/pkgconfig/libchaos.pc \
	$(LIBCHAOS)/include/chaos.h:include/chaos.h \
	$(foreach h,$(wildcard $(LIBCHAOS)/include/chaos/*.h),$(h):include/chaos/$(notdir $(h))) \
	$(B)/lib/libnoxs.a:lib/libnoxs.a \
	chaos-toolstack/libnoxs/include/noxs/noxs.h:include/noxs/noxs.h \
	chaos-toolstack/libnoxs/include/noxs/netback.h:include/noxs/netback.h \
	hypervisor-ext/include/xen/noxs.h:include/xen/noxs.h \
	chaos-toolstack/completion/chaos.bash:share/bash-completion/completions/chaos \
	docs/man/chaos.1:share/man/man1/chaos.1 \
	docs/man/chaos.cfg.5:share/man/man5/chaos.cfg.5
