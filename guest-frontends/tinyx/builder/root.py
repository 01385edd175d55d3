# SPDX-License-Identifier: BSD-2-Clause
"""What things are taken from: folder trees one above the other (unpacked
packages, the build machine).  Paths in it are as the guest sees them; links are
followed within it and never out of it.
"""

import os
import stat

from .errors import TinyxError

MAX_LINKS = 40
# A guest has all of it in its memory, and the archive's sizes have 32 bits.
MAX_FILE = 1 << 30

PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin",
        "/bin")


def read_file(host, name=None):
    """Content and mode of a file of the build machine; name is for the error."""
    try:
        # What is not a file must not keep us until somebody writes to it.
        fd = os.open(host, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as f:
            st = os.fstat(f.fileno())
            if not stat.S_ISREG(st.st_mode):
                raise TinyxError(name or host, "not a file")
            if st.st_size > MAX_FILE:
                raise TinyxError(name or host,
                                 f"{st.st_size >> 20} MB are too many",
                                 f"a file has at most {MAX_FILE >> 20} MB")
            return f.read(), stat.S_IMODE(st.st_mode)
    except OSError as e:
        raise TinyxError(name or host, e.strerror) from e


class Root:
    """tops: folders; what an earlier one has hides that of the later ones."""

    def __init__(self, *tops):
        self.tops = [os.path.abspath(t) for t in tops or ("/",)]

    def host(self, path):
        """Where a path of the guest is on the build machine; links in it are
        not looked at."""
        places = [os.path.normpath(top + "/" + path.lstrip("/"))
                  for top in self.tops]
        return next((p for p in places if os.path.lexists(p)), places[-1])

    def resolve(self, path):
        """[(link, target), ...] on the way to a path, and the path at their end.
        """
        links, todo, done = [], path.strip("/").split("/"), ""
        while todo:
            name = todo.pop(0)
            if name in ("", "."):
                continue
            if name == "..":
                done = os.path.dirname(done.rstrip("/")).rstrip("/")
                continue
            at = f"{done}/{name}"
            if not os.path.islink(self.host(at)):
                done = at
                continue
            target = os.readlink(self.host(at))
            links.append((at, target))
            if len(links) > MAX_LINKS:
                raise TinyxError(path, "links that lead round in circles")
            todo = target.strip("/").split("/") + todo
            if target.startswith("/"):
                done = ""
        return links, done or "/"

    def exists(self, path):
        return os.path.lexists(self.host(self.resolve(path)[1]))

    def is_file(self, path):
        return os.path.isfile(self.host(self.resolve(path)[1]))

    def is_program(self, path):
        host = self.host(self.resolve(path)[1])
        return os.path.isfile(host) and bool(os.stat(host).st_mode & 0o111)

    def read(self, path):
        return read_file(self.host(self.resolve(path)[1]), path)

    def which(self, name):
        """A program by its name or path; None: there is none.  One of an
        earlier folder tree is preferred, wherever in it it lies."""
        if "/" in name:
            return name if name[0] == "/" and self.exists(name) else None
        for top in self.tops:
            for folder in PATH:
                path = f"{folder}/{name}"
                if os.path.lexists(top + path) and self.is_program(path):
                    return path
        return None
