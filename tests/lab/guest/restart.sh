# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# For tests of netback-lite's restart, after lib.sh:  . /lab/restart.sh
#
#   restart_watch LABGAP-ARGS...   measure from now on
#   restart_unwatch                no more
#   restart_gaps FILE              what all of them measured since the last time
#   restart_netback SIGNAL         end it by SIGNAL, start another at once
#   restart_times N SIGNAL WHAT    N times; each a case: the longest silence of
#                                  anybody was below a second; prints the worst
#
# The silence is all of it: the end of the old process, the start of the new one,
# the guests' new rings, what TCP waits until it sends again.

restart_watchers=
restart_nr=0

restart_watch() {
	restart_nr=$((restart_nr + 1))
	labgap "$@" >>/tmp/gaps.$restart_nr &
	restart_watchers="$restart_watchers $!"
	lab_wait 5 grep -q ready /tmp/gaps.$restart_nr ||
		tap_not_ok "labgap $*"
}

restart_unwatch() {
	# shellcheck disable=SC2086 # a list
	kill $restart_watchers
	restart_watchers=
	rm -f /tmp/gaps.*
	restart_nr=0
}

restart_all_told() {
	[ "$(cat /tmp/gaps.* | grep -c told)" = $restart_nr ]
}

restart_gaps() {
	for restart_file in /tmp/gaps.*; do
		: >"$restart_file"
	done
	# shellcheck disable=SC2086 # a list
	kill -USR1 $restart_watchers
	lab_wait 5 restart_all_told || return
	cat /tmp/gaps.* | grep '^gap' >"$1"
}

restart_netback() {
	kill "-$1" "$lab_netback"
	wait "$lab_netback" 2>/dev/null
	netback-lite >>/tmp/netback.log 2>&1 &
	lab_netback=$!
}

# An address without any answer is one that did not come back.
restart_below() { # FILE MS
	awk -v ms="$2" 'NF == 4 { n++; if ($3 > ms || $4 < 10) { bad = 1; print } }
		END { exit bad || !n }' "$1"
}

restart_times() {
	restart_i=0
	: >/tmp/gaps.all
	while [ $restart_i -lt "$1" ]; do
		restart_i=$((restart_i + 1))
		restart_gaps /tmp/gap
		restart_netback "$2"
		sleep 1.5
		if ! restart_gaps /tmp/gap; then
			tap_not_ok "$3: what was measured is told"
			return 1
		fi
		cat /tmp/gap >>/tmp/gaps.all
		if ! restart_below /tmp/gap 1000 >/tmp/gap.bad; then
			tap_not_ok "$3: $restart_i of $1: all within a second"
			tap_diag </tmp/gap.bad
			tail -n 5 /tmp/netback.log | tap_diag
			return 1
		fi
	done
	tap_ok "$3: $1 times, all within a second"
	awk -v what="$3" '{ n++; sum += $3; if ($3 > max) max = $3 }
		END { printf "# %s: silent for %d ms, at most %d ms\n", what,
			sum / n, max }' /tmp/gaps.all
}
