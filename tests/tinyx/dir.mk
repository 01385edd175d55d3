# SPDX-License-Identifier: BSD-2-Clause
#
# The builder of Linux guests, without a network and without Xen.

tests: $(TINYX_INIT)
TEST_PROGRAMS += tests/tinyx/builder
TEST_PROGRAMS += tests/tinyx/kernel
