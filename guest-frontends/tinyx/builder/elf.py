# SPDX-License-Identifier: BSD-2-Clause
"""What an ELF file says it needs: its interpreter, its libraries, and where it
looks for them.  Formats: System V ABI, and its x86-64 supplement.

Read here rather than asked of ldd, which runs the file's own loader.
"""

import os
import struct

from .errors import TinyxError
from .root import read_file

X86_64 = 62
MACHINES = {3: "i386", 40: "arm", X86_64: "x86-64", 183: "arm64",
            243: "riscv", 21: "ppc64", 22: "s390x"}

ET_REL = 1
SHT_SYMTAB = 2
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH = 1, 5, 10, 15, 29


class Elf:
    """machine (a number), interp (path or None), needed (names), rpath and
    runpath (lists of folders, $ORIGIN not replaced), relocatable, has_symbols
    (more than what it is linked by), load_size (bytes that it takes in
    memory)."""

    def __init__(self, path, data):
        self.path, self._data = path, data
        self.interp, self.needed = None, []
        self.rpath, self.runpath = [], []
        self.relocatable = self.has_symbols = False
        self.load_size, self._strings = 0, b""
        try:
            self._read()
        except (struct.error, IndexError, OverflowError) as e:
            raise TinyxError(path, "a broken ELF file") from e

    def names(self, symbol):
        """Does it import (or offer) a symbol of this name?"""
        return b"\0" + symbol.encode() + b"\0" in self._strings

    def machine_name(self):
        return MACHINES.get(self.machine, f"machine {self.machine}")

    def _read(self):
        data = self._data
        if data[4] != 2 or data[5] != 1:
            self.machine = struct.unpack_from(
                "<H" if data[5] == 1 else ">H", data, 18)[0]
            return
        kind, self.machine = struct.unpack_from("<HH", data, 16)
        self.relocatable = kind == ET_REL
        self._read_sections()
        phoff, = struct.unpack_from("<Q", data, 32)
        phentsize, phnum = struct.unpack_from("<HH", data, 54)
        self._loads, dynamic = [], None
        for i in range(phnum):
            kind, _, offset, vaddr, _, size, memsz = struct.unpack_from(
                "<IIQQQQQ", data, phoff + i * phentsize)
            if kind == PT_LOAD:
                self.load_size += memsz
                self._loads.append((vaddr, offset, size))
            elif kind == PT_INTERP:
                self.interp = self._text(offset)
            elif kind == PT_DYNAMIC:
                dynamic = (offset, size)
        if dynamic:
            self._read_dynamic(*dynamic)

    def _read_sections(self):
        shoff, = struct.unpack_from("<Q", self._data, 40)
        size, number = struct.unpack_from("<HH", self._data, 58)
        for i in range(number if shoff else 0):
            kind, = struct.unpack_from("<I", self._data, shoff + i * size + 4)
            self.has_symbols |= kind == SHT_SYMTAB

    def _read_dynamic(self, offset, size):
        entries = []
        for at in range(offset, offset + size - 15, 16):
            tag, value = struct.unpack_from("<QQ", self._data, at)
            if not tag:
                break
            entries.append((tag, value))
        strtab = next((self._offset(v) for t, v in entries if t == DT_STRTAB),
                      None)
        if strtab is None:
            return
        size = next((v for t, v in entries if t == DT_STRSZ), 0)
        self._strings = self._data[strtab:strtab + size]
        for tag, value in entries:
            if tag == DT_NEEDED:
                self.needed.append(self._text(strtab + value))
            elif tag == DT_RPATH:
                self.rpath = self._text(strtab + value).split(":")
            elif tag == DT_RUNPATH:
                self.runpath = self._text(strtab + value).split(":")

    def _offset(self, vaddr):
        for start, offset, size in self._loads:
            if start <= vaddr < start + size:
                return vaddr - start + offset
        raise IndexError(vaddr)

    def _text(self, offset):
        end = self._data.find(b"\0", offset, offset + 4096)
        if end < 0:
            raise IndexError(offset)
        return os.fsdecode(self._data[offset:end])


def parse(path, data):
    """The Elf in some bytes; None: it is none.  path: for errors."""
    return Elf(path, data) if data[:4] == b"\x7fELF" else None


def read(host, path=None):
    """The Elf of a file of the build machine; None: it is none."""
    try:
        with open(host, "rb") as f:
            if f.read(4) != b"\x7fELF":
                return None
    except OSError as e:
        raise TinyxError(path or host, e.strerror) from e
    return Elf(path or host, read_file(host, path)[0])


def interpreter(data, path):
    """The program that a script names in its first line; None: it is no script.
    As execve(2) takes it: one argument at most, which is left out here."""
    if not data.startswith(b"#!"):
        return None
    words = data[2:256].split(b"\n")[0].split()
    if not words:
        raise TinyxError(path, "its first line names no interpreter")
    if words[0].endswith(b"/env") and len(words) > 1:
        return os.fsdecode(words[1])
    return os.fsdecode(words[0])
