#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# In the lab: a tour of noxs/chaos for somebody who has never seen Xen.
set -e
. /lab/lib.sh

say() { printf '\n== %s\n' "$*"; }
run() { # a step that fails ends the tour, with what it said
	printf '  $ %s\n' "$*"
	status=0
	"$@" >/tmp/run.out 2>&1 || status=$?
	sed 's/^/    /' /tmp/run.out
	return $status
}

say 'This is a real Xen hypervisor with a real Linux control domain (dom0).'
run uname -sr
run chaos version

say 'A bridge for the guests, and the network backend. No XenStore runs here.'
lab_bridge xenbr0 10.99.0.1/16
lab_start_netback
echo '  $ netback-lite &'
run ip -br addr show xenbr0

say 'A guest is a config file in the syntax of xl.'
cat >/tmp/daytime.cfg <<END
name   = "daytime"
type   = "pvh"
kernel = "/usr/local/lib/noxs/daytime"
memory = 4
vcpus  = 1
vif    = [ "bridge=xenbr0,ip=10.99.0.2/16" ]
END
run cat /tmp/daytime.cfg
run ls -l /usr/local/lib/noxs/daytime

say 'Create it. It is a virtual machine of its own, with 4 MB of memory.'
run chaos create /tmp/daytime.cfg
run chaos list

say 'It answers ping, and tells the time on TCP port 13.'
run ping -c 3 -i 0.2 10.99.0.2
run nc -w 5 10.99.0.2 13

say 'Twenty more.'
i=1
while [ $i -le 20 ]; do
	chaos create /tmp/daytime.cfg "name=daytime$i" \
		"vif=[\"bridge=xenbr0,ip=10.99.0.$((i + 2))/16\"]"
	i=$((i + 1))
done
run chaos list
run ping -c 1 10.99.0.22

say 'And gone.'
i=1 names=daytime
while [ $i -le 20 ]; do
	names="$names daytime$i"
	i=$((i + 1))
done
echo '  $ chaos destroy daytime daytime1 ... daytime20'
# shellcheck disable=SC2086
chaos destroy $names
run chaos list

say 'Now the stopwatch: chaos first, then XenStore starts and xl does the same.'
sleep 5	# let the host become idle
bench-create -n 3 -a 1 -x '. /lab/lib.sh; lab_start_xenstore' \
	-t /usr/local/bin/bench-true /tmp/daytime.cfg xenbr0 /tmp/demo.json
