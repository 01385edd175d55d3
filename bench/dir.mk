# SPDX-License-Identifier: BSD-2-Clause
#
#   make bench BENCH=create     -> build/bench/create.json, held to its bounds
#   make bench BENCH=lifecycle  -> build/bench/lifecycle.json
#   make bench BENCH=pool       -> build/bench/pool.json
#   make demo                  the tour, and a small table at its end
#
# A benchmark is bench/NAME.sh, run in the lab, and bench/NAME.bounds.json.

bench-create_SRCS := $(addprefix bench/,create.c guests.c harness.c sniffer.c)
bench-create_CFLAGS := -Ichaos-toolstack/libchaos/include
bench-create_PKGS := jansson xencontrol
bench-create_LIBS := $(B)/lib/libchaos.a $(B)/lib/libnoxs.a
bench-create_LDLIBS := $(libchaos_LINK)
$(eval $(call program,bench-create,bench/bench-create))

bench-lifecycle_SRCS := $(addprefix bench/,lifecycle.c guests.c harness.c sniffer.c)
bench-lifecycle_CFLAGS := $(bench-create_CFLAGS)
bench-lifecycle_PKGS := $(bench-create_PKGS)
bench-lifecycle_LIBS := $(bench-create_LIBS)
bench-lifecycle_LDLIBS := $(libchaos_LINK)
$(eval $(call program,bench-lifecycle,bench/bench-lifecycle))

bench-pool_SRCS := $(addprefix bench/,pool.c jit.c guests.c harness.c sniffer.c)
bench-pool_CFLAGS := $(bench-create_CFLAGS)
bench-pool_PKGS := $(bench-create_PKGS)
bench-pool_LIBS := $(bench-create_LIBS)
bench-pool_LDLIBS := $(libchaos_LINK)
$(eval $(call program,bench-pool,bench/bench-pool))

bench-true_SRCS := bench/true.c
bench-true_LDLIBS := -static
$(eval $(call program,bench-true,bench/bench-true))

BENCH_PROGRAMS := $(addprefix $(B)/bench/,bench-create bench-lifecycle bench-pool \
	bench-true)
ALL += $(BENCH_PROGRAMS)

BENCH ?= create
# What the lab is to be like: the script's line "# lab: ARGS".
BENCH_LAB = $(shell sed -n 's/^\# lab: //p' bench/$(BENCH).sh)
BENCH_RUN = tests/lab/run --no-build --icount --env LAB_CLOCK=icount \
	$(foreach p,$(BENCH_PROGRAMS),--add $(p):/usr/local/bin/$(notdir $(p)))

bench: lab-image xen $(BENCH_PROGRAMS)
	@mkdir -p $(TOPB)/bench
	@rm -f $(TOPB)/bench/$(BENCH).json
	@echo 'Measuring $(BENCH) on real Xen under QEMU, in emulated time (some minutes).'
	$(Q)$(BENCH_RUN) $(BENCH_LAB) --timeout 3000 \
		--get /tmp/$(BENCH).json:$(TOPB)/bench/$(BENCH).json bench/$(BENCH).sh
	@bench/report $(TOPB)/bench/$(BENCH).json --bounds bench/$(BENCH).bounds.json

demo: lab-image xen $(BENCH_PROGRAMS)
	@rm -f $(TOPB)/bench/demo.json; mkdir -p $(TOPB)/bench
	$(Q)$(BENCH_RUN) --timeout 1200 \
		--get /tmp/demo.json:$(TOPB)/bench/demo.json bench/demo.sh
	@bench/report --compare $(TOPB)/bench/demo.json

.PHONY: bench demo
