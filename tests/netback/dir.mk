# SPDX-License-Identifier: BSD-2-Clause
#
# Unit tests of netback-lite: over the fake host of tests/fake, and (tap.c)
# over the real kernel in a network namespace.

NETBACK_TEST_SRCS := $(addprefix tests/netback/,client.c harness.c) $(NBL_CORE) $(FAKE_SRCS)
NETBACK_TEST_CFLAGS := -Itests/netback $(FAKE_CFLAGS)

define netback_test
netback-$(1)_SRCS := tests/netback/$(1).c $$(NETBACK_TEST_SRCS)
netback-$(1)_CFLAGS := $$(NETBACK_TEST_CFLAGS)
netback-$(1)_PKGS := cmocka
netback-$(1)_LDLIBS := -pthread -Wl,--wrap=calloc,--wrap=realloc
$$(eval $$(call test_program,netback-$(1)))
endef

$(eval $(call netback_test,life))
$(eval $(call netback_test,connect))
$(eval $(call netback_test,tx))
$(eval $(call netback_test,rx))
$(eval $(call netback_test,rate))
$(eval $(call netback_test,spare))
$(eval $(call netback_test,control))
netback-control_LDLIBS += -Wl,--wrap=nbl_tap_close
$(eval $(call netback_test,listener))
netback-listener_LDLIBS += -Wl,--wrap=accept4
$(eval $(call netback_test,await))
$(eval $(call netback_test,csum))
$(eval $(call netback_test,random))

netback-tap_SRCS := tests/netback/tap.c \
	$(addprefix netback-lite/,closer.c link.c log.c tap.c)
netback-tap_CFLAGS := $(NBL_CFLAGS)
netback-tap_PKGS := cmocka libnl-route-3.0 libnl-3.0
netback-tap_LDLIBS := -pthread
$(eval $(call test_program,netback-tap))
