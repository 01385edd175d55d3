# SPDX-License-Identifier: BSD-2-Clause
#
# netback-lite: the network backend.  NBL_CORE is everything above the seams
# (gnttab.h, evtchn.h, tap.h, link.h and libnoxs), which tests replace.

NBL_CORE := $(addprefix netback-lite/,adopt.c attach.c await.c batch.c bind.c check.c \
	closer.c connection.c control.c csum.c damp.c device.c ear.c front.c groups.c gso.c guest.c held.c \
	kept.c known.c ledger.c listener.c log.c loop.c mapped.c nbl.c metrics.c pace.c queue.c rate.c \
	remote.c request.c ring_rx.c ring_tx.c shard.c spoof.c stall.c stats.c steer.c switch.c \
	toeplitz.c vif.c watch.c writer.c)
NBL_SEAM := $(addprefix netback-lite/,evtchn.c gnttab.c link.c link-vlan.c \
	steer-load.c tap.c)

# The barriers of <xen/io/ring.h> are ours only under a current version.
NBL_CFLAGS := -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ \
	-Inetback-lite -Ihypervisor-ext/include \
	-Ichaos-toolstack/libnoxs/include -pthread \
	-DNBL_VERSION='"$(VERSION)"'

netback_SRCS   := $(NBL_CORE) $(NBL_SEAM) \
	$(addprefix netback-lite/,keeper.c main.c options.c sandbox.c seccomp.c \
	stats-verb.c)
netback_CFLAGS := $(NBL_CFLAGS)
netback_LIBS   := $(B)/lib/libnoxs.a
netback_PKGS   := xengnttab xenevtchn xencall xenforeignmemory xentoollog \
	libnl-route-3.0 libnl-3.0 libseccomp liburing
netback_LDLIBS := -pthread
$(eval $(call program,netback,bin/netback-lite))
ALL += $(B)/bin/netback-lite

$(B)/lib/netback-lite.service: netback-lite/netback-lite.service.in
	@mkdir -p $(@D)
	$(Q)sed 's|@prefix@|$(prefix)|' $< > $@
ALL += $(B)/lib/netback-lite.service
INSTALL += $(B)/lib/netback-lite.service:lib/systemd/system/netback-lite.service \
	netback-lite/netback-lite.sysusers:lib/sysusers.d/netback-lite.conf
