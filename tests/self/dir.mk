# SPDX-License-Identifier: BSD-2-Clause
#
# Tests of what decides: the runner and the checks.

TEST_PROGRAMS += tests/self/verdict tests/self/abi
