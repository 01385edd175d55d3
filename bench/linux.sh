#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lab: --mem 3072
#
# In the lab: unpause to the first answer of a web server, in a Tinyx guest and
# under Debian's kernel with the same initramfs (bench/dir.mk), chaos and xl.
set -e
. /lab/lib.sh

lab_bridge xenbr0 10.99.0.1/16
lab_start_netback
config() { # NAME KERNEL IMAGE MEMORY
	cat >"/tmp/$1.cfg" <<-END
	name = "$1"
	type = "pvh"
	kernel = "/root/$2"
	ramdisk = "/root/$3.img"
	cmdline = "console=hvc0 quiet rootfstype=ramfs"
	memory = $4
	vcpus = 1
	vif = [ "bridge=xenbr0" ]
	END
}
config tinyx vmlinuz nginx 24
config debian vmlinux debian 128
config debian-xl vmlinux debian-xl 128
sleep 10	# Xen scrubs its free memory when it is idle after boot
bench-linux -n "${SAMPLES:-3}" -x '. /lab/lib.sh; lab_start_xenstore' \
	xenbr0 /tmp/linux.json chaos,tinyx,/tmp/tinyx.cfg \
	chaos,debian,/tmp/debian.cfg xl,debian,/tmp/debian-xl.cfg
