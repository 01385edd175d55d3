# SPDX-License-Identifier: BSD-2-Clause
"""The kernel: Debian's source, our driver built in, and the options of fragments
on top of none at all.

CACHE/kernel-HASH is a kernel that was built: vmlinuz, vmlinux (the same,
unpacked) and config.  HASH is of all that decides about its bytes.  It is built
beside that place and renamed to it; whoever comes meanwhile waits.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

from . import kconfig, linuxsrc, shrink
from .errors import TinyxError
from .packages import run

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FRAGMENTS = os.path.join(HERE, "kernel")
# name: package
TOOLS = {"make": "make", "gcc": "gcc", "ld": "binutils", "flex": "flex",
         "bison": "bison", "bc": "bc", "xz": "xz-utils", "zstd": "zstd",
         "perl": "perl"}
HEADERS = {"/usr/include/libelf.h": "libelf-dev"}

# Who built it, when and where, is nobody's business: equal input, equal bytes.
ALWAYS = {"KBUILD_BUILD_TIMESTAMP": "@0", "KBUILD_BUILD_USER": "tinyx",
          "KBUILD_BUILD_HOST": "noxs", "KBUILD_BUILD_VERSION": "1",
          "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC",
          "KCONFIG_NOTIMESTAMP": "1", "LOCALVERSION": ""}
PASSED_ON = ("PATH", "HOME", "TMPDIR", "USER")


def fragments(more=()):
    """Ours, in order, then those that were asked for: paths, or names of ours
    that are not in each kernel (kernel/with-NAME.config)."""
    paths = sorted(p for p in glob.glob(os.path.join(FRAGMENTS, "*.config"))
                   if not os.path.basename(p).startswith("with-"))
    for word in more:
        named = os.path.join(FRAGMENTS, f"with-{word}.config")
        paths.append(named if os.path.isfile(named) else word)
    return paths


def names():
    """Of our fragments that a kernel has when it is asked for."""
    return sorted(os.path.basename(p)[5:-7] for p in
                  glob.glob(os.path.join(FRAGMENTS, "with-*.config")))


def need_tools():
    if platform.machine() != "x86_64":
        raise TinyxError(platform.machine(), "kernels are built on x86-64")
    missing = sorted({p for t, p in TOOLS.items() if not shutil.which(t)} |
                     {p for h, p in HEADERS.items() if not os.path.exists(h)})
    if missing:
        raise TinyxError("to build a kernel", "missing: " + " ".join(missing),
                         "apt-get install " + " ".join(missing))


def digest(version, options, files):
    """Of all that the kernel's bytes depend on."""
    parts = [version, kconfig.text_of(options)]
    for path, content in files.items():
        parts += [path, content]
    return _digest(parts)


def _digest(parts):
    """And of what is the same for all kernels that are built here."""
    parts = [*parts, repr(linuxsrc.HOOKS), repr(sorted(ALWAYS.items()))]
    for tool in ("gcc", "ld", "xz", "zstd"):
        parts.append(run([tool, "--version"], tool).decode().splitlines()[0])
    h = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
        h.update(b"%d:" % len(part))
        h.update(part)
    return h.hexdigest()[:16]


@contextlib.contextmanager
def locked(cache):
    """One at a time builds in a cache."""
    path = os.path.join(cache, "kernel.lock")
    try:
        os.makedirs(cache, exist_ok=True)
        f = open(path, "w", encoding="ascii")
    except OSError as e:
        raise TinyxError(path, e.strerror) from e
    with f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("tinyx: another kernel is being built; waiting",
                  file=sys.stderr)
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


class Tree:
    """A folder to build in: tree/ (see linuxsrc) and out/."""

    def __init__(self, folder, source, files):
        self.out = os.path.join(folder, "out")
        self._tree = os.path.join(folder, "tree")
        self._log = os.path.join(folder, "log")
        if os.path.isdir(self._tree):
            linuxsrc.put_driver(self._tree, files)
        else:
            whole = self._tree + ".part"
            shutil.rmtree(whole, ignore_errors=True)
            linuxsrc.make_tree(source, whole, files)
            os.rename(whole, self._tree)
        os.makedirs(self.out, exist_ok=True)

    def configure(self, options):
        """Nothing but what the options say, and what that needs.  Returns the
        .config, which may have less: see kconfig.check()."""
        wanted = os.path.join(self.out, "wanted.config")
        with open(wanted, "w", encoding="ascii") as f:
            f.write(kconfig.text_of(options))
        self._make("allnoconfig", KCONFIG_ALLCONFIG=wanted)
        with open(os.path.join(self.out, ".config"), encoding="utf-8") as f:
            return f.read()

    def compile(self):
        """(bzImage, vmlinux without symbols)"""
        self._make(f"-j{os.cpu_count() or 1}", "bzImage")
        boot = os.path.join(self.out, "arch/x86/boot")
        return (os.path.join(boot, "bzImage"),
                os.path.join(boot, "compressed/vmlinux.bin"))

    def _make(self, *words, **env):
        env.update(ALWAYS)
        env.update({n: os.environ[n] for n in PASSED_ON if n in os.environ})
        with open(self._log, "wb") as log:
            p = subprocess.Popen(
                ["make", "-C", self._tree, f"O={self.out}", *words], env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
            try:
                status = p.wait()
            except BaseException:
                # Its compilers, too: they would write on into a folder that
                # is being removed.
                os.killpg(p.pid, 15)
                p.wait()
                raise
        if status:
            raise TinyxError("the kernel's build", self._why())

    def _why(self):
        with open(self._log, encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        wrong = [ln for ln in lines if re.search(
            r"error|undefined reference|No space|No such file|can't open", ln)]
        return (wrong or lines or ["it failed"])[0].strip()


class Kernel:
    """vmlinuz, vmlinux, config: paths in the cache."""

    def __init__(self, folder, version):
        self.version = version
        self.vmlinuz = os.path.join(folder, "vmlinuz")
        self.vmlinux = os.path.join(folder, "vmlinux")
        self.config = os.path.join(folder, "config")


def build(cache, more=(), incremental=False, say=lambda text: None):
    """The kernel with our fragments and more.  Takes minutes, if it is new;
    incremental: less, and what was compiled stays for the next one."""
    options = kconfig.read(fragments(more))
    cache = os.path.abspath(cache)
    version = linuxsrc.version()
    need_tools()
    files = linuxsrc.driver_files()
    place = os.path.join(cache, "kernel-" + digest(version, options, files))
    if os.path.isdir(place):
        return Kernel(place, version)
    with locked(cache):
        if not os.path.isdir(place):
            _clean(cache)
            say(f"unpacking {linuxsrc.PACKAGE} {version}, building a kernel; "
                "once for these options")
            source = linuxsrc.fetch(cache, version)
            with _folder(cache, version, incremental) as folder:
                _build(Tree(folder, source, files), options, folder, place)
    return Kernel(place, version)


def _clean(cache):
    """Of what a build left that was killed."""
    for pattern in (".kernel-*", ".source-*"):
        for left in glob.glob(os.path.join(glob.escape(cache), pattern)):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _folder(cache, version, stays):
    """To build in."""
    if stays:
        folder = os.path.join(cache, "objects-" + _digest([version]))
        os.makedirs(folder, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(dir=cache, prefix=".kernel-") as folder:
        yield folder


def _build(tree, options, folder, place):
    config = tree.configure(options)
    kconfig.check(options, config)
    vmlinuz, vmlinux = tree.compile()
    done = os.path.join(folder, "done")
    shutil.rmtree(done, ignore_errors=True)
    os.mkdir(done)
    shutil.copyfile(vmlinuz, os.path.join(done, "vmlinuz"))
    shutil.copyfile(vmlinux, os.path.join(done, "vmlinux"))
    with open(os.path.join(done, "config"), "w", encoding="utf-8") as f:
        f.write(config)
    os.rename(done, place)


# --- shrinking -------------------------------------------------------------------

class _Bench:
    """Kernels one after the other, in a folder that stays: what two have in
    common is compiled once."""

    def __init__(self, tree, folder, test, timeout, say):
        self._tree, self._kernel = tree, os.path.join(folder, "vmlinuz")
        self._test, self._timeout, self._say = test, timeout, say
        self.configure = tree.configure

    def attempt(self, _config):
        try:
            built, _ = self._tree.compile()
        except TinyxError as e:
            self._say(f"not built, {e.reason}")
            return shrink.Result(False, None)
        shutil.copyfile(built, self._kernel)
        passed = shrink.run_test(self._test, self._kernel, self._timeout)
        return shrink.Result(passed, os.path.getsize(self._kernel))


def shrunk(cache, more, test, timeout, say, only=()):
    """The fragment that is left of ours and more when the test decides; only: the
    options that may go, all if there are none."""
    options = kconfig.read(fragments(more))
    cache = os.path.abspath(cache)
    version = linuxsrc.version()
    need_tools()
    files = linuxsrc.driver_files()
    with locked(cache), _folder(cache, version, True) as folder:
        tree = Tree(folder, linuxsrc.fetch(cache, version), files)
        bench = _Bench(tree, folder, test, timeout, say)
        journal = shrink.Journal(os.path.join(cache, "shrink-" + _digest(
            [version, test] + [x for f in files.items() for x in f])))
        s = shrink.Shrink(options, bench.configure, bench.attempt, journal, say,
                          only)
        return shrink.fragment(s.run(), s.needed, s.off())
