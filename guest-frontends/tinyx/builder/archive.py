# SPDX-License-Identifier: BSD-2-Clause
"""The initramfs: what is in it, and its bytes, which depend on nothing else.

Format: cpio "newc" (Linux: driver-api/early-userspace/buffer-format), every
owner root, every time 0, in order of names.
"""

import os
import stat

from .errors import TinyxError
from .root import MAX_LINKS, read_file


class Tree:
    """Entries by guest path.  A later one replaces an earlier one; folders above
    an entry come by themselves; links above it are followed."""

    def __init__(self):
        self._entries = {}

    def directory(self, path, mode=0o755):
        self._put(path, stat.S_IFDIR | mode, b"")

    def symlink(self, path, target):
        self._put(path, stat.S_IFLNK | 0o777, os.fsencode(target))

    def file(self, path, content, mode=0o644):
        self._put(path, stat.S_IFREG | mode, content)

    def device(self, path, major, minor, mode=0o600):
        """A character device."""
        self._put(path, stat.S_IFCHR | mode, (major, minor))

    def place(self, path):
        """Where a path leads to, as far as the links here are known."""
        todo, done, nr_links = path.strip("/").split("/"), "", 0
        while todo:
            name = todo.pop(0)
            if name in ("", "."):
                continue
            if name == "..":
                done = os.path.dirname(done)
                continue
            at = f"{done}/{name}"
            mode, content = self._entries.get(at, (0, b""))
            if not todo or not stat.S_ISLNK(mode):
                done = at
                continue
            nr_links += 1
            if nr_links > MAX_LINKS:
                raise TinyxError(path, "links that lead round in circles")
            target = os.fsdecode(content)
            todo = target.strip("/").split("/") + todo
            if target.startswith("/"):
                done = ""
        return done or "/"

    def has(self, path):
        return self.place(path) in self._entries

    def content(self, path):
        """Of a file, links to it followed; None: it is none."""
        for _ in range(MAX_LINKS):
            path = self.place(path)
            mode, content = self._entries.get(path, (0, b""))
            if stat.S_ISREG(mode):
                return content
            if not stat.S_ISLNK(mode):
                return None
            path = os.path.join(os.path.dirname(path), os.fsdecode(content))
        return None

    def add(self, root, path):
        """A file of the root, with the links that lead to it; True: a file."""
        links, end = root.resolve(path)
        for link, target in links:
            self.symlink(link, target)
        if os.path.isdir(root.host(end)):
            self.directory(end)
            return False
        content, mode = root.read(end)
        self.file(end, content, mode)
        return True

    def add_folder(self, host, top):
        """Everything below a folder of the build machine; links stay links.
        Returns the paths of its files."""
        def refuse(e):
            raise TinyxError(e.filename, e.strerror)

        self.directory(top)
        added = []
        for base, folders, files in os.walk(host, onerror=refuse):
            to = os.path.normpath(f"{top}/{os.path.relpath(base, host)}")
            for name in sorted(folders + files):
                if self._add_host(f"{base}/{name}", f"{to}/{name}"):
                    added.append(f"{to}/{name}")
        return added

    def _add_host(self, host, path):
        if os.path.islink(host):
            self.symlink(path, os.readlink(host))
        elif os.path.isdir(host):
            self.directory(path)
        elif os.path.isfile(host):
            content, mode = read_file(host)
            self.file(path, content, mode & 0o755 | 0o444)
            return True
        else:
            raise TinyxError(host, "neither a file nor a folder nor a link",
                             "leave it out")
        return False

    def replace(self, path, content):
        """Of a file that is there."""
        mode, _ = self._entries[path]
        self._entries[path] = (mode, content)

    def files(self):
        """[(path, content)], in order of paths."""
        return [(p, c) for p, (m, c) in sorted(self._entries.items())
                if stat.S_ISREG(m)]

    def nr_entries(self):
        return len(self._entries)

    def write(self, out):
        for inode, path in enumerate(sorted(self._entries), 1):
            mode, content = self._entries[path]
            out.write(_newc(inode, os.fsencode(path.lstrip("/")), mode,
                            content))
        out.write(_newc(0, b"TRAILER!!!", 0, b""))

    def _put(self, path, mode, content):
        path = self.place(path)
        if path == "/":
            return
        old, _ = self._entries.get(path, (0, b""))
        if old and stat.S_ISDIR(old) != stat.S_ISDIR(mode):
            if stat.S_ISLNK(old) and self._leads_to_folder(path):
                return
            raise TinyxError(path, "a folder, and something else")
        parent = os.path.dirname(path)
        if parent != "/":
            above, _ = self._entries.get(parent, (0, b""))
            if not above:
                self.directory(parent)
            elif not stat.S_ISDIR(above):
                raise TinyxError(parent, "a folder, and something else")
        self._entries[path] = (mode, content)

    def _leads_to_folder(self, path):
        mode, _ = self._entries.get(self.place(path + "/."), (0, b""))
        return stat.S_ISDIR(mode)


def _newc(inode, name, mode, content):
    raw = name + b"\0"
    major = minor = 0
    if stat.S_ISCHR(mode):
        (major, minor), content = content, b""
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, major, minor,
              len(raw), 0)
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + raw
    return (head + b"\0" * (-len(head) % 4) +
            content + b"\0" * (-len(content) % 4))
