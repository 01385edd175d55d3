# SPDX-License-Identifier: BSD-2-Clause
#
# Parts of the unikernel runtime that need no Xen, in user space.

MINIOS_TEST_CFLAGS := -Iminios-port/include -Iminios-port/apps/daytime

minios-libc_SRCS := tests/minios/libc.c
minios-libc_CFLAGS := $(MINIOS_TEST_CFLAGS)
minios-libc_PKGS := cmocka
$(eval $(call test_program,minios-libc))

minios-mm_SRCS := tests/minios/mm.c
minios-mm_CFLAGS := $(MINIOS_TEST_CFLAGS)
minios-mm_PKGS := cmocka
$(eval $(call test_program,minios-mm))

minios-text_SRCS := tests/minios/text.c minios-port/apps/daytime/date.c \
	minios-port/boot/option.c minios-port/libc/siphash.c \
	minios-port/net/address.c
minios-text_CFLAGS := $(MINIOS_TEST_CFLAGS)
minios-text_PKGS := cmocka
$(eval $(call test_program,minios-text))

# Those that call Xen get a header of the test's in the place of the runtime's.
MINIOS_FAKE_CFLAGS := -Itests/minios/fake $(MINIOS_TEST_CFLAGS)

minios-balloon_SRCS := tests/minios/balloon.c minios-port/mm/balloon.c
minios-balloon_CFLAGS := $(MINIOS_FAKE_CFLAGS)
minios-balloon_PKGS := cmocka
$(eval $(call test_program,minios-balloon))

minios-suspend_SRCS := tests/minios/suspend.c minios-port/mm/window.c \
	minios-port/xen/gnttab.c
minios-suspend_CFLAGS := $(MINIOS_FAKE_CFLAGS)
minios-suspend_PKGS := cmocka
$(eval $(call test_program,minios-suspend))
