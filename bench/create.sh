#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# In the lab: create and destroy of the daytime guest, ours, then xl's.
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
bench-create -n "${SAMPLES:-10}" -a "${ALIVE:-200}" \
	-x '. /lab/lib.sh; lab_start_xenstore' -t /usr/local/bin/bench-true \
	/tmp/daytime.cfg xenbr0 "/tmp/${OUT:-create}.json"
