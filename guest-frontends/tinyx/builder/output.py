# SPDX-License-Identifier: BSD-2-Clause
"""The files that a build leaves: NAME.img, NAME.kernel and NAME.cfg, all of them
or none.  Each is written under a name of its own first; what a killed build left
of those is removed by the next one.
"""

import glob
import os
import re
import subprocess

from .errors import TinyxError

SUFFIXES = (".kernel", ".img", ".cfg")     # what names the others is the last


def name_of(text):
    """-o site and -o site.img are the same."""
    name = text[:-4] if text.endswith(".img") else text
    if not os.path.basename(name):
        raise TinyxError(text, "not a name of an image", "-o NAME")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", os.path.basename(name)):
        raise TinyxError(text, "not a name that a guest can have",
                         "letters, digits, and . _ - between them")
    if not os.path.isdir(os.path.dirname(name) or "."):
        raise TinyxError(os.path.dirname(name), "there is no such folder")
    return name


class Output:
    """with Output(name) as out: write the files; they appear at the end of the
    block, if nothing went wrong in it."""

    def __init__(self, name):
        self.name = name
        folder, base = os.path.split(os.path.abspath(name))
        self._prefix = os.path.join(folder, f".tinyx-{base}.")
        self._parts = {}

    def __enter__(self):
        for path in glob.glob(glob.escape(self._prefix) + "*.part"):
            pid = path[len(self._prefix):].split(".")[0]
            if pid.isdecimal() and not os.path.exists(f"/proc/{pid}"):
                os.unlink(path)
        return self

    def path(self, suffix):
        return self.name + suffix

    def write(self, suffix, writer):
        """writer(file) fills it.  Returns its size."""
        part = f"{self._prefix}{os.getpid()}{suffix}.part"
        try:
            self._parts[suffix] = part
            with open(part, "wb") as f:
                writer(f)
                f.flush()
                os.fsync(f.fileno())
            return os.path.getsize(part)
        except OSError as e:
            raise TinyxError(self.path(suffix), e.strerror) from e

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                for suffix in SUFFIXES:
                    if suffix in self._parts:
                        os.rename(self._parts[suffix], self.path(suffix))
        except OSError as e:
            raise TinyxError(self.path(suffix), e.strerror) from e
        finally:
            for part in self._parts.values():
                if os.path.lexists(part):
                    os.unlink(part)


class _Counter:
    """Counts instead of writing: the same bytes come twice."""

    def __init__(self):
        self.size = 0

    def write(self, data):
        self.size += len(data)


def unpacked_size(tree):
    counter = _Counter()
    tree.write(counter)
    return counter.size


# The kernel takes memory of the window's size to unpack: 256 KB take a
# hundredth more of the image than 1 MB, and a guest has little.  Its own sum
# over the data would only cost time.
ZSTD = ["zstd", "-19", "--zstd=wlog=18", "--no-check", "--single-thread", "-qc"]


def compress(tree, out):
    """The size stands in the head, for who wants to know if it fits."""
    size = unpacked_size(tree)
    try:
        p = subprocess.Popen(ZSTD + [f"--stream-size={size}"],
                             stdin=subprocess.PIPE, stdout=out,
                             stderr=subprocess.PIPE)
    except OSError as e:
        raise TinyxError("zstd", e.strerror, "install zstd") from e
    with p:
        try:
            tree.write(p.stdin)
            p.stdin.close()
        except BrokenPipeError:
            pass            # it says why
        except BaseException:
            p.kill()
            raise
        why = p.stderr.read().decode(errors="replace").strip().splitlines()
        if p.wait():
            raise TinyxError(out.name, why[-1] if why else "zstd failed",
                             "is the disk full?")
