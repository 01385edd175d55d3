# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# For tests of Tinyx guests, after lib.sh:  . /lab/tinyx.sh
# Their kernel is /root/vmlinux, their images are in /root/tinyx.
#
#   tinyx_start NAME IMAGE VIF [WORDS [MEMORY [TYPE]]]   create it, its program with
#                             these words; what its console says is in
#                             /tmp/NAME.said
#   tinyx_said NAME TEXT      was it said?
#   tinyx_ended NAME          it ended by itself, within 180 s; away with it
#   tinyx_answers ADDRESS     ping does, within 180 s
#   tinyx_domid NAME          its domain

tinyx_start() {
	tinyx_vif=
	[ -z "$3" ] || tinyx_vif="\"$3\""
	cat >"/tmp/$1.cfg" <<-END
	name = "$1"
	kernel = "/root/vmlinux"
	ramdisk = "/root/tinyx/$2.img"
	cmdline = "console=hvc0 quiet rootfstype=ramfs${4:+ -- $4}"
	memory = ${5:-128}
	type = "${6:-pvh}"
	vif = [ $tinyx_vif ]
	END
	chaos create "/tmp/$1.cfg" || return
	rm -f "/tmp/$1.keys"
	mkfifo "/tmp/$1.keys"
	chaos console "$1" <"/tmp/$1.keys" >"/tmp/$1.said" 2>&1 &
	sleep 1000 >"/tmp/$1.keys" &
}

tinyx_said() {
	grep -q -e "$2" "/tmp/$1.said"
}

tinyx_ended() {
	chaos wait --timeout 180 "$1" shutdown && chaos destroy "$1"
}

tinyx_answers() {
	lab_wait 180 ping -c 1 -W 1 "$1"
}

tinyx_domid() {
	chaos info --json "$1" | sed -n 's/.*"domid": *\([0-9]*\).*/\1/p'
}
