# SPDX-License-Identifier: BSD-2-Clause
"""How much memory a kernel takes where it is loaded: of a vmlinux, or of the one
that is packed in a vmlinuz (Linux: arch/x86/boot.rst)."""

import lzma
import struct
import subprocess
import zlib

from . import elf
from .errors import TinyxError

MAGIC, VERSION, SETUP_SECTS, PAYLOAD = 0x202, 0x206, 0x1F1, 0x248


def _unzstd(data):
    p = subprocess.run(["zstd", "-dcq"], input=data, check=False,
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return p.stdout


def _unpack(path, packed):
    try:
        if packed.startswith(b"\xfd7zXZ\0"):
            return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed)
        if packed.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(packed)
        if packed.startswith(b"\x28\xb5\x2f\xfd"):
            return _unzstd(packed[:-4])     # its size stands behind it
    except (lzma.LZMAError, zlib.error, OSError) as e:
        raise TinyxError(path, f"cannot be unpacked: {e}") from e
    raise TinyxError(path, "a kernel that is packed in an unknown way",
                     "pack it with zstd, xz or gzip")


def _payload(path, data):
    if data[MAGIC:MAGIC + 4] != b"HdrS" or len(data) < PAYLOAD + 8 or \
            struct.unpack_from("<H", data, VERSION)[0] < 0x208:
        raise TinyxError(path, "not a Linux kernel", "a vmlinux or a vmlinuz")
    offset, size = struct.unpack_from("<II", data, PAYLOAD)
    at = ((data[SETUP_SECTS] or 4) + 1) * 512 + offset
    return data[at:at + size]


def unpacked(path, data):
    """The vmlinux, of either."""
    if data[:4] == b"\x7fELF":
        return data
    packed = _payload(path, data)
    vmlinux = _unpack(path, packed)
    # The kernel's build puts the size behind what it packed; gzip does itself.
    if len(packed) < 4 or struct.unpack("<I", packed[-4:])[0] != len(vmlinux):
        raise TinyxError(path, "its kernel is not all there")
    return vmlinux


def memory(path, data):
    """In bytes."""
    info = elf.parse(path, unpacked(path, data))
    if info is None:
        raise TinyxError(path, "there is no kernel in it")
    if info.machine != elf.X86_64:
        raise TinyxError(path, f"built for {info.machine_name()}",
                         "guests are x86-64")
    return info.load_size


# Who built it (kernel.ALWAYS): it stands in the head of a vmlinuz, too.
BUILDER = b"(tinyx@noxs)"


def is_ours(data):
    """Built by tinyx kernel, with its changes?"""
    return BUILDER in data
