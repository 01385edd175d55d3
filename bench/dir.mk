# SPDX-License-Identifier: BSD-2-Clause
#
#   make bench BENCH=create     -> build/bench/create.json, held to its bounds
#   make bench BENCH=lifecycle  -> build/bench/lifecycle.json
#   make bench BENCH=pool       -> build/bench/pool.json
#   make bench BENCH=linux      -> build/bench/linux.json
#   make demo                  the tour, and a small table at its end
#
# A benchmark is bench/NAME.sh, run in the lab, and bench/NAME.bounds.json.

# A program of its own files and what all have.
define bench_program
bench-$(1)_SRCS := $$(addprefix bench/,$(2) guests.c harness.c sniffer.c)
bench-$(1)_CFLAGS := -Ichaos-toolstack/libchaos/include
bench-$(1)_PKGS := jansson xencontrol
bench-$(1)_LIBS := $$(B)/lib/libchaos.a $$(B)/lib/libnoxs.a
bench-$(1)_LDLIBS := $$(libchaos_LINK)
$$(eval $$(call program,bench-$(1),bench/bench-$(1)))
endef

$(eval $(call bench_program,create,create.c))
$(eval $(call bench_program,lifecycle,lifecycle.c))
$(eval $(call bench_program,pool,pool.c jit.c))
$(eval $(call bench_program,linux,linux.c http.c))

bench-true_SRCS := bench/true.c
bench-true_LDLIBS := -static
$(eval $(call program,bench-true,bench/bench-true))

BENCH_PROGRAMS := $(addprefix $(B)/bench/,bench-create bench-lifecycle bench-pool \
	bench-linux bench-true)
ALL += $(BENCH_PROGRAMS)

# For BENCH=linux: the initramfs of the lab's nginx guest with the modules that Debian's
# kernel needs, ours and xl's.
LINUX_BENCH := $(addprefix $(TOPB)/bench/,debian.img debian-xl.img)
LINUX_BENCH_debian = $(addprefix --module ,$(LINUX_MODULES))
LINUX_BENCH_debian-xl = --busybox --files bench/linux-xl:/bench-xl \
	--command "/bin/sh /bench-xl" --module \
	$(LABB)/debs/root/lib/modules/*/kernel/drivers/net/xen-netfront.ko

$(LINUX_BENCH): $(LABB)/tinyx/nginx.img $(LABB)/linux/vmlinux $(LINUX_MODULES) \
		bench/linux-xl
	@mkdir -p $(@D)
	$(Q)$(TINYX)/tinyx build -q --recipe nginx --cache $(TOPB)/tinyx/cache \
		--kernel $(LABB)/linux/vmlinux $(LINUX_BENCH_$(basename $(@F))) -o $@
	@rm -f $(@:.img=.kernel) $(@:.img=.cfg)

# What a benchmark takes into the lab beside the programs.
BENCH_FILES_linux := $(LABB)/tinyx/nginx.img $(TINYX_KERNEL) $(LABB)/linux/vmlinux \
	$(LINUX_BENCH)

BENCH ?= create
# What the lab is to be like: the script's line "# lab: ARGS".
BENCH_LAB = $(shell sed -n 's/^\# lab: //p' bench/$(BENCH).sh)
BENCH_RUN = tests/lab/run --no-build --icount --env LAB_CLOCK=icount \
	$(foreach p,$(BENCH_PROGRAMS),--add $(p):/usr/local/bin/$(notdir $(p)))

bench: lab-image xen $(BENCH_PROGRAMS) $(BENCH_FILES_$(BENCH))
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
