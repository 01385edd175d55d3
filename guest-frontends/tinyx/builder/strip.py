# SPDX-License-Identifier: BSD-2-Clause
"""Programs without what only a debugger reads."""

import os
import shutil
import subprocess
import tempfile

from . import elf


class Stripper:
    """notes: what could not be done, which is no reason to stop."""

    def __init__(self):
        self.notes = []
        self._tool = shutil.which("strip")

    def strip(self, path, content):
        """The smaller content; None: as it is."""
        info = elf.parse(path, content)
        if info is None or not info.has_symbols or \
                info.machine != elf.X86_64:
            return None
        if self._tool is None:
            if not self.notes:
                self.notes.append("programs keep their symbols: there is no "
                                  "strip here (package binutils)")
            return None
        # A kernel module is linked when it is loaded.
        how = "--strip-debug" if info.relocatable else "--strip-unneeded"
        with tempfile.TemporaryDirectory(prefix="tinyx-strip-") as tmp:
            name = os.path.join(tmp, "program")
            with open(name, "wb") as f:
                f.write(content)
            p = subprocess.run([self._tool, how, "-D", name], check=False,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
            if p.returncode:
                self.notes.append(f"{path} keeps its symbols: strip failed")
                return None
            with open(name, "rb") as f:
                smaller = f.read()
        return smaller if len(smaller) < len(content) else None
