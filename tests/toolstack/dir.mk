# SPDX-License-Identifier: BSD-2-Clause
#
# libchaos and libnoxs' client against a pretended Xen, a pretended network
# backend, and system calls that fail when told to.

TOOLSTACK_CFLAGS := -Itests/toolstack -I$(LIBCHAOS) $(LIBCHAOS_CFLAGS)
UNPACK_PKGS := zlib liblzma libzstd
TOOLSTACK_WRAP := calloc malloc openat flock pwrite renameat getrandom

# Compiled once for all of them.
toolstack-world_SRCS := $(LIBCHAOS_SRCS_CORE) $(addprefix tests/toolstack/,\
	fixture.c fail.c fake_xen.c fake_state.c fake_noxs.c \
	fake_hyp.c fake_watch.c fake_sched.c fake_console.c)
toolstack-world_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-world_PKGS := cmocka xlutil jansson $(UNPACK_PKGS)
$(eval $(call archive,toolstack-world,tests/toolstack-world.a))

comma := ,
define toolstack_test
toolstack-$(1)_SRCS := tests/toolstack/$(1).c \
	$(wildcard tests/toolstack/$(1)-*.c)
toolstack-$(1)_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-$(1)_LIBS := $(2) $(B)/tests/toolstack-world.a
toolstack-$(1)_PKGS := cmocka xlutil jansson $(UNPACK_PKGS)
toolstack-$(1)_LDLIBS := $(addprefix -Wl$(comma)--wrap=,$(TOOLSTACK_WRAP))
$$(eval $$(call test_program,toolstack-$(1)))
endef

$(foreach t,config config_json config_schema store image initramfs unpack create destroy console name gc wait doctor power save network driver migrate \
	events shutdown async resources spare images await,\
	$(eval $(call toolstack_test,$(t))))

toolstack-power_LDLIBS += -Wl,--wrap=nanosleep
ASYNC_WRAP := -Wl,--wrap=chaos_create -Wl,--wrap=chaos_destroy -pthread
toolstack-async_LDLIBS += $(ASYNC_WRAP)

# The daemon, but for its process.
toolstack-daemon_SRCS := $(addprefix chaos-toolstack/chaosd/,request.c call.c \
	claim.c jit.c jit-act.c jit-file.c pool.c refill.c watcher.c log.c server.c \
	consoles.c guests.c talk.c viewers.c ring.c journal.c)
toolstack-daemon_CFLAGS := $(TOOLSTACK_CFLAGS) -pthread
$(eval $(call archive,toolstack-daemon,tests/toolstack-daemon.a))
$(foreach t,chaosd consoles jit,\
	$(eval $(call toolstack_test,$(t),$(B)/tests/toolstack-daemon.a)))
$(foreach t,chaosd consoles jit,\
	$(eval toolstack-$(t)_CFLAGS += -Ichaos-toolstack/chaosd -pthread) \
	$(eval toolstack-$(t)_LDLIBS += -pthread $(call pkg_libs,libsystemd)))

# Those with threads under the thread sanitizer, which goes with no other, nor with
# valgrind.
ifneq ($(SAN),1)
define under_tsan
$(1)-tsan_SRCS := $$($(1)_SRCS)
$(1)-tsan_CFLAGS := $$($(1)_CFLAGS) -fsanitize=thread -O1 -g
$(1)-tsan_PKGS := $$($(1)_PKGS)
$(1)-tsan_LIBS := $$(patsubst %.a,%-tsan.a,$$($(1)_LIBS))
$(1)-tsan_LDLIBS := -fsanitize=thread $$($(1)_LDLIBS)
endef
$(foreach t,world daemon,$(eval $(call under_tsan,toolstack-$(t))) \
	$(eval $(call archive,toolstack-$(t)-tsan,tests/toolstack-$(t)-tsan.a)))
$(foreach t,async chaosd consoles jit,$(eval $(call under_tsan,toolstack-$(t))) \
	$(eval $(call test_program,toolstack-$(t)-tsan)) \
	$(eval TSAN_PROGRAMS += $(B)/tests/toolstack-$(t)-tsan))
endif

# Whether the network backend is there, over real sockets.
toolstack-backend_SRCS := tests/toolstack/backend.c \
	$(addprefix chaos-toolstack/chaosd/,backend.c log.c) \
	chaos-toolstack/libnoxs/netback.c
toolstack-backend_CFLAGS := $(NOXS_INC) -Ichaos-toolstack/chaosd
toolstack-backend_PKGS := cmocka libsystemd
$(eval $(call test_program,toolstack-backend))

# The command: its parts, and each verb as it is typed.
toolstack-command_SRCS := $(filter-out %/start.c,$(chaos_SRCS))
toolstack-command_CFLAGS := $(TOOLSTACK_CFLAGS)
$(eval $(call archive,toolstack-command,tests/toolstack-command.a))
$(foreach t,json table cli top,$(eval \
	$(call toolstack_test,$(t),$(B)/tests/toolstack-command.a)))
$(foreach t,json table cli top,$(eval \
	toolstack-$(t)_CFLAGS += -Ichaos-toolstack/chaos))

# The ACPI tables alone.
toolstack-acpi_SRCS := tests/toolstack/acpi.c $(LIBCHAOS)/acpi.c
toolstack-acpi_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-acpi_PKGS := cmocka
$(eval $(call test_program,toolstack-acpi))

# What a saved domain is checked for.
toolstack-chunk_SRCS := tests/toolstack/chunk.c tests/toolstack/fail.c \
	$(LIBCHAOS_SRCS_CHUNK)
toolstack-chunk_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-chunk_PKGS := cmocka
toolstack-chunk_LDLIBS := $(addprefix -Wl$(comma)--wrap=,$(TOOLSTACK_WRAP))
$(eval $(call test_program,toolstack-chunk))

# For tests/lab/xen-state.test: libchaos' own calls on real Xen.
xen-state_SRCS := tests/lab/xen-state.c
xen-state_CFLAGS := $(TOOLSTACK_CFLAGS)
xen-state_LIBS := $(B)/lib/libchaos.a
xen-state_LDLIBS := $(libchaos_LINK)
$(eval $(call program,xen-state,tests/lab/xen-state))
ALL += $(B)/tests/lab/xen-state

# For tests/lab/console-log.test: a guest that talks.
minios_talker_SRCS := tests/lab/talker.c
$(eval $(call minios_app,talker))
ifneq ($(SAN),1)
ALL += $(B)/minios/talker
endif

# libnoxs' own side of the control socket, over a real one.
toolstack-netback_SRCS := tests/toolstack/netback.c \
	chaos-toolstack/libnoxs/netback.c
toolstack-netback_CFLAGS := $(NOXS_INC)
toolstack-netback_PKGS := cmocka
toolstack-netback_LDLIBS := -pthread
$(eval $(call test_program,toolstack-netback))

# The PVH builder over a pretended libxc.
toolstack-pvh_SRCS := tests/toolstack/pvh.c tests/toolstack/fail.c \
	$(addprefix $(LIBCHAOS)/,image.c initramfs.c unpack.c layout.c acpi.c) \
	$(addprefix $(LIBCHAOS)/xen/,build.c pvh.c pvh-memory.c pvh-vcpu.c window.c)
toolstack-pvh_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-pvh_PKGS := cmocka $(UNPACK_PKGS)
toolstack-pvh_LDLIBS := $(addprefix -Wl$(comma)--wrap=,$(TOOLSTACK_WRAP) munmap)
$(eval $(call test_program,toolstack-pvh))

# Saving and restoring over a pretended libxc.
toolstack-state_SRCS := $(addprefix tests/toolstack/,state.c state_xc.c fail.c) \
	$(LIBCHAOS_SRCS_CHUNK) $(addprefix $(LIBCHAOS)/,image.c initramfs.c unpack.c layout.c acpi.c) \
	$(LIBCHAOS_SRCS_STATE) $(addprefix $(LIBCHAOS)/xen/,build.c pvh.c \
	pvh-memory.c pvh-vcpu.c window.c)
toolstack-state_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-state_PKGS := cmocka $(UNPACK_PKGS)
toolstack-state_LDLIBS := -pthread \
	$(addprefix -Wl$(comma)--wrap=,$(TOOLSTACK_WRAP) munmap)
$(eval $(call test_program,toolstack-state))

# The completion, of the command as it was built.
$(B)/tests/toolstack-completion: tests/toolstack/completion.bash $(B)/chaos/chaos
	@mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec bash %s %s\n' $^ > $@ && chmod +x $@
TEST_PROGRAMS += $(B)/tests/toolstack-completion

# What is documented of the JSON that it prints.
$(B)/tests/toolstack-json-docs: tests/toolstack/json_docs.py docs/json.md \
		$(B)/tests/toolstack-cli
	@mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec python3 %s %s %s\n' $^ > $@ && chmod +x $@
TEST_PROGRAMS += $(B)/tests/toolstack-json-docs

# Saved domains as bytes, alone.
toolstack-saved_SRCS := tests/toolstack/saved.c \
	$(addprefix $(LIBCHAOS)/,crc.c saved-read.c saved-write.c stream.c)
toolstack-saved_CFLAGS := $(TOOLSTACK_CFLAGS)
toolstack-saved_PKGS := cmocka
$(eval $(call test_program,toolstack-saved))

# And of its verbs and options.
$(B)/tests/toolstack-man-docs: tests/toolstack/man_docs.py docs/man/chaos.1 \
		$(B)/chaos/chaos
	@mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec python3 %s %s %s\n' $^ > $@ && chmod +x $@
TEST_PROGRAMS += $(B)/tests/toolstack-man-docs
