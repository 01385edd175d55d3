# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# For tests of Linux guests with noxs, after lib.sh:  . /lab/linux.sh
# Needs /root/vmlinux and /root/noxs-initramfs (guest/noxs-init).
#
#   linux_config NAME TYPE VCPUS VIF [LINES...]   a configuration
#   linux_wait SECONDS COMMAND... lab_wait, as patient as LINUX_PATIENCE says
#   linux_console NAME        open its console; what it says is in /tmp/said
#   linux_hang_up             wait for its end, which is the domain's
#   linux_ready               wait until its init takes commands
#   linux_do COMMAND...       do it in the guest; its status, or 99: no answer.  Not in
#                             a subshell: $(...) would forget that it was asked
#   linux_last_words          print what it said last, and what became of it
#   linux_said TEXT           was it said since the console was opened?
#   linux_counters NAME FILE  what the guest has of all that it could lose a
#                             little of each time
#   linux_same BEFORE AFTER [KB]  two such files: print what differs; memory may
#                             vary by KB (512), which is the same for few times
#                             and for many
#   linux_tell WHAT BEFORE AFTER  both in one line
#   linux_objects FILE        how many objects are in use, by kind: of each slab
#                             cache that the kernel does not call reclaimable,
#                             and areas of its address space
#   linux_grown BEFORE AFTER  two such files: fails and prints what has grown by
#                             more than what two processors hold free: a slab each
#   linux_clean               the guest's kernel has nothing to complain of, and
#                             one that looks for faults still looks for them
#
# LINUX_MEMORY=n  MiB of a guest, 128; LINUX_PATIENCE=n times as slow as Debian's;
# LINUX_ARGS=word for its kernel (make test-debug-kernel sets them).

linux_memory=${LINUX_MEMORY:-128}
linux_patience=${LINUX_PATIENCE:-1}

linux_config() {
	cat <<-END
	name = "$1"
	type = "$2"
	kernel = "/root/vmlinux"
	ramdisk = "/root/noxs-initramfs"
	cmdline = "console=hvc0 quiet $LINUX_ARGS"
	memory = $linux_memory
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

linux_wait() { # SECONDS COMMAND...
	linux_s=$(($1 * linux_patience))
	shift
	lab_wait "$linux_s" "$@"
}

linux_hung_up() {
	! kill -0 $linux_pid 2>/dev/null
}

linux_hang_up() {
	exec 3>&-
	linux_wait 20 linux_hung_up || kill $linux_pid
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
		if [ $linux_i -ge $((100 * linux_patience)) ] || linux_hung_up; then
			linux_last_words
			return 1
		fi
		sleep 1
	done
}

linux_answered() {
	linux_said "^linux: [0-9]* $linux_tag" || linux_hung_up
}

# Did a PVH guest, which is dead, die of an upcall that came while its EFLAGS had
# interrupts off?  No processor does that; QEMU sometimes delivers one twice
# (docs/lab.md).  The last of what it said, the panic, may have been lost with it.
linux_upcall_twice() {
	tr -d '\r' </tmp/said | awk '
		/\] +asm_sysvec_xen_hvm_callback\+/ { upcall = NR }
		upcall && NR > upcall + 4 { upcall = 0 }
		upcall && /RSP: .*EFLAGS: [0-9a-f]*[014589cd][0-9a-f][0-9a-f]$/ {
			twice = 1
		}
		END { exit !twice }'
}

linux_last_words() {
	if linux_hung_up; then
		echo "the guest's console has ended; before that:"
		linux_upcall_twice && lab_again "an upcall was delivered twice"
	fi
	tail -n 40 /tmp/said
	chaos list
}

# The guest may have died while something else was asked.
lab_failed() {
	[ -n "$linux_pid" ] && lab_wait 2 linux_hung_up && linux_upcall_twice &&
		lab_again "an upcall was delivered twice"
}

# A guest that is gone must not end its test by SIGPIPE.
linux_do() {
	if linux_hung_up; then
		linux_last_words
		return 99
	fi
	linux_tag=$((linux_tag + 1))
	echo "$*" | tr '\n' ' ' >&3
	echo >&3
	lab_wait $((90 * linux_patience)) linux_answered
	linux_status=$(sed -n "s/^linux: \([0-9]*\) $linux_tag.*/\1/p" /tmp/said)
	[ "$linux_status" = 0 ] || tail -n 12 /tmp/said
	return "${linux_status:-99}"
}

# Pages wait for the processors that used them last: dropping caches alone does
# not bring all of them back.  Pages that a processor holds free (count: of zoneinfo)
# are free, to MemFree they are not.  Free objects stay in their caches until asked for.
linux_count='sync; echo 3 >/proc/sys/vm/drop_caches; sleep 2;
	echo 3 >/proc/sys/vm/drop_caches; sleep 1;
	for i in /sys/kernel/slab/*; do
		[ -L $i ] || echo 1 >$i/shrink; done;
	awk "/^MemFree:/ { kb = \$2 } \$1 == \"count:\" { kb += 4 * \$2 }
		END { print \"counter Free:\", kb }" /proc/meminfo /proc/zoneinfo;
	awk "/^(Slab|SUnreclaim|PageTables|KernelStack|Percpu|VmallocUsed):/ {
		print \"counter\", \$1, \$2 }" /proc/meminfo;
	awk "/ noxs/ { n++; last = \$1 + 0 } END { print \"counter irqs\", n;
		print \"counter last-irq\", last }" /proc/interrupts;
	echo counter all-irqs $(ls /proc/irq | wc -l);
	echo counter devices $(ls /sys/bus/noxs/devices | wc -l);
	echo counter interfaces $(ls /sys/class/net | wc -l);
	echo counter processes $(ls -d /proc/[0-9]* | wc -l)'

linux_counters() {
	linux_do "$linux_count" || return
	tr -d '\r' </tmp/said | awk '
		$1 == "counter" { value[$2] = $3 }
		END { for (name in value) print name, value[name] }' | sort >"$2"
	linux_id=$(chaos domid "$1") || return
	lsevtchn "$linux_id" >/tmp/ports || return
	{
		echo "pages $(labpower "$linux_id" memory-now)"
		echo "ports $(wc -l </tmp/ports)"
		echo "last-port $(awk '{ print $1 + 0 }' /tmp/ports | sort -n | tail -n 1)"
	} >>"$2"
}

linux_same() {
	awk -v kb="${3:-512}" '
	NR == FNR { before[$1] = $2; next }
	{
		d = $2 - before[$1]
		# The highest number may as well be a lower one.
		if (d < 0)
			d = $1 ~ /^last-/ ? 0 : -d
		# Which numbers the irqs have depends on who came back first.
		loose = $1 ~ /:$/ ? kb : $1 ~ /^(processes|last-irq)$/ ? 4 : 0
		if (d > loose) {
			print $1 " " before[$1] " before, " $2 " after"
			differs = 1
		}
		n++
	}
	END { exit differs || n != 16 }' "$1" "$2"
}

# What they were, for whoever reads the log.
linux_tell() { # WHAT BEFORE AFTER
	awk -v what="$1" 'NR == FNR { b[$1] = $2; next }
		{ printf "%s%s %s", n++ ? ", " : "# " what ": ", $1,
			b[$1] == $2 ? $2 : b[$1] "->" $2 }
		END { print "" }' "$2" "$3"
}

# To be asked behind linux_counters.  vmap_area is Linux's book of its address
# space, free parts and those to be unmapped some day included: counted are the
# areas in use (docs/linux-guests.md).  Files that were closed are freed a moment later.
linux_kinds='grep -l 1 /sys/kernel/slab/*/reclaim_account |
	sed "s,.*slab/\(.*\)/.*,\1 reclaimable," >/tmp/kinds;
	sleep 1; echo 1 >/sys/kernel/slab/filp/shrink;
	awk "\$2 == \"reclaimable\" { not[\$1] = 1; next }
		FNR > 2 && !(\$1 in not) && \$1 != \"vmap_area\" {
			print \"object\", \$1, \$2, \$4, \$5 }" /tmp/kinds /proc/slabinfo;
	echo object address-space $(grep -vc unpurged /proc/vmallocinfo) 0 4;
	echo "# waiting for unmap: $(grep -c unpurged /proc/vmallocinfo)"'

linux_objects() { # FILE
	linux_i=$(wc -l </tmp/said)
	linux_do "$linux_kinds" || return
	tail -n +"$linux_i" /tmp/said | tr -d '\r' |
		sed -n 's/^object //p' | sort >"$1"
	[ "$(wc -l <"$1")" -gt 50 ] && grep -q ^address-space "$1"
}

linux_grown() { # BEFORE AFTER N
	awk '
	NR == FNR { before[$1] = $2; next }
	{
		d = $2 - before[$1]
		bytes += d * $3
		if (d > 2 * $4) {
			print $1 ", of " $3 " bytes: " before[$1] + 0 " before, " \
				$2 " after"
			grown = 1
		}
	}
	END { print "all: " bytes " bytes more"; exit grown }' "$1" "$2"
}

# Leaks are looked for by a scan that the objects must have outlived 5 s before.
# What was allocated before process 1 is not ours: ACPI's caches are named.
linux_leaks='mount -t debugfs none /sys/kernel/debug; cd /sys/kernel/debug;
	! [ -f kmemleak ] || { sleep 6; echo scan >kmemleak; sleep 6;
		echo scan >kmemleak; ! awk "
			/^unreferenced/ { print early ? \"\" : report; report = early = \"\" }
			/ (start_kernel|kernel_init)[+]/ { early = 1 }
			{ report = report \$0 \"\\n\" }
			END { print early ? \"\" : report }" kmemleak | grep .; }'

# Linux stops the tick of a processor before a suspend (xen_arch_suspend()), which
# may be idle once more until it stops.  A preemptible kernel has been seen there.
linux_not='/WARNING:.*clockevents_switch_state/,/end trace/d'

# In the lab an upcall has come while IF was off, as EFLAGS in lockdep's report say:
# amid a read of the time that is a deadlock to lockdep, which then looks no further.
# Such a report is left out if no function of ours is in it.
linux_off='/possible circular locking/ { held = 1; off = ours = 0; report = \"\" }
	held { report = report \$0 \"\\n\" }
	held && /EFLAGS: [0-9a-f]*[014589cd][0-9a-f][0-9a-f]\$/ { off = 1 }
	held && /\[noxs/ { ours = 1 }
	held && /<.TASK>/ { held = 0;
		if (off && !ours) { print > \"/tmp/lockdep-ended\" }
		else { print report };
		next }
	!held { print }
	END { if (held) { print report } }'

linux_clean() {
	linux_do "! dmesg | sed '1,/noxs_bus/d; $linux_not' | awk \"$linux_off\" |
		grep -e WARNING: -e BUG: -e Call.Trace -e UBSAN: -e INFO: -e ODEBUG: &&
		{ ! [ -f /proc/lockdep_stats ] || [ -f /tmp/lockdep-ended ] ||
			grep -q 'debug_locks: *1' /proc/lockdep_stats; }" &&
		linux_do "$linux_leaks" && return
	# All of what it says, for whoever reads the log of the lab.
	linux_do "dmesg | sed '1,/noxs_bus/d' | tail -n 300"
	tail -n 300 /tmp/said >/dev/console
	return 1
}
