#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lab: --mem 2048
#
# In the lab: traffic of two Linux guests that differ in their network driver alone,
# ours behind netback-lite, and xen-netfront behind the kernel's xen-netback under xl.
# RUN: under which circumstances, see docs/netback.md.
set -e
. /lab/lib.sh
: "${RUN:=wall}"

lab_bridge xenbr0 10.99.0.1/16
lab_start_netback
lab_start_xenstore
config() { # NAME VIF WORDS
	cat >"/tmp/$1.cfg" <<-END
	name = "$1"
	type = "pvh"
	kernel = "/root/vmlinux"
	ramdisk = "/root/$1.img"
	cmdline = "console=hvc0 quiet rootfstype=ramfs $3"
	memory = 128
	vcpus = 1
	vif = [ "bridge=xenbr0$2" ]
	END
}
config net ,ip=10.99.0.2/16 ''
config net-xl '' address=10.99.0.3/16
chaos create -p /tmp/net.cfg
xl create -q -p /tmp/net-xl.cfg
bench-net -t "$(chaos domid net)" "$(xl domid net-xl)"
# Of two processors dom0 keeps one.
case $RUN in
*2cpu*)
	xl vcpu-pin "$(chaos domid net)" 0 1
	xl vcpu-pin "$(xl domid net-xl)" 0 1
	;;
esac
chaos unpause net
xl unpause net-xl
# The rest of the boot, and Xen's scrubbing, are nobody's packets.
sleep 10
# Instructions hardly differ from round to round; time does.
case $RUN in
*wall) rounds=15 ;;
*) rounds=4 ;;
esac
bench-net -r "$RUN" -n "${ROUNDS:-$rounds}" /tmp/net.json \
	"chaos,$(chaos domid net),10.99.0.2" "xl,$(xl domid net-xl),10.99.0.3"
