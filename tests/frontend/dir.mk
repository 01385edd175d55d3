# SPDX-License-Identifier: BSD-2-Clause
#
# The frontend core against a pretended OS, and against netback-lite.

FRONTEND_TEST_CFLAGS := -Itests/frontend -Itests/frontend/os $(CORE_CFLAGS)

frontend-bus_SRCS := tests/frontend/bus.c tests/frontend/os_unit.c $(CORE_SRCS)
frontend-bus_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-bus_PKGS := cmocka
$(eval $(call test_program,frontend-bus))

frontend-attach_SRCS := tests/frontend/attach.c tests/frontend/os_unit.c \
	$(CORE_SRCS)
frontend-attach_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-attach_PKGS := cmocka
$(eval $(call test_program,frontend-attach))

frontend-life_SRCS := tests/frontend/life.c tests/frontend/peer.c \
	tests/frontend/os_unit.c $(CORE_SRCS)
frontend-life_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-life_PKGS := cmocka
$(eval $(call test_program,frontend-life))

frontend-net_SRCS := tests/frontend/net.c tests/frontend/peer.c \
	tests/frontend/os_unit.c $(CORE_SRCS)
frontend-net_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-net_PKGS := cmocka
$(eval $(call test_program,frontend-net))

frontend-gso_SRCS := tests/frontend/gso.c tests/frontend/peer.c \
	tests/frontend/os_unit.c $(CORE_SRCS)
frontend-gso_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-gso_PKGS := cmocka
$(eval $(call test_program,frontend-gso))

frontend-groups_SRCS := tests/frontend/groups.c tests/frontend/peer.c \
	tests/frontend/os_unit.c $(CORE_SRCS)
frontend-groups_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-groups_PKGS := cmocka
$(eval $(call test_program,frontend-groups))

frontend-hostile_SRCS := tests/frontend/hostile.c tests/frontend/peer.c \
	tests/frontend/os_unit.c $(CORE_SRCS)
frontend-hostile_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-hostile_PKGS := cmocka
$(eval $(call test_program,frontend-hostile))

frontend-power_SRCS := tests/frontend/power.c tests/frontend/os_unit.c \
	$(CORE_SRCS)
frontend-power_CFLAGS := $(FRONTEND_TEST_CFLAGS)
frontend-power_PKGS := cmocka
$(eval $(call test_program,frontend-power))

# Joined with netback-lite.
define pair_program
$(1)_SRCS := $(2) tests/frontend/pair.c tests/frontend/guest.c \
	tests/frontend/os_fake.c tests/netback/frame.c $$(FAKE_SRCS) $$(CORE_SRCS) $$(NBL_CORE)
$(1)_CFLAGS := $$(FRONTEND_TEST_CFLAGS) $$(FAKE_CFLAGS) \
	-Itests/netback -DNBL_DAMP_FREE=~0u
$(1)_PKGS := cmocka liburing
$(1)_LDLIBS := -pthread
$$(eval $$(call test_program,$(1)))
endef
$(eval $(call pair_program,frontend-loopback,tests/frontend/loopback.c))
$(eval $(call pair_program,frontend-offload,tests/frontend/offload.c))
$(eval $(call pair_program,frontend-queues,tests/frontend/queues.c))
