# SPDX-License-Identifier: BSD-2-Clause
#
#   make bench BENCH=create     -> build/bench/create.json, held to its bounds
#   make bench BENCH=lifecycle  -> build/bench/lifecycle.json
#   make bench BENCH=pool       -> build/bench/pool.json
#   make bench BENCH=linux      -> build/bench/linux.json
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

bench-linux_SRCS := $(addprefix bench/,linux.c http.c guests.c harness.c sniffer.c)
bench-linux_CFLAGS := $(bench-create_CFLAGS)
bench-linux_PKGS := $(bench-create_PKGS)
bench-linux_LIBS := $(bench-create_LIBS)
bench-linux_LDLIBS := $(libchaos_LINK)
$(eval $(call program,bench-linux,bench/bench-linux))

bench-true_SRCS := bench/true.c
bench-true_LDLIBS := -static
$(eval $(call program,bench-true,bench/bench-true))

BENCH_PROGRAMS := $(addprefix $(B)/bench/,bench-create bench-lifecycle bench-pool \
	bench-linux bench-true)
ALL += $(BENCH_PROGRAMS)

# The guests of BENCH=linux: a Tinyx image, and its initramfs with the modules that
# Debian's kernel needs, ours and xl's.
LINUX_BENCH := $(TOPB)/bench/linux
BENCH_TINYX = $(Q)mkdir -p $(LINUX_BENCH) && guest-frontends/tinyx/tinyx build \
	-q --recipe nginx --cache $(TOPB)/tinyx/cache -o $(basename $@)
BENCH_TINYX_DEPS := $(TINYX_INIT) $(wildcard guest-frontends/tinyx/tinyx \
	guest-frontends/tinyx/builder/*.py guest-frontends/tinyx/recipes/*)

$(LINUX_BENCH)/tinyx.img: $(BENCH_TINYX_DEPS) $(TOPB)/tinyx/vmlinuz
	$(BENCH_TINYX) --kernel $(TOPB)/tinyx/vmlinuz

$(LINUX_BENCH)/debian.img: $(BENCH_TINYX_DEPS) $(LABB)/linux/vmlinux $(LINUX_MODULES)
	$(BENCH_TINYX) --memory 128 --kernel $(LABB)/linux/vmlinux \
		$(addprefix --module ,$(LINUX_MODULES))

$(LINUX_BENCH)/debian-xl.img: $(BENCH_TINYX_DEPS) $(LABB)/linux/vmlinux bench/linux-xl
	$(BENCH_TINYX) --memory 128 --kernel $(LABB)/linux/vmlinux --module \
		$(LABB)/debs/root/lib/modules/*/kernel/drivers/net/xen-netfront.ko \
		--busybox --files bench/linux-xl:/bench-xl \
		--command "/bin/sh /bench-xl"

# What a benchmark takes into the lab beside the programs.  A .kernel comes with its .img.
BENCH_FILES_linux := $(addprefix $(LINUX_BENCH)/,tinyx.kernel tinyx.img \
	debian.kernel debian.img debian-xl.img)

BENCH ?= create
# What the lab is to be like: the script's line "# lab: ARGS".
BENCH_LAB = $(shell sed -n 's/^\# lab: //p' bench/$(BENCH).sh)
BENCH_RUN = tests/lab/run --no-build --icount --env LAB_CLOCK=icount \
	$(foreach p,$(BENCH_PROGRAMS),--add $(p):/usr/local/bin/$(notdir $(p)))

bench: lab-image xen $(BENCH_PROGRAMS) $(filter %.img,$(BENCH_FILES_$(BENCH)))
	@mkdir -p $(TOPB)/bench
	@rm -f $(TOPB)/bench/$(BENCH).json
	@echo 'Measuring $(BENCH) on real Xen under QEMU, in emulated time (some minutes).'
	$(Q)$(BENCH_RUN) $(BENCH_LAB) --timeout 3000 \
		$(foreach f,$(BENCH_FILES_$(BENCH)),--add $(f):/root/$(notdir $f)) \
		--get /tmp/$(BENCH).json:$(TOPB)/bench/$(BENCH).json bench/$(BENCH).sh
	@bench/report $(TOPB)/bench/$(BENCH).json --bounds bench/$(BENCH).bounds.json

demo: lab-image xen $(BENCH_PROGRAMS)
	@rm -f $(TOPB)/bench/demo.json; mkdir -p $(TOPB)/bench
	$(Q)$(BENCH_RUN) --timeout 1200 \
		--get /tmp/demo.json:$(TOPB)/bench/demo.json bench/demo.sh
	@bench/report --compare $(TOPB)/bench/demo.json

.PHONY: bench demo
