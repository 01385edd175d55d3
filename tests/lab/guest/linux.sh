# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# For tests of Linux guests with noxs, after lib.sh:  . /lab/linux.sh
# Needs /root/vmlinux and /root/noxs-initramfs (guest/noxs-init).
#
#   linux_config NAME TYPE VCPUS VIF [LINES...]   a configuration
#   linux_console NAME        open its console; what it says is in /tmp/said
#   linux_hang_up             wait for its end, which is the domain's
#   linux_ready               wait until its init takes commands
#   linux_do COMMAND...       do it in the guest; its status, or 99: no answer
#   linux_said TEXT           was it said since the console was opened?

linux_config() {
	cat <<-END
	name = "$1"
	type = "$2"
	kernel = "/root/vmlinux"
	ramdisk = "/root/noxs-initramfs"
	cmdline = "console=hvc0 quiet"
	memory = 128
	vcpus = $3
	vif = [ "$4" ]
	END
	shift 4
	for linux_line; do
		echo "$linux_line"
	done
}

linux_console() {
	rm -f /tmp/keys /tmp/said
	mkfifo /tmp/keys
	chaos console "$1" </tmp/keys >/tmp/said 2>/tmp/console.err &
	linux_pid=$!
	exec 3>/tmp/keys
}

linux_hung_up() {
	! kill -0 $linux_pid 2>/dev/null
}

linux_hang_up() {
	exec 3>&-
	lab_wait 20 linux_hung_up || kill $linux_pid
	wait $linux_pid
}

linux_said() {
	grep -q -e "$1" /tmp/said
}

# Looking more often would take half of the processor from the guest.
linux_ready() {
	linux_tag=0
	linux_i=0
	until linux_said "linux: ready"; do
		linux_i=$((linux_i + 1))
		[ $linux_i -lt 60 ] || return
		sleep 1
	done
}

linux_do() {
	linux_tag=$((linux_tag + 1))
	echo "$*" | tr '\n' ' ' >&3
	echo >&3
	lab_wait 30 linux_said "^linux: [0-9]* $linux_tag"
	linux_status=$(sed -n "s/^linux: \([0-9]*\) $linux_tag.*/\1/p" /tmp/said)
	[ "$linux_status" = 0 ] || tail -n 12 /tmp/said
	return "${linux_status:-99}"
}
