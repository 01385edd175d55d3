# SPDX-License-Identifier: BSD-2-Clause
#
# A host in one process (fake.h).  Unit tests add FAKE_SRCS to their sources
# and FAKE_CFLAGS to their flags.  It implements libnoxs and the seams of
# netback-lite, so a test that links it links neither of these.

FAKE_SRCS := $(addprefix tests/fake/,evtchn.c gnttab.c host.c noxs.c tap.c) \
	chaos-toolstack/libnoxs/netback-drop.c
FAKE_CFLAGS := -Itests/fake $(NBL_CFLAGS)
