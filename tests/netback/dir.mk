# SPDX-License-Identifier: BSD-2-Clause
#
# Unit tests of netback-lite: over the fake host of tests/fake, and (tap.c)
# over the real kernel in a network namespace.

NETBACK_TEST_SRCS := $(addprefix tests/netback/,client.c frame.c harness.c) $(NBL_CORE) $(FAKE_SRCS)
NETBACK_TEST_CFLAGS := -Itests/netback $(FAKE_CFLAGS)

define netback_test
netback-$(1)_SRCS := tests/netback/$(1).c $(2) $$(NETBACK_TEST_SRCS)
netback-$(1)_CFLAGS := $$(NETBACK_TEST_CFLAGS)
netback-$(1)_PKGS := cmocka liburing $(3)
netback-$(1)_LDLIBS := -pthread -Wl,--wrap=calloc,--wrap=realloc
$$(eval $$(call test_program,netback-$(1)))
endef

$(eval $(call netback_test,life))
netback-life_LDLIBS += -Wl,--wrap=nbl_tap_open
$(eval $(call netback_test,adopt))
$(eval $(call netback_test,remote))
$(eval $(call netback_test,ledger))
$(eval $(call netback_test,connect))
$(eval $(call netback_test,tx))
$(eval $(call netback_test,rx))
$(eval $(call netback_test,rate))
$(eval $(call netback_test,fair))
$(eval $(call netback_test,damp))
$(eval $(call netback_test,pace))
netback-pace_LDLIBS += -Wl,--wrap=sched_setscheduler
$(eval $(call netback_test,groups))
$(eval $(call netback_test,queues))
netback-queues_CFLAGS += -DNBL_STALL_MS=30
$(eval $(call netback_test,switch))
netback-switch_CFLAGS += -DNBL_SWITCH_SHOW_MS=1000
$(eval $(call netback_test,spoof))
$(eval $(call netback_test,vlan))
$(eval $(call netback_test,stats,netback-lite/stats-verb.c \
	chaos-toolstack/libnoxs/netback.c,jansson))
$(eval $(call netback_test,spare))
$(eval $(call netback_test,control))
netback-control_LDLIBS += -Wl,--wrap=nbl_tap_close
$(eval $(call netback_test,listener))
netback-listener_LDLIBS += -Wl,--wrap=accept4
$(eval $(call netback_test,await))
$(eval $(call netback_test,csum))
$(eval $(call netback_test,gso))
$(eval $(call netback_test,random))
$(eval $(call netback_test,mapped))
netback-mapped_CFLAGS += -DNBL_MAPPED_BUSY=8u -DNBL_MAPPED_MAX=160u
$(eval $(call netback_test,stall))
netback-stall_CFLAGS += -DNBL_STALL_MS=30

# The same for guests whose buffers are mapped from the first packet on.
define netback_mapped_test
netback-$(1)-mapped_SRCS := tests/netback/$(1).c $$(NETBACK_TEST_SRCS)
netback-$(1)-mapped_CFLAGS := $$(NETBACK_TEST_CFLAGS) -DNBL_MAPPED_BUSY=1u
netback-$(1)-mapped_PKGS := cmocka liburing
netback-$(1)-mapped_LDLIBS := -pthread -Wl,--wrap=calloc,--wrap=realloc
$$(eval $$(call test_program,netback-$(1)-mapped))
endef
$(eval $(call netback_mapped_test,tx))
$(eval $(call netback_mapped_test,rx))
$(eval $(call netback_mapped_test,gso))
$(eval $(call netback_mapped_test,random))

# Also under the thread sanitizer, which goes with no other, nor with valgrind.  It
# does not know fences; what it needs to know here is which accesses are atomic.
$(eval $(call netback_test,shards))
$(eval $(call netback_test,race))
netback-race_CFLAGS += -DNBL_MAPPED_BUSY=8u -DNBL_DAMP_FREE=~0u
ifneq ($(SAN),1)
netback-race-tsan_SRCS := tests/netback/race.c $(NETBACK_TEST_SRCS)
netback-race-tsan_CFLAGS := $(NETBACK_TEST_CFLAGS) -DNBL_MAPPED_BUSY=8u \
	-DNBL_DAMP_FREE=~0u -fsanitize=thread -O1 -g -Wno-tsan
netback-race-tsan_PKGS := cmocka liburing
netback-race-tsan_LDLIBS := -fsanitize=thread -pthread \
	-Wl,--wrap=calloc,--wrap=realloc
$(eval $(call test_program,netback-race-tsan))
TSAN_PROGRAMS += $(B)/tests/netback-race-tsan
netback-shards-tsan_SRCS := tests/netback/shards.c $(NETBACK_TEST_SRCS)
netback-shards-tsan_CFLAGS := $(NETBACK_TEST_CFLAGS) -fsanitize=thread -O1 -g \
	-Wno-tsan
netback-shards-tsan_PKGS := cmocka liburing
netback-shards-tsan_LDLIBS := -fsanitize=thread -pthread \
	-Wl,--wrap=calloc,--wrap=realloc
$(eval $(call test_program,netback-shards-tsan))
TSAN_PROGRAMS += $(B)/tests/netback-shards-tsan
endif

netback-writer_SRCS := tests/netback/writer.c netback-lite/writer.c
netback-writer_CFLAGS := $(NBL_CFLAGS)
netback-writer_PKGS := cmocka liburing
netback-writer_LDLIBS := -Wl,--wrap=io_uring_queue_init_params,--wrap=io_uring_submit
$(eval $(call test_program,netback-writer))

netback-tap_SRCS := tests/netback/tap.c \
	$(addprefix netback-lite/,closer.c link.c link-vlan.c log.c tap.c)
netback-tap_CFLAGS := $(NBL_CFLAGS)
netback-tap_PKGS := cmocka libnl-route-3.0 libnl-3.0
netback-tap_LDLIBS := -pthread
$(eval $(call test_program,netback-tap))

netback-toeplitz_SRCS := tests/netback/toeplitz.c tests/netback/frame.c \
	netback-lite/toeplitz.c
netback-toeplitz_CFLAGS := $(NBL_CFLAGS)
netback-toeplitz_PKGS := cmocka
$(eval $(call test_program,netback-toeplitz))

netback-steer_SRCS := tests/netback/steer.c tests/netback/frame.c \
	$(addprefix netback-lite/,steer-load.c tap.c toeplitz.c)
netback-steer_CFLAGS := $(NBL_CFLAGS)
netback-steer_PKGS := cmocka
$(eval $(call test_program,netback-steer))

netback-wire_SRCS := tests/netback/wire.c tests/netback/frame.c \
	$(addprefix netback-lite/,csum.c gso.c link.c link-vlan.c log.c tap.c)
netback-wire_CFLAGS := $(NBL_CFLAGS)
netback-wire_PKGS := cmocka libnl-route-3.0 libnl-3.0
$(eval $(call test_program,netback-wire))

# The backend as a whole under libFuzzer (tests/fuzz/dir.mk): a millisecond each.  With
# patience for all its steps (damp.c is tested alone), and without a clock.
fuzz-vif_RUNS := 4000
$(eval $(call fuzz_target,vif,$(NETBACK_TEST_SRCS)))
fuzz-vif_CFLAGS += $(NETBACK_TEST_CFLAGS) -DNBL_MAPPED_BUSY=2u -DNBL_DAMP_FREE=~0u \
	-DNBL_SWITCH_SHOW_MS=INT64_MAX
fuzz-vif_PKGS := cmocka liburing
fuzz-vif_LDLIBS += -pthread -Wl,--wrap=calloc,--wrap=realloc
netback-sandbox_SRCS := tests/netback/sandbox.c \
	$(addprefix netback-lite/,log.c sandbox.c seccomp.c)
netback-sandbox_CFLAGS := $(NBL_CFLAGS)
netback-sandbox_PKGS := cmocka libseccomp
netback-sandbox_LDLIBS := -pthread
$(eval $(call test_program,netback-sandbox))

# For tests/lab/netback-*.test: a guest that lies, and one that never has enough.
minios_liar_SRCS := tests/lab/liar.c tests/lab/liar-lies.c
$(eval $(call minios_app,liar))
minios_flood_SRCS := tests/lab/flood.c
$(eval $(call minios_app,flood))
ifneq ($(SAN),1)
ALL += $(B)/minios/liar $(B)/minios/flood
endif

netback-kept_SRCS := tests/netback/kept.c \
	$(addprefix netback-lite/,keeper.c kept.c log.c tap.c)
netback-kept_CFLAGS := $(NBL_CFLAGS)
netback-kept_PKGS := cmocka
$(eval $(call test_program,netback-kept))
