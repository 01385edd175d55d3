# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# For tests that kill chaos at every step:  . /lab/lib.sh && . /lab/kill.sh
#
#   kill_begin                  a bridge, netback-lite, /tmp/pvh.cfg and /tmp/pv.cfg
#                               of a guest "victim" (10.99.0.2), and a guest
#                               "alive" that is to notice nothing
#   walk "what" N PREPARE COMMAND...   a case, see below
#   kill_end                    the last cases
#
# walk kills COMMAND behind its first system call, then behind every N-th, and so
# on until it comes to its end.  After each kill `chaos gc` runs, then
# $walk_check must succeed, and with the victim destroyed (if there is a whole
# one) nothing may be left.

walk_check=true

# Whatever the walk leaves, told in a line; nothing when the host is clean.
leftovers() {
	chaos list | awk 'NR > 1 && $1 != "alive" && $1 != "Domain-0" {
		print "domain " $1 " " $2 " " $4 }'
	find /run/chaos -type f | grep -v -e "names/alive$" -e "$alive_uuid" \
		-e '/names/victim$'
	ls /sys/class/net | grep -v -e '^lo$' -e '^xenbr0$' -e "^vif$alive_id\\."
}

# A whole guest may be there: the command was killed behind its work.
whole() {
	[ "$(chaos list | awk '$1 == "victim" && $4 != "paused"' | wc -l)" = 1 ]
}

clean() {
	whole && chaos destroy victim
	lab_wait 10 sh -c '! ls /sys/class/net | grep -v "^vif'"$alive_id"'\\." | grep -q "^vif"'
	[ -z "$(leftovers)" ]
}

walk() {
	walk_what=$1 walk_step=$(($2 * 2)) walk_prepare=$3
	shift 3
	walk_n=1 walk_bad=0 walk_places=0
	while [ $walk_bad -lt 3 ]; do
		$walk_prepare >/tmp/prepare.out 2>&1 || {
			echo "# $walk_n: $walk_prepare: $(head -c 300 /tmp/prepare.out)"
			walk_bad=$((walk_bad + 1))
		}
		labkill $walk_n "$@" >/tmp/kill.out 2>/tmp/kill.err
		[ $? = 137 ] || break
		if ! chaos gc >/tmp/gc.out 2>&1 ||
		   ! $walk_check >/tmp/check.out 2>&1 || ! clean; then
			walk_bad=$((walk_bad + 1))
			{
				grep -a labkill: /tmp/kill.err
				head -c 500 /tmp/gc.out
				head -c 500 /tmp/check.out
				leftovers
			} | tap_diag
			chaos destroy victim >/dev/null 2>&1
		fi
		walk_n=$((walk_n + (walk_n == 1 ? 1 : walk_step)))
		walk_places=$((walk_places + 1))
	done
	if ! grep -q "ended after" /tmp/kill.err; then
		tap_not_ok "$walk_what: never came to its end"
		tap_diag </tmp/kill.err
	elif [ $walk_bad = 0 ]; then
		tap_ok "$walk_what: killed at $walk_places places"
	else
		tap_not_ok "$walk_what: $walk_bad places leave something"
	fi
	$walk_check >/dev/null 2>&1	# it may have to be put in order
	whole && chaos destroy victim
}

kill_begin() {
	lab_bridge xenbr0 10.99.0.1/16
	lab_start_netback || exit 1
	for type in pvh pv; do
		cat >/tmp/$type.cfg <<-END
		name = "victim"
		type = "$type"
		kernel = "/usr/local/lib/noxs/daytime"
		memory = 4
		vif = [ "bridge=xenbr0,ip=10.99.0.2/16" ]
		END
	done
	chaos create /tmp/pvh.cfg name=alive 'vif=["bridge=xenbr0,ip=10.99.0.3/16"]'
	alive_id=$(chaos domid alive)
	alive_uuid=$(ls /run/chaos/domains)
	check "a guest that is alive" lab_wait 10 ping -c 1 -W 1 10.99.0.3
	# What is allocated once and kept is allocated by the first ones.
	for type in pvh pv; do
		chaos create /tmp/$type.cfg && chaos destroy victim
	done
	clean
	sleep 1
	lab_counters >/tmp/before
}

kill_end() {
	check "the living guest answers" ping -c 1 -W 1 10.99.0.3
	check "it is the same one" [ "$(chaos domid alive)" = "$alive_id" ]
	clean
	sleep 1
	lab_counters >/tmp/after
	check "every counter is as before" lab_same /tmp/before /tmp/after
}

victim_answers() {
	lab_wait 10 ping -c 1 -W 1 10.99.0.2
}
