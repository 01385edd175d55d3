# SPDX-License-Identifier: BSD-2-Clause
"""Which kernel options are needed: try without, and let a test decide.

The options that fragments switch on are taken out together; when that does not
pass, each half by itself, and so on down to single ones.  An option that nothing
else needs costs one build for its whole group, one that is needed costs the
logarithm of their number.

What was tried is noted in a file, by the .config that it led to: a run that was
interrupted goes on where it was, and a .config that was seen is not built again.
"""

import hashlib
import json
import os
import shlex
import subprocess

from . import kconfig
from .errors import TinyxError

# What sh and env say when there is nothing to run, timeout(1), and the lab when
# it failed itself: not the kernel's fault.
BROKEN = (125, 126, 127)


class Result:
    """passed: the test; size: of the vmlinuz, None: it could not be built."""

    def __init__(self, passed, size):
        self.passed, self.size = passed, size


class Journal:
    """{digest of a .config: Result}, on disk."""

    def __init__(self, path):
        self._path, self._known = path, {}
        try:
            with open(path, encoding="utf-8") as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                e = json.loads(line)
                self._known[e["config"]] = Result(e["passed"], e["size"])
            except (ValueError, KeyError, TypeError):
                pass            # the line of an interrupted run: tried again

    @staticmethod
    def key(config):
        return hashlib.sha256(config.encode()).hexdigest()

    def get(self, config):
        return self._known.get(self.key(config))

    def put(self, config, result):
        self._known[self.key(config)] = result
        with open(self._path, "a", encoding="utf-8") as f:
            f.write(json.dumps({"config": self.key(config),
                                "passed": result.passed,
                                "size": result.size}) + "\n")
            f.flush()
            os.fsync(f.fileno())


class Shrink:
    """configure(options) returns a .config; attempt(config) a Result of the
    kernel that was configured last; only: the names to try without."""

    def __init__(self, options, configure, attempt, journal,
                 say=lambda text: None, only=()):
        self._all, self.options = options, dict(options)
        self.needed, self.dropped = {}, []      # {name: bytes}, [(names, bytes)]
        self._only = only or [o.name for o in options.values()
                              if o.value == "y"]
        for name in self._only:
            if name not in options or options[name].value != "y":
                raise TinyxError(name, "no fragment switches it on")
        self._configure, self._attempt = configure, attempt
        self._journal, self._say = journal, say

    def run(self):
        """The options that stay."""
        self._config = self._configure(self.options)
        kconfig.check(self.options, self._config)
        first = self._result(self._config)
        if not first.passed:
            raise TinyxError("the test", "it fails with all options",
                             "mend that first")
        self._size = first.size
        self._say(f"{self._size} bytes with all options")
        self._split(self._only)
        return self.options

    def off(self):
        """The options that went.  One that others select is there all the same."""
        have = kconfig.values(self._config)
        return [n for n in self._all if n not in self.options and
                have.get(n, "n") == "n"]

    def _result(self, config):
        known = self._journal.get(config)
        if known is None:
            known = self._attempt(config)
            self._journal.put(config, known)
        return known

    def _without(self, names):
        off = {n: kconfig.Option(n, "n", "", "") for n in names}
        config = self._configure({**self.options, **off})
        # What depended on them has gone with them.
        gone = {o.name for o in kconfig.unmet(self.options, config)}
        return config, gone

    def _split(self, names):
        # Of these some may have gone with others.
        names = [n for n in names if n in self.options]
        if not names:
            return
        config, gone = self._without(names)
        forced = [n for n in names if n not in gone]
        if forced and len(names) == 1:
            # Nothing is lost by not asking for what others select.
            self._drop(config, forced, self._size)
            return
        result = self._result(config)
        if result.passed:
            self._drop(config, sorted(gone | set(names)), result.size)
        elif len(names) == 1:
            cost = None if result.size is None else self._size - result.size
            self.needed[names[0]] = cost
            self._say(f"{names[0]} is needed: " + (
                "nothing can be built without it" if cost is None else
                f"{cost} bytes"))
        else:
            middle = len(names) // 2
            self._split(names[:middle])
            self._split(names[middle:])

    def _drop(self, config, names, size):
        for name in names:
            self.options.pop(name, None)
        saved = self._size - size
        self.dropped.append((names, saved))
        self._size, self._config = size, config
        self._say(f"not needed, {saved} bytes: " + " ".join(names))


def run_test(command, kernel, timeout):
    """Does the kernel pass?"""
    words = shlex.split(command) + [kernel]
    try:
        p = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                           stdout=subprocess.DEVNULL, timeout=timeout)
    except subprocess.TimeoutExpired:
        return False
    except OSError as e:
        raise TinyxError(words[0], e.strerror) from e
    if p.returncode in BROKEN:
        raise TinyxError("the test", f"it ended with {p.returncode}: it says "
                         "nothing of the kernel", "mend it, and run this again")
    return p.returncode == 0


def fragment(options, needed, off):
    """The options that stay, and those that went, as a fragment: behind those
    that were shrunk it makes the small kernel."""
    lines = ["# Made by tinyx shrink."]
    for _, o in sorted(options.items()):
        cost = needed.get(o.name)
        why = ", ".join([w for w in (o.why, f"{cost} bytes" if cost else "")
                         if w])
        lines.append(f"{o.name}={o.value}" + (f"\t# {why}" if why else ""))
    lines += [f"{name}=n\t# not needed" for name in sorted(off)]
    return "\n".join(lines) + "\n"
