# SPDX-License-Identifier: BSD-2-Clause
"""What a program needs to start: its interpreter and its libraries, found as
the dynamic loader finds them (ld.so(8)), each with the links that lead to it.
"""

import glob
import os

from . import elf
from .errors import TinyxError

DEFAULT_DIRS = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
                "/lib64", "/usr/lib64", "/lib", "/usr/lib")

# A C library that is asked for it loads another by name.
LOADS = {"pthread_cancel": "libgcc_s.so.1", "pthread_exit": "libgcc_s.so.1"}

REMEDY = "install its package, or name it by --package or --from"


class Closure:
    """files: {guest path: why it is in}, of all programs that were added.
    given: paths that somebody else takes care of; of a name in them nothing is
    looked for."""

    def __init__(self, root, given=()):
        self.root = root
        self.files = {}
        self._given = set(given)
        self._conf = None

    def add(self, path, why, rpath=()):
        """A file and, if it is a program or a library, what it needs.  rpath:
        where who needs it says that libraries are."""
        if path in self.files or path in self._given:
            return
        _, end = self.root.resolve(path)
        host = self.root.host(end)
        if not os.path.lexists(host):
            raise TinyxError(path, "there is no such file", REMEDY)
        self.files[path] = why
        if os.path.isdir(host):
            return
        data, mode = self.root.read(end)
        info = elf.parse(path, data)
        if info is not None:
            self._add_needs(path, info, end, list(rpath))
        elif mode & 0o111:
            self._add_script(path, data)

    def add_loaded(self, path, of_package):
        """What a program may load while it runs: the shared objects of its own
        package.  of_package: its paths."""
        info = elf.read(self.root.host(self.root.resolve(path)[1]), path)
        if info is None or not info.names("dlopen"):
            return
        for other in of_package:
            if ".so" in os.path.basename(other) and self.root.is_file(other):
                self.add(other, f"{path} may load it")

    def _add_needs(self, path, info, end, rpath):
        if info.machine != elf.X86_64:
            raise TinyxError(path, f"built for {info.machine_name()}",
                             "guests are x86-64")
        if info.interp:
            self.add(info.interp, f"loader of {path}")
        # DT_RPATH counts only where there is no DT_RUNPATH, and for what the
        # libraries need, too.
        origin = os.path.dirname(end)
        if not info.runpath:
            rpath = _folders(info.rpath, origin) + rpath
        places = rpath if not info.runpath else _folders(info.runpath, origin)
        for name in info.needed:
            self.add(self._find(name, places, path), f"library of {path}",
                     rpath)
        for symbol, name in LOADS.items():
            # Not of the C library, which offers it.
            if info.names(symbol) and info.needed and \
                    not any(n.startswith("ld-linux") for n in info.needed):
                self.add(self._find(name, places, path),
                         f"{path} uses {symbol}")

    def _add_script(self, path, data):
        name = elf.interpreter(data, path)
        if name is None or name in self._given:
            return
        program = self.root.which(name)
        if program is None or not self.root.exists(program):
            raise TinyxError(path, f"its interpreter {name} is not there",
                             REMEDY)
        self.add(program, f"interpreter of {path}")

    def _find(self, name, places, path):
        if "/" in name:
            return name
        for folder in places + self._conf_dirs() + list(DEFAULT_DIRS):
            found = f"{folder.rstrip('/')}/{name}"
            if self.root.is_file(found) and self._fits(found):
                return found
        raise TinyxError(path, f"its library {name} is not there", REMEDY)

    def _fits(self, path):
        info = elf.read(self.root.host(self.root.resolve(path)[1]), path)
        return info is not None and info.machine == elf.X86_64

    def _conf_dirs(self):
        if self._conf is None:
            self._conf = list(self._read_conf("/etc/ld.so.conf", 0))
        return self._conf

    def _read_conf(self, path, depth):
        if depth > 8 or not self.root.is_file(path):
            return
        for line in os.fsdecode(self.root.read(path)[0]).splitlines():
            words = line.split("#")[0].split()
            if words[:1] == ["include"]:
                for pattern in words[1:]:
                    for found in self._glob(pattern):
                        yield from self._read_conf(found, depth + 1)
            elif words:
                yield words[0]

    def _glob(self, pattern):
        found = set()
        for top in self.root.tops:
            found |= {"/" + os.path.relpath(f, top) for f in
                      glob.glob(glob.escape(top) + "/" + pattern.lstrip("/"))}
        return sorted(found)


def _folders(words, origin):
    return [d.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
            for d in words if d]
