# SPDX-License-Identifier: BSD-2-Clause
"""Owns the machine that the lab runs on: QEMU's command line, whether KVM may
be used, and QEMU's process.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess

PR_SET_PDEATHSIG = 1
# TCG: a PV dom0 dies with SMAP or SMEP on, and the RDTSCP intercept is decoded
# wrongly for PVH guests.
TCG_CPU = "max,-smap,-smep,-rdtscp"

# A PVH dom0 is not built without an IOMMU, which needs a chipset with PCI Express.
DOM0_MACHINE = {"pv": ["-machine", "pc"],
                "pvh": ["-machine", "q35", "-device", "amd-iommu,intremap=on"]}
# It would leave it to Xen to read the clock, an exit each time, if that took the time
# stamp counter for uneven, which QEMU's is not, though it does not say so.
DOM0_CPU = {"pv": "", "pvh": ",x-force-features=on,+invtsc"}
DOM0_XEN = {"pv": "", "pvh": "dom0=pvh"}


class QemuError(Exception):
    pass


def kvm_works(qemu):
    """Whether guests of ours could use hardware virtualisation in turn.  The
    device alone proves nothing: start an empty machine with it."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            flags = f.read().split()
    except OSError:
        return False
    if "vmx" not in flags and "svm" not in flags:
        return False
    if not os.access("/dev/kvm", os.R_OK | os.W_OK) or not nests():
        return False
    try:
        r = subprocess.run(
            [qemu, "-accel", "kvm", "-cpu", "host", "-display", "none",
             "-nodefaults", "-S", "-monitor", "stdio"], input=b"quit\n",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20,
            check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return r.returncode == 0


def nests():
    for module in ("kvm_intel", "kvm_amd"):
        try:
            with open(f"/sys/module/{module}/parameters/nested",
                      encoding="ascii") as f:
                return f.read().strip() in ("Y", "1")
        except OSError:
            continue
    return False


def acceleration(args, qemu):
    if args.accel == "kvm" or (args.accel == "auto" and not args.icount and
                               kvm_works(qemu)):
        return ["-accel", "kvm", "-cpu", "host"]
    flags = "," + args.cpu_flags if args.cpu_flags else ""
    accel = ["-accel", "tcg", "-cpu", TCG_CPU + DOM0_CPU[args.dom0] + flags]
    if args.icount:
        accel += ["-icount", "shift=2,sleep=off"]
    return accel


def command(args, xen, kernel, initrd, log):
    """QEMU's command line.  First serial line: Xen's console, to the log.
    Second: dom0's alone, on QEMU's stdin and stdout.

    Xen's lazy switching of FPU registers loses them under TCG: dom0's programs
    found zeroes, or another program's bytes, in theirs about once in 5,000 page
    faults while guests were started, with one CPU more seldom.  Hence eager-fpu."""
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        raise QemuError("qemu-system-x86_64 is not installed (package qemu-system-x86)")
    level = "all" if args.debug_xen else "warning"
    xen_args = (f"console=com1 com1=115200,8n1 conring_size=1M "
                f"dom0_mem={args.dom0_mem}M,max:{args.dom0_mem}M "
                f"loglvl={level} guest_loglvl=all spec-ctrl=eager-fpu "
              f"{DOM0_XEN[args.dom0]} {args.xen_args}").strip()
    linux_args = "console=hvc0 quiet panic=1 rdinit=/init"
    for path in (kernel, initrd):
        if "," in path or " " in path:
            raise QemuError(f"{path}: comma or space in the path")
    return ([qemu, "-no-reboot", "-display", "none", "-monitor", "none",
             "-nodefaults"] + DOM0_MACHINE[args.dom0] + acceleration(args, qemu) +
            ["-m", str(args.mem), "-smp", str(args.cpus),
             "-kernel", xen, "-append", xen_args,
             "-initrd", f"{kernel} {linux_args},{initrd}",
             "-serial", f"file:{log}",
             "-chardev", "stdio,id=job,signal=off" +
             (",mux=on" if args.interactive else ""),
             "-serial", "chardev:job"])


def start(cmd, initrd, interactive, errors):
    """Start QEMU, which inherits the fd initrd; it is killed with its parent, however that ends."""
    libc = ctypes.CDLL(None)

    def in_child():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    with open(errors, "wb") as err:
        if interactive:
            return subprocess.Popen(cmd, preexec_fn=in_child,
                                    pass_fds=(initrd,))
        return subprocess.Popen(cmd, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=err,
                                preexec_fn=in_child, pass_fds=(initrd,))


def read_some(fd, timeout):
    """Bytes from fd; b"" at its end, None when there was nothing for now."""
    ready, _, _ = select.select([fd], [], [], min(timeout, 1.0))
    if not ready:
        return None
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return None
