# SPDX-License-Identifier: BSD-2-Clause
"""What went into an image, how large it is, and why; for people and as JSON."""

import json

from .errors import shown

NOBODY = "-"
MB = 1 << 20
# For the kernel's tables, and a program that does little; found by trying.
SLACK_MB = 9


def minimum_mb(kernel, ours, packed, unpacked):
    """A kernel of ours frees what it has unpacked as it goes; with others both are
    there at the end."""
    need = kernel + unpacked + (0 if ours else packed)
    return -(-need // MB) + SLACK_MB


class Report:
    def __init__(self, image, packed, unpacked, kernel_file, kernel_bytes):
        self.packed, self.unpacked = packed, unpacked
        self.kernel_file, self.kernel_bytes = kernel_file, kernel_bytes
        self.notes = image.notes
        self.files = [(path, len(content), image.owners.get(path, NOBODY),
                       image.reasons.get(path, "")) for path, content in
                      image.tree.files()]
        self.files.sort(key=lambda f: (-f[1], f[0]))
        sizes = {}
        for _, size, owner, _ in self.files:
            sizes[owner] = sizes.get(owner, 0) + size
        self.packages = sorted(
            ((name, image.versions.get(name, ""), size)
             for name, size in sizes.items()), key=lambda p: (-p[2], p[0]))

    def text(self, out):
        row = "{:>10}  {:<{}}  {}"
        wide = min(max([len(shown(f[0])) for f in self.files] + [4]), 60)
        out.write(row.format("BYTES", "FILE", wide, "PACKAGE: WHY") + "\n")
        for path, size, owner, why in self.files:
            out.write(row.format(size, shown(path), wide,
                                 f"{owner}: {shown(why)}") + "\n")
        out.write("\n" + row.format("BYTES", "PACKAGE", 28, "VERSION") + "\n")
        for name, version, size in self.packages:
            out.write(row.format(size, name, 28, version).rstrip() + "\n")

    def totals(self, recipe, name, memory):
        yield f"{len(self.files)} files, {self.unpacked} bytes"
        yield f"{name}.img: {self.packed} bytes"
        yield f"{name}.kernel: {self.kernel_bytes} bytes, {self.kernel_file}"
        yield f"together: {self.packed + self.kernel_bytes} bytes"
        if recipe.name:
            yield f"recipe: {recipe.name}"
        yield f"{name}.cfg: {memory} MB of memory"
        yield from self.notes

    def json(self, recipe, name, memory, minimum):
        return json.dumps({
            "image": {"file": name + ".img", "bytes": self.packed,
                      "unpacked": self.unpacked},
            "kernel": {"file": name + ".kernel", "bytes": self.kernel_bytes,
                       "from": self.kernel_file},
            "bytes": self.packed + self.kernel_bytes,
            "config": name + ".cfg", "recipe": recipe.name,
            "memory_mb": memory, "memory_minimum_mb": minimum,
            "packages": [{"name": n, "version": v, "bytes": s}
                         for n, v, s in self.packages],
            "files": [{"path": p, "bytes": s, "package": o, "why": w}
                      for p, s, o, w in self.files],
            "notes": self.notes,
        }, indent=2)
