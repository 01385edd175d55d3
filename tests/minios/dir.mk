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
