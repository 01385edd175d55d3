# SPDX-License-Identifier: BSD-2-Clause
#
# Checks and tests.
#
#   make test           everything; the last line is the total
#   make test-unit      unit tests alone (SAN=1: under the sanitizers)
#   make test-valgrind  unit tests under valgrind
#   make test-lab       the lab alone; LAB_TESTS=tests/lab/x.test for one
#   make check          check-headers check-layers check-abi check-style
#                       check-modules
#   make abi            write down libchaos' ABI anew, after an addition

JOBS ?= $(shell nproc 2>/dev/null || echo 1)
RUN_FLAGS := $(if $(filter 1,$(V)),-v)
LAB_TESTS ?= $(sort $(wildcard tests/lab/*.test)) tests/self/lab \
	tests/frontend/bare-metal tests/frontend/dkms tests/tinyx/recipes
SUBMAKE = $(MAKE) --no-print-directory

test:
	$(Q)$(SUBMAKE) -j$(JOBS) all tests
	$(Q)$(SUBMAKE) SAN=1 -j$(JOBS) tests
	$(Q)$(SUBMAKE) lab-image
	$(Q)$(SUBMAKE) check-headers check-layers check-abi
	@echo '  TEST    unit tests, plain and with sanitizers; then in the lab'
	$(Q)LAB_NO_BUILD=1 tests/run $(RUN_FLAGS) $(TEST_PROGRAMS) \
		$(patsubst $(B)/%,$(B)/san/%,$(filter-out $(TSAN_PROGRAMS),$(filter $(B)/%,$(TEST_PROGRAMS)))) $(LAB_TESTS)

tests: $(TEST_PROGRAMS)

test-unit: tests
	$(Q)tests/run $(RUN_FLAGS) $(TEST_PROGRAMS)

test-valgrind: tests
	$(Q)tests/run $(RUN_FLAGS) --timeout 1200 \
		--wrapper 'valgrind -q --error-exitcode=99 --leak-check=full' \
		$(filter-out $(TSAN_PROGRAMS),$(filter $(B)/%,$(TEST_PROGRAMS)))

test-lab: lab-image xen
	$(Q)LAB_NO_BUILD=1 tests/run $(RUN_FLAGS) $(LAB_TESTS)

check: check-headers check-layers check-abi check-style check-modules

# Each public header alone, as its users may see it.  Those of the frontend core
# serve kernels and unikernels, each with its noxs_os_port.h: C alone.
PUBLIC_HEADERS := $(wildcard hypervisor-ext/include/xen/*.h \
	chaos-toolstack/*/include/*.h chaos-toolstack/*/include/*/*.h)
CORE_HEADERS := $(wildcard guest-frontends/core/include/*.h)
OS_PORT := $(firstword $(wildcard tests/*/noxs_os_port.h tests/*/*/noxs_os_port.h \
	minios-port/*/noxs_os_port.h minios-port/*/*/noxs_os_port.h))
HEADER_PATHS := $(addprefix -I,$(wildcard hypervisor-ext/include \
	chaos-toolstack/*/include guest-frontends/core/include) \
	$(patsubst %/,%,$(dir $(OS_PORT))))
HEADER_C := -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror -fsyntax-only
CXX ?= g++

HEADERS_OK := $(PUBLIC_HEADERS:%=$(B)/headers/%.ok)
CORE_HEADERS_OK := $(if $(OS_PORT),$(CORE_HEADERS:%=$(B)/headers/%.ok))

check-headers: $(HEADERS_OK) $(CORE_HEADERS_OK)
	@:

$(HEADERS_OK): $(B)/headers/%.ok: %
	$(call say,HEADER,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(HEADER_C) $(HEADER_PATHS) -include $< \
		-MMD -MP -MT $@ -MF $@.d -x c /dev/null
	$(Q)$(CC) -std=c99 -pedantic $(HEADER_C) $(HEADER_PATHS) -include $< \
		-x c /dev/null
	$(Q)$(CC) -m32 -std=gnu11 $(HEADER_C) $(HEADER_PATHS) -include $< \
		-x c /dev/null
	$(Q)$(CXX) -std=c++11 -Wall -Wextra -Werror -fsyntax-only $(HEADER_PATHS) \
		-include $< -x c++ /dev/null
	@touch $@

$(CORE_HEADERS_OK): $(B)/headers/%.ok: %
	$(call say,HEADER,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(HEADER_C) $(HEADER_PATHS) -include $< \
		-MMD -MP -MT $@ -MF $@.d -x c /dev/null
	@touch $@

-include $(HEADERS_OK:=.d) $(CORE_HEADERS_OK:=.d)

check-layers:
	$(Q)mk/check-layers mk/layers $(LINK_EDGES)

LIBCHAOS_ABI := $(B)/lib/libchaos.so.0 $(LIBCHAOS)/include $(LIBCHAOS)/libchaos.abi

check-abi: $(B)/lib/libchaos.so.0
	$(call say,ABI,$<)
	$(Q)mk/check-abi $(LIBCHAOS_ABI)

abi: $(B)/lib/libchaos.so.0
	$(Q)mk/check-abi --write $(LIBCHAOS_ABI)

# clang-tidy file by file with the flags it is built with; cppcheck over all.
# Xen's own style and compiler flags rule hypervisor-ext and guests.
check-style: tidy cppcheck

tidy: $(TIDY)

CPPCHECK_SRCS = $(sort $(STYLE_SRCS))

cppcheck:
	$(call say,CPPCHK,$(words $(CPPCHECK_SRCS)) files)
	@mkdir -p $(B)/cppcheck
	$(Q)cppcheck -q -j$(JOBS) --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppressions-list=mk/cppcheck.suppress \
		--cppcheck-build-dir=$(B)/cppcheck --error-exitcode=1 \
		$(HEADER_PATHS) $(CPPCHECK_SRCS)

.PHONY: test tests test-unit test-valgrind test-lab check check-headers \
	check-layers check-abi abi check-style tidy cppcheck
