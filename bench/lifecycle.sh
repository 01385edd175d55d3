#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lab: --mem 6144
#
# In the lab: pause, list, save, restore, migrate of the daytime guest, ours
# beside one and beside 500 guests, then xl's.
set -e
. /lab/lib.sh

lab_bridge xenbr0 10.99.0.1/16
lab_start_netback
cat >/tmp/daytime.cfg <<END
name = "daytime"
type = "pvh"
kernel = "/usr/local/lib/noxs/daytime"
memory = 4
vcpus = 1
vif = [ "bridge=xenbr0" ]
END
# Xen scrubs its free memory when it is idle after boot; a host that has been
# up for a minute is done with it.
sleep 10
mkdir -p /tmp/images /run/chaos-receiver
bench-lifecycle -n "${SAMPLES:-5}" -a "${ALIVE:-500}" \
	-x '. /lab/lib.sh; lab_start_xenstore' \
	/tmp/daytime.cfg xenbr0 /tmp/images /tmp/lifecycle.json
