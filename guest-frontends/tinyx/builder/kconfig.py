# SPDX-License-Identifier: BSD-2-Clause
"""Kernel options as fragments: files with an option a line, and why.

  CONFIG_FUTEX=y        # threads
  CONFIG_MODULES=n      # all is built in

What a fragment says of an option replaces what one before it said.
"""

import re

from .errors import TinyxError

LINE = re.compile(r'(CONFIG_[A-Za-z0-9_]+)=(y|n|-?\d+|0x[0-9a-fA-F]+|"[^"\\]*")'
                  r'(?:\s+#\s*(.*\S)|\s*)$')
SET = re.compile(r"(CONFIG_\w+)=(.*)$")
UNSET = re.compile(r"# (CONFIG_\w+) is not set$")


class Option:
    """name with CONFIG_, value as in the file, why (maybe ""), where."""

    def __init__(self, name, value, why, where):
        self.name, self.value, self.why, self.where = name, value, why, where


def parse(text, name):
    """{option: Option}, in order."""
    found = {}
    for nr, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{name}:{nr}"
        m = LINE.match(line)
        if not m:
            raise TinyxError(where, f"not an option: {line[:60]}",
                             "write CONFIG_NAME=VALUE  # why; modules do not "
                             "exist, y builds in")
        if m[1] in found:
            raise TinyxError(where, f"{m[1]} a second time",
                             f"it is in line {found[m[1]].where}")
        found[m[1]] = Option(m[1], m[2], m[3] or "", where)
    return found


def read(paths):
    """The fragments, merged."""
    merged = {}
    for path in paths:
        try:
            with open(path, encoding="utf-8") as f:
                text = f.read()
        except (OSError, UnicodeDecodeError) as e:
            raise TinyxError(path, getattr(e, "strerror", None)
                             or "not text") from e
        merged.update(parse(text, path))
    return merged


def text_of(options):
    """As Kconfig reads it; the same options give the same text."""
    return "".join(f"# {o.name} is not set\n" if o.value == "n" else
                   f"{o.name}={o.value}\n"
                   for _, o in sorted(options.items()))


def values(text):
    """{option: value} of a .config."""
    found = {}
    for line in text.splitlines():
        m = SET.match(line)
        if m:
            found[m[1]] = m[2]
            continue
        m = UNSET.match(line)
        if m:
            found[m[1]] = "n"
    return found


def _same(wanted, got):
    try:
        return int(wanted, 0) == int(got, 0)
    except ValueError:
        return wanted == got


def unmet(options, config):
    """Options that the .config, a text, does not have as they were asked for:
    Kconfig says nothing when what they depend on is missing."""
    have = values(config)
    return [o for o in options.values()
            if not _same(o.value, have.get(o.name, "n"))]


def check(options, config):
    wrong = unmet(options, config)
    if not wrong:
        return
    have = values(config)
    lines = [f"{o.where}: {o.name}={o.value} became {have.get(o.name, 'n')}"
             for o in wrong]
    raise TinyxError("kernel options", "; ".join(lines),
                     "an option that it depends on is missing or, to switch "
                     "one off, another one selects it")
