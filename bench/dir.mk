# SPDX-License-Identifier: BSD-2-Clause
#
#   make bench BENCH=create     -> build/bench/create.json, held to its bounds
#   make bench BENCH=lifecycle  -> build/bench/lifecycle.json
#   make bench BENCH=pool       -> build/bench/pool.json
#   make bench BENCH=linux      -> build/bench/linux.json
#   make bench BENCH=net        -> build/bench/net.json, of eight labs' net.*.json
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
$(eval $(call bench_program,net,net.c traffic.c))

bench-true_SRCS := bench/true.c
bench-true_LDLIBS := -static
$(eval $(call program,bench-true,bench/bench-true))

# The guest's end of BENCH=net.
bench-net-guest_SRCS := bench/net-guest.c bench/traffic.c
bench-net-guest_LDLIBS := -static
$(eval $(call program,bench-net-guest,bench/net-guest))

BENCH_PROGRAMS := $(addprefix $(B)/bench/,bench-create bench-lifecycle bench-pool \
	bench-linux bench-net bench-true)
ALL += $(BENCH_PROGRAMS) $(B)/bench/net-guest

# For BENCH=linux: the initramfs of the lab's nginx guest with the modules that Debian's
# kernel needs, ours and xl's.
LINUX_BENCH := $(addprefix $(TOPB)/bench/,debian.img debian-xl.img)
LINUX_BENCH_debian = $(addprefix --module ,$(LINUX_MODULES))
XEN_NETFRONT = --module \
	$(LABB)/debs/root/lib/modules/*/kernel/drivers/net/xen-netfront.ko
LINUX_BENCH_debian-xl = --busybox --files bench/linux-xl:/bench-xl \
	--command "/bin/sh /bench-xl nginx" $(XEN_NETFRONT)

$(LINUX_BENCH): $(LABB)/tinyx/nginx.img $(LABB)/linux/vmlinux $(LINUX_MODULES) \
		bench/linux-xl
	@mkdir -p $(@D)
	$(Q)$(TINYX)/tinyx build -q --recipe nginx --cache $(TOPB)/tinyx/cache \
		--kernel $(LABB)/linux/vmlinux $(LINUX_BENCH_$(basename $(@F))) -o $@
	@rm -f $(@:.img=.kernel) $(@:.img=.cfg)

# For BENCH=net: a guest of one program, with either driver.
NET_BENCH := $(TOPB)/bench/net.img $(TOPB)/bench/net-xl.img
NET_BENCH_net = $(addprefix --module ,$(LINUX_MODULES)) --command /bin/net-guest
NET_BENCH_net-xl = --files bench/linux-xl:/bench-xl \
	--command "/bin/sh /bench-xl net-guest" $(XEN_NETFRONT)

$(NET_BENCH): $(B)/bench/net-guest $(LABB)/linux/vmlinux $(LINUX_MODULES) \
		bench/linux-xl
	@mkdir -p $(@D)
	$(Q)$(TINYX)/tinyx build -q --recipe busybox --cache $(TOPB)/tinyx/cache \
		--files $(B)/bench/net-guest:/bin/net-guest \
		--kernel $(LABB)/linux/vmlinux $(NET_BENCH_$(basename $(@F))) -o $@
	@rm -f $(@:.img=.kernel) $(@:.img=.cfg)

# What a benchmark takes into the lab beside the programs.
BENCH_FILES_linux := $(LABB)/tinyx/nginx.img $(TINYX_KERNEL) $(LABB)/linux/vmlinux \
	$(LINUX_BENCH)
BENCH_FILES_net := $(LABB)/linux/vmlinux $(NET_BENCH)

BENCH ?= create
# What the lab is to be like: the script's line "# lab: ARGS".
BENCH_LAB = $(shell sed -n 's/^\# lab: //p' bench/$(BENCH).sh)
# In emulated time, unless it has several runs, each with a lab of its own.
BENCH_RUNS_net := wall icount no-erms 2cpu-wall \
	pvh-wall pvh-icount pvh-no-erms pvh-2cpu-wall
BENCH_RUNS = $(or $(BENCH_RUNS_$(BENCH)),icount)
BENCH_CLOCK_icount := --icount --env LAB_CLOCK=icount
# Copies that count by eight bytes, not by one (docs/netback.md).
BENCH_CLOCK_no-erms := $(BENCH_CLOCK_icount) --cpu-flags=-erms,-fsrm
# One processor is dom0's, the other the guests'.
BENCH_CLOCK_2cpu-wall := --cpus 2 --xen-args="dom0_max_vcpus=1 dom0_vcpus_pin"
# A PVH dom0.
BENCH_CLOCK_pvh-wall := --dom0 pvh
BENCH_CLOCK_pvh-icount := $(BENCH_CLOCK_icount) --dom0 pvh
BENCH_CLOCK_pvh-no-erms := $(BENCH_CLOCK_no-erms) --dom0 pvh
BENCH_CLOCK_pvh-2cpu-wall := $(BENCH_CLOCK_2cpu-wall) --dom0 pvh
BENCH_JSON = $(TOPB)/bench/$(BENCH).json
BENCH_OUT = $(if $(BENCH_RUNS_$(BENCH)),$(TOPB)/bench/$(BENCH).$(1).json,$(BENCH_JSON))
BENCH_RUN = tests/lab/run --no-build \
	$(foreach p,$(BENCH_PROGRAMS),--add $(p):/usr/local/bin/$(notdir $(p)))

define bench_in_lab
$(Q)$(BENCH_RUN) $(BENCH_CLOCK_$(1)) --env RUN=$(1) $(BENCH_LAB) --timeout 3000 \
	$(foreach f,$(BENCH_FILES_$(BENCH)),--add $(f):/root/$(notdir $f)) \
	--get /tmp/$(BENCH).json:$(BENCH_OUT) bench/$(BENCH).sh

endef

bench: lab-image xen $(BENCH_PROGRAMS) $(BENCH_FILES_$(BENCH))
	@mkdir -p $(TOPB)/bench
	@rm -f $(BENCH_JSON) $(foreach r,$(BENCH_RUNS),$(call BENCH_OUT,$(r)))
	@echo 'Measuring $(BENCH) on real Xen under QEMU: $(BENCH_RUNS) (some minutes).'
	$(foreach r,$(BENCH_RUNS),$(call bench_in_lab,$(r)))
	$(if $(BENCH_RUNS_$(BENCH)),@bench/report --merge $(BENCH_JSON) \
		$(foreach r,$(BENCH_RUNS),$(call BENCH_OUT,$(r))))
	@bench/report $(BENCH_JSON) --bounds bench/$(BENCH).bounds.json

demo: lab-image xen $(BENCH_PROGRAMS)
	@rm -f $(TOPB)/bench/demo.json; mkdir -p $(TOPB)/bench
	$(Q)$(BENCH_RUN) $(BENCH_CLOCK_icount) --timeout 1200 \
		--get /tmp/demo.json:$(TOPB)/bench/demo.json bench/demo.sh
	@bench/report --compare $(TOPB)/bench/demo.json

.PHONY: bench demo
