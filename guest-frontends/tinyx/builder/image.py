# SPDX-License-Identifier: BSD-2-Clause
"""From what was asked for to the tree of the guest's files."""

import fnmatch
import os
import subprocess

from . import elf
from .archive import Tree
from .closure import REMEDY, Closure
from .errors import TinyxError
from .packages import Machine, Packages, merged
from .root import Root, read_file
from .strip import Stripper

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# As on every Debian; further ones count from 1000.
PASSWD = [("root", 0, 0, "/root", "/bin/sh"),
          ("daemon", 1, 1, "/usr/sbin", "/usr/sbin/nologin"),
          ("bin", 2, 2, "/bin", "/usr/sbin/nologin"),
          ("sys", 3, 3, "/dev", "/usr/sbin/nologin"),
          ("mail", 8, 8, "/var/mail", "/usr/sbin/nologin"),
          ("www-data", 33, 33, "/var/www", "/usr/sbin/nologin"),
          ("nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin")]
GROUPS = [("tty", 5), ("adm", 4), ("nogroup", 65534)]
DEVICES = [("console", 5, 1, 0o600), ("null", 1, 3, 0o666),
           ("zero", 1, 5, 0o666), ("full", 1, 7, 0o666),
           ("random", 1, 8, 0o666), ("urandom", 1, 9, 0o666),
           ("tty", 5, 0, 0o666), ("ptmx", 5, 2, 0o666),
           ("hvc0", 229, 0, 0o600)]
LINKS = [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"),
         ("/lib64", "usr/lib64"), ("/var/run", "/run"), ("/var/lock", "/run"),
         ("/etc/mtab", "/proc/mounts"), ("/dev/fd", "/proc/self/fd"),
         ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
         ("/dev/stderr", "/proc/self/fd/2")]
FOLDERS = ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "proc", "sys", "run",
           "root", "dev/pts", "dev/shm", "var/log", "var/lib", "etc/tinyx"]
ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
       "HOME=/root", "TERM=linux", "LANG=C.UTF-8"]
# What the guest's init makes, or is.
OWN = ("/init", "/dev", "/proc", "/sys", "/etc/tinyx")

OURS = "tinyx"
GIVEN = "given"


class Image:
    """tree; reasons and owners: {path: why it is in} and {path: its package};
    versions: {package: version}; notes: what people should know."""

    def __init__(self, recipe, cache, modules=(), init=None, hostname="tinyx"):
        self.tree, self.reasons, self.owners = Tree(), {}, {}
        self.notes, self._recipe = [], recipe
        self._given = {}
        names = recipe.packages + recipe.sources
        self._packages = Packages(names, cache) if names else None
        self._machine = Machine()
        self._app = None
        self._choose_root()
        self._skeleton(hostname)
        self._closure = Closure(self.root, {"/bin/sh"} if recipe.busybox
                                else ())
        self._add_packages()
        self._add_programs()
        self._take_closure()
        if recipe.busybox:
            self._add_busybox()
        self._add_files()
        self._add_init(init, modules)
        self._add_command()
        self._strip()

    @property
    def versions(self):
        return dict(self._machine.versions,
                    **(self._packages.versions if self._packages else {}))

    # --- where things come from ------------------------------------------------

    def _choose_root(self):
        """The packages alone, if they have the programs; else over what is
        installed here."""
        recipe = self._recipe
        if self._packages is None:
            self.root = Root("/")
        else:
            self.root = Root(self._packages.top)
            self._app = recipe.app or self._guess_app()
            wanted = [self._app, *recipe.programs]
            if any(self.root.which(w) is None for w in wanted if w):
                self.root = Root(self._packages.top, "/")
        self._app = self._app or recipe.app

    def _guess_app(self):
        """The program of the first package, if there is no doubt."""
        if self._recipe.command or not self._recipe.packages:
            return None
        name = self._recipe.packages[0].split("=")[0]
        programs = [p for p in self._packages.files(name)
                    if os.path.dirname(p) in ("/usr/bin", "/usr/sbin")]
        same = [p for p in programs if os.path.basename(p) == name]
        if len(programs) == 1 or same:
            return (same or programs)[0]
        raise TinyxError(f"package {name}", "which of its programs: " + ", ".join(
            os.path.basename(p) for p in programs) if programs else
            "there is no program in it", "--app PROGRAM")

    def _note(self, path, why, owner=None):
        end = self.tree.place(path)
        self.reasons.setdefault(end, why)
        if owner:
            self.owners.setdefault(end, owner)

    # --- what goes in -----------------------------------------------------------

    def _skeleton(self, hostname):
        tree = self.tree
        for name in FOLDERS:
            tree.directory("/" + name)
        tree.directory("/tmp", 0o1777)
        for path, target in LINKS:
            tree.symlink(path, target)
        for name, major, minor, mode in DEVICES:
            tree.device("/dev/" + name, major, minor, mode)
        users = PASSWD + [(u, i, i, "/", "/usr/sbin/nologin") for i, u in
                          enumerate(self._recipe.users, 1000)]
        for user in self._recipe.users:
            if not user.replace("-", "").replace("_", "").isalnum():
                raise TinyxError(user, "not a name of a user")
        groups = GROUPS + [(u[0], u[2]) for u in users if u[0] != "nobody"]
        self._ours("/etc/passwd", "".join(
            f"{n}:x:{u}:{g}:{n}:{home}:{shell}\n"
            for n, u, g, home, shell in users))
        self._ours("/etc/group", "".join(f"{n}:x:{g}:\n" for n, g in groups))
        self._ours("/etc/hosts", f"127.0.0.1 localhost {hostname}\n")
        self._ours("/etc/hostname", hostname + "\n")
        self._ours("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"
                   "hosts: files dns\n")
        for path in self._recipe.directories:
            tree.directory(path)

    def _ours(self, path, text, why="every guest's"):
        self.tree.file(path, text.encode(errors="surrogateescape"))
        self._note(path, why, OURS)

    def _add_packages(self):
        for name in self._recipe.packages:
            for path in self._packages.files(name):
                self._closure.add(path, f"package {name}")
        for pattern in self._recipe.take:
            found = [p for p in self._packages.owners
                     if fnmatch.fnmatchcase(p, pattern)] \
                if self._packages else []
            if not found:
                raise TinyxError(pattern, "no file of its packages is called so")
            for path in sorted(found):
                self._closure.add(path, "taken by the recipe")

    def _add_programs(self):
        wanted = [(self._app, "the program")] if self._app else []
        wanted += [(p, "asked for") for p in self._recipe.programs]
        for name, why in wanted:
            if "/" in name and not name.startswith("/"):
                name = os.path.abspath(name)
            path = self.root.which(name)
            if path is None or not self.root.exists(path):
                raise TinyxError(name, "there is no such program", REMEDY)
            if not self.root.is_program(path):
                raise TinyxError(path, "not a program that can be executed")
            self._closure.add(path, why)
            self._closure.add_loaded(path, self._package_mates(path))
            if why == "the program":
                self._app = path

    def _package_mates(self, path):
        end = merged(self.root.resolve(path)[1])
        if self._packages and end in self._packages.owners:
            return self._packages.files(self._packages.owners[end])
        self._machine.look_up([end])
        return self._machine.files(self._machine.owners[end]) \
            if end in self._machine.owners else []

    def _take_closure(self):
        packed = self._packages.owners if self._packages else {}
        ends = {}
        for path, why in self._closure.files.items():
            if self.tree.add(self.root, path):
                end = self.root.resolve(path)[1]
                ends[end] = (path, why)
        self._machine.look_up([e for e in ends if merged(e) not in packed])
        for end, (path, why) in ends.items():
            self._note(end, why, packed.get(merged(end)) or
                       self._machine.owners.get(end))

    def _add_busybox(self):
        host, owner = self._find_busybox()
        self.tree.file("/usr/bin/busybox", read_file(host)[0], 0o755)
        self._note("/usr/bin/busybox", "shell and tools", owner)
        try:
            text = subprocess.run([host, "--list-full"], check=True,
                                  stdout=subprocess.PIPE).stdout.decode()
        except (OSError, subprocess.CalledProcessError) as e:
            raise TinyxError(host, f"cannot be run here: {e}") from e
        for applet in text.split():
            folder, name = os.path.split(applet)
            there = any(self.tree.has(f"{d}/{name}") for d in
                        ("/usr/bin", "/usr/sbin", "/usr/local/bin"))
            if not there:
                place = "/usr/sbin" if folder.endswith("sbin") else "/usr/bin"
                self.tree.symlink(f"{place}/{name}",
                                  os.path.relpath("/usr/bin/busybox", place))

    def _find_busybox(self):
        for root in (self.root, Root("/")):
            path = root.which("busybox")
            if path is None:
                continue
            host = root.host(root.resolve(path)[1])
            info = elf.read(host)
            if info is not None and not info.interp and not info.needed and \
                    info.machine == elf.X86_64:
                owner = self._packages.owners.get(merged(path)) \
                    if self._packages and root is self.root else None
                if owner is None:
                    self._machine.look_up([path])
                    owner = self._machine.owners.get(path)
                return host, owner
        raise TinyxError("busybox", "there is no static one here",
                         "install busybox-static, or --from busybox-static, "
                         "or --no-busybox")

    def _add_files(self):
        for source, target in self._recipe.files:
            if any(target == o or target.startswith(o + "/") for o in OWN):
                raise TinyxError(target, "the guest's own",
                                 "--files SOURCE:/TARGET")
            if os.path.isdir(source):
                paths = self.tree.add_folder(source, target)
            elif os.path.lexists(source):
                if target == "/" or self.tree.place(target + "/.") in (
                        self.tree.place(p) for p in ("/etc", "/usr")):
                    target = f"{target}/{os.path.basename(source)}"
                content, mode = read_file(source)
                self.tree.file(target, content, mode & 0o755 | 0o444)
                paths = [target]
            else:
                raise TinyxError(source, "there is no such file or folder")
            self._note_given(source, paths)

    def _note_given(self, source, paths):
        for path in paths:
            end = self.tree.place(path)
            if end in self._given and self._given[end] != source:
                raise TinyxError(end, f"given twice: by {self._given[end]} and "
                                 f"by {source}")
            old = self.owners.get(end)
            self._given[end] = source
            self.reasons[end] = source + (
                f", instead of {old}'s" if old else "")
            self.owners[end] = GIVEN

    def _add_init(self, init, modules):
        self.tree.file("/init", read_file(init)[0], 0o755)
        self._note("/init", "process 1", OURS)
        for name in ("poweroff", "reboot"):
            self.tree.symlink("/usr/sbin/" + name, "/init")
        if self._recipe.busybox:
            self.tree.file("/etc/tinyx/dhcp",
                           read_file(os.path.join(HERE, "dhcp"))[0], 0o755)
            self._note("/etc/tinyx/dhcp", "an interface of ip=dhcp", OURS)
        names = [os.path.basename(m) for m in modules]
        for name, host in zip(names, modules):
            self.tree.file("/lib/noxs/" + name, read_file(host)[0])
            self._note("/lib/noxs/" + name, host, GIVEN)
        self._ours("/etc/tinyx/modules", "".join(
            f"/lib/noxs/{n}\0" for n in names), "what init loads")

    def _add_command(self):
        words = self._recipe.words() if self._recipe.command else \
            [self._app] if self._app else []
        if not words:
            if not self._recipe.busybox:
                raise TinyxError("the image", "there is nothing to run",
                                 "--app PROGRAM, or --command WORDS")
            words = ["/bin/sh"]
        words[0] = self._which(words[0])
        for path, strings in (("command", words),
                              ("environment", ENV + self._recipe.env)):
            self._ours("/etc/tinyx/" + path, "".join(
                w + "\0" for w in strings), "what init runs")
        for setting in self._recipe.env:
            if "=" not in setting[1:]:
                raise TinyxError(setting, "not NAME=VALUE")

    def _which(self, name):
        places = [name] if name.startswith("/") else \
            [f"{d}/{name}" for d in
             ENV[0].split("=")[1].split(":")] if "/" not in name else []
        for path in places:
            if self.tree.content(path) is not None:
                return path
        raise TinyxError(name, "the image has no such program to run",
                         "--app or --with PROGRAM brings it")

    def _strip(self):
        stripper = Stripper()
        for path, content in self.tree.files():
            if self.owners.get(path) != GIVEN or path.endswith(".ko"):
                smaller = stripper.strip(path, content)
                if smaller is not None:
                    self.tree.replace(path, smaller)
        self.notes += stripper.notes
