#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lab: --mem 7168
#
# In the lab: what a create takes when chaosd has a spare for it.
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
chaosd --daemon
# Xen scrubs its free memory when it is idle after boot; a host that has been
# up for a minute is done with it.
sleep 10
bench-pool -n "${SAMPLES:-10}" -r "${ROW:-1000}" -t /usr/local/bin/bench-true \
	/tmp/daytime.cfg /usr/local/lib/noxs/daytime xenbr0 /tmp/pool.json
