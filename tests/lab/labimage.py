# SPDX-License-Identifier: BSD-2-Clause
"""Owns the format of the lab's initramfs: archives that the Linux kernel
unpacks one after the other (cpio "newc", uncompressed, 512-byte aligned, so
that they may simply be concatenated), and the rule that a program brings the
shared libraries it needs.
"""

import os
import stat
import subprocess


class ImageError(Exception):
    pass


class Image:
    """A tree of files to be, by absolute path.  A later entry replaces an
    earlier one; directories above an entry come by themselves."""

    def __init__(self, lib_dirs=()):
        self._entries = {}
        self._lib_dirs = list(lib_dirs)

    def directory(self, path, mode=0o755):
        self._put(path, (stat.S_IFDIR | mode, None))

    def symlink(self, path, target):
        self._put(path, (stat.S_IFLNK | 0o777, target.encode()))

    def data(self, path, content, mode=0o644):
        self._put(path, (stat.S_IFREG | mode, content))

    def file(self, path, host, mode=None):
        """Put the host's file at path, following symbolic links."""
        try:
            with open(host, "rb") as f:
                content = f.read()
                if mode is None:
                    mode = stat.S_IMODE(os.fstat(f.fileno()).st_mode)
        except OSError as e:
            raise ImageError(f"{host}: {e.strerror}") from e
        self.data(path, content, mode & 0o755 | 0o444)

    def program(self, path, host):
        """Like file(), with the libraries that it needs."""
        self.file(path, host)
        self.libraries([host])

    def tree(self, top, host):
        """Put everything under the directory host below top.  Symbolic links
        stay links; programs bring their libraries."""
        programs = []
        for base, dirs, files in os.walk(host):
            rel = os.path.relpath(base, host)
            to = os.path.normpath(os.path.join(top, rel))
            for name in dirs + files:
                src = os.path.join(base, name)
                dst = os.path.join(to, name)
                if os.path.islink(src):
                    self.symlink(dst, os.readlink(src))
                elif os.path.isdir(src):
                    self.directory(dst)
                else:
                    self.file(dst, src)
                    programs.append(src)
        self.libraries(programs)

    def libraries(self, programs):
        """Add the shared libraries that the given ELF files need."""
        for lib in needed_libraries(programs, self._lib_dirs):
            self.file(lib_place(lib), lib, 0o755)

    def write(self, out):
        """Write the archive to a binary stream, parents before children."""
        inode = 0
        for path in sorted(self._entries):
            inode += 1
            mode, content = self._entries[path]
            out.write(_newc(inode, path.lstrip("/"), mode, content or b""))
        out.write(_newc(0, "TRAILER!!!", 0, b""))
        out.write(b"\0" * (-out.tell() % 512))

    def _put(self, path, entry):
        path = os.path.normpath("/" + path.lstrip("/"))
        if path == "/":
            return
        parent = os.path.dirname(path)
        if parent != "/" and parent not in self._entries:
            self.directory(parent)
        self._entries[path] = entry


def is_elf(path):
    try:
        with open(path, "rb") as f:
            return f.read(4) == b"\x7fELF"
    except OSError:
        return False


def needed_libraries(programs, lib_dirs=()):
    """Host paths of the shared libraries of the given files; what is not a
    dynamic ELF program is passed over."""
    programs = [os.path.abspath(p) for p in programs if is_elf(p)]
    if not programs:
        return []
    env = dict(os.environ, LC_ALL="C")
    env.pop("LD_PRELOAD", None)
    if lib_dirs:
        env["LD_LIBRARY_PATH"] = ":".join(os.path.abspath(d) for d in lib_dirs)
    out = subprocess.run(["ldd"] + programs, env=env, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         check=False).stdout
    libs = set()
    for line in out.splitlines():
        if "not found" in line:
            raise ImageError("library " + line.strip() +
                             " (needed by one of: " + " ".join(programs) + ")")
        words = line.split()
        path = words[2] if "=>" in words else words[0] if words else ""
        if path.startswith("/") and not path.endswith(":"):
            libs.add(path)
    return sorted(libs)


def lib_place(lib):
    """Where a library goes: the loader keeps its name, the rest lies flat."""
    if os.path.basename(lib).startswith("ld-linux"):
        return "/lib64/" + os.path.basename(lib)
    return "/lib/x86_64-linux-gnu/" + os.path.basename(lib)


def _newc(inode, name, mode, content):
    raw = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + raw
    return (head + b"\0" * (-len(head) % 4) +
            content + b"\0" * (-len(content) % 4))
