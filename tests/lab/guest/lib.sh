# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# For scripts that run in the lab's dom0:  . /lab/lib.sh
#
# The host
#   lab_bridge NAME [ADDRESS/PREFIX]   make a bridge and set it up
#   lab_start_xenstore                 xenstored, dom0's records, xenconsoled
#   lab_start_netback [ARGS...]        netback-lite, ready when this returns
#   lab_stop_netback                   end it and wait for its end
#   lab_wait SECONDS COMMAND...        until COMMAND succeeds; 1 when it never did
#   lab_counters                       labstat with what netback-lite holds
#   lab_same BEFORE AFTER [KB]         two files of lab_counters: print what
#                                      differs; dom0 may have up to KB, 2048, less
#                                      memory, or four times that more
#
# TAP.  A script ends with tap_done.
#   check "what" COMMAND...            a case: passes when COMMAND does; its
#                                      output is shown when it fails
#   check_fails "what" TEXT COMMAND... a case: COMMAND must fail, not by a
#                                      signal, and say TEXT
#   tap_ok "what", tap_not_ok "what"   a case decided by the caller
#   tap_skip "what" "why"              a case that cannot run here
#   tap_skip_all "why"                 none can: ends the script
#   tap_done                           prints the plan; exits 1 after a failure
#   lab_again "why"                    the case at hand, or the last one, failed by
#                                      the emulator, and so will those behind it:
#                                      tap_done exits 75, tests/run tries again.  Not
#                                      if another had failed before
#
# Measuring
#   lab_ns                             the clock in nanoseconds (labclock)

PATH=$PATH:/lab/bin
export PATH

lab_nr=0
lab_nr_failed=0
lab_last_failed=0

tap_ok() {
	lab_nr=$((lab_nr + 1))
	echo "ok $lab_nr - $1"
}

tap_not_ok() {
	lab_nr=$((lab_nr + 1))
	lab_nr_failed=$((lab_nr_failed + 1))
	lab_last_failed=$lab_nr
	echo "not ok $lab_nr - $1"
}

tap_skip() {
	lab_nr=$((lab_nr + 1))
	echo "ok $lab_nr - $1 # SKIP $2"
}

tap_skip_all() {
	echo "1..0 # SKIP $1"
	exit 77
}

lab_again() {
	[ "$lab_nr_failed" = 0 ] ||
		[ "$lab_nr_failed:$lab_last_failed" = "1:$lab_nr" ] || return
	echo "$1" >/tmp/lab.again
	echo "again: $1" >&2
}

tap_done() {
	echo "1..$lab_nr"
	if [ "$lab_nr_failed" != 0 ] && [ -s /tmp/lab.again ]; then
		echo "# again: $(cat /tmp/lab.again)"
		exit 75
	fi
	[ "$lab_nr_failed" = 0 ] && [ "$lab_nr" -gt 0 ]
	exit
}

tap_diag() {
	sed 's/^/# /'
}

# A case has failed: what is known of it beside its output.  Others may know more.
lab_failed() {
	:
}

check() {
	lab_what=$1
	shift
	if "$@" >/tmp/lab.out 2>&1; then
		tap_ok "$lab_what"
	else
		lab_status=$?
		tap_not_ok "$lab_what"
		{
			echo "$* -> $lab_status"
			head -c 2000 /tmp/lab.out
			lab_failed 2>&1
		} | tap_diag
		return 1
	fi
}

check_fails() {
	lab_what=$1 lab_text=$2
	shift 2
	"$@" >/tmp/lab.out 2>&1
	lab_status=$?
	if [ $lab_status -ne 0 ] && [ $lab_status -lt 126 ] &&
	   grep -qi -e "$lab_text" /tmp/lab.out; then
		tap_ok "$lab_what"
	else
		tap_not_ok "$lab_what"
		{
			echo "$* -> $lab_status, expected a failure that says: $lab_text"
			head -c 2000 /tmp/lab.out
		} | tap_diag
		return 1
	fi
}

lab_ns() {
	labclock
}

lab_wait() {
	lab_until=$(($(lab_ns) + $1 * 1000000000))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$(lab_ns)" -ge $lab_until ]; then
			"$@"	# for what it says
			return
		fi
		sleep 0.1
	done
}

lab_bridge() {
	ip link add "$1" type bridge || return
	# With IGMP snooping a new port costs 4 us more for each port there is.
	echo 0 >"/sys/class/net/$1/bridge/multicast_snooping"
	# IPv6 would send packets of its own into every measurement.
	echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" 2>/dev/null
	if [ -n "${2-}" ]; then
		ip addr add "$2" dev "$1" || return
	fi
	ip link set "$1" up
}

lab_start_xenstore() {
	xenstored --pid-file /run/xenstored.pid || return
	xen-init-dom0 >/dev/null || return
	xenconsoled --pid-file=/run/xenconsoled.pid
}

lab_start_netback() {
	netback-lite "$@" >/tmp/netback.log 2>&1 &
	lab_netback=$!
	if ! lab_wait 10 lab_netback_listens; then
		echo "netback-lite does not listen:" >&2
		head -c 2000 /tmp/netback.log >&2
		return 1
	fi
}

lab_netback_listens() {
	kill -0 "$lab_netback" && grep -q "${LAB_NETBACK_SOCKET:-noxs}" /proc/net/unix
}

lab_stop_netback() {
	[ -n "${lab_netback-}" ] || return 0
	kill "$lab_netback" 2>/dev/null
	wait "$lab_netback"
	lab_netback=
}

# Pages that netback-lite has mapped of guests that were busy: whether one was is no
# matter of what is left.
lab_mapped() {
	netback-lite stats --json 2>/dev/null | grep -o '"mapped": [0-9]*' |
		awk '{ n += $2 } END { print n + 0 }'
}

lab_counters() {
	# Asked last: it is a connection, whose end takes a moment.
	lab_stat=$(labstat -g netback-lite) || return
	echo "$lab_stat" | awk -v mapped="$(lab_mapped)" '
	$1 == "grant_entries" { $2 -= mapped }
	{ print }'
}

lab_same() {
	awk -v kb="${3:-2048}" '
	NR == FNR { before[$1] = $2; next }
	{
		d = before[$1] - $2
		# Pages may have been on their way back at the first look.
		if ($1 == "dom0_available_kb" ? d > kb || d < -4 * kb : d != 0) {
			print $1 ": " before[$1] " before, " $2 " after"
			differs = 1
		}
	}
	END { exit differs }' "$1" "$2"
}
