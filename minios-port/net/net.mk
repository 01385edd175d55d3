# SPDX-License-Identifier: BSD-2-Clause
#
# lwIP (Debian's source), the frontend core and the glue between them.

LWIP := $(SRC)/lwip

MINIOS_LWIP_SRCS := $(addprefix src/, \
	core/def.c core/inet_chksum.c core/init.c core/ip.c core/mem.c \
	core/memp.c core/netif.c core/pbuf.c core/raw.c core/tcp.c \
	core/tcp_in.c core/tcp_out.c core/udp.c \
	core/ipv4/dhcp.c core/ipv4/etharp.c core/ipv4/icmp.c \
	core/ipv4/ip4.c core/ipv4/ip4_addr.c core/ipv4/ip4_frag.c \
	netif/ethernet.c)
MINIOS_LWIP_OBJS := $(MINIOS_LWIP_SRCS:%.c=$(MINIOS_O)/lwip/%.o)

MINIOS_NET_CFLAGS := -Iminios-port/net/include -isystem $(LWIP)/src/include \
	$(CORE_CFLAGS)
MINIOS_NET_SRCS := $(addprefix minios-port/, \
	net/address.c net/mem.c net/net.c net/random.c net/timers.c net/vif.c \
	libc/siphash.c xen/bus.c xen/noxs_os.c \
	xenbus/control.c xenbus/store.c xenbus/vif.c xenbus/xenbus.c) $(CORE_SRCS)
MINIOS_NET_OBJS := $(MINIOS_NET_SRCS:%.c=$(MINIOS_O)/%.o)

$(LWIP)/.version:
	$(Q)mk/fetch-source lwip $(LWIP)

$(MINIOS_NET_OBJS): MINIOS_EXTRA := $(MINIOS_NET_CFLAGS)
$(MINIOS_NET_OBJS): $(LWIP)/.version

# Not ours: the compiler's opinion of it is of no use here.
$(MINIOS_LWIP_OBJS): $(MINIOS_O)/lwip/%.o: $(LWIP)/.version \
		minios-port/net/include/lwipopts.h $(MINIOS_O)/sys/.stamp
	$(call say,CC,lwip/$*.c)
	@mkdir -p $(@D)
	$(Q)$(MINIOS_CC) $(MINIOS_CFLAGS) $(MINIOS_NET_CFLAGS) -w -MMD -MP \
		-c -o $@ $(LWIP)/$*.c

MINIOS_OBJS += $(MINIOS_NET_OBJS) $(MINIOS_LWIP_OBJS)
