# SPDX-License-Identifier: BSD-2-Clause
"""What an image is made of: said on the command line, in a recipe, or in both.

A recipe is a text file of lines "KEY VALUE"; "#" begins a comment.  The keys are
the options of `tinyx build` of the same name, and

  about TEXT             what it is
  take PATTERN           files of its packages, beside what programs need
  directory PATH         an empty folder
  site PATH              where --files go that do not say where
  busybox yes|no         whether it is there unless asked for

A SOURCE of "files" lies beside the recipe.
"""

import os
import shlex

from .errors import TinyxError
from .root import read_file

SUFFIX = ".recipe"
HERE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                    "recipes")

ONE = ("about", "app", "command", "memory", "site", "busybox")
MANY = ("with", "package", "from", "take", "files", "directory", "user", "env")


class Recipe:
    """What was asked for.  app, command (a text, as a shell splits it), site:
    str or None; memory: MB or None; busybox: bool; the rest: lists; files:
    [(source of the build machine, target)]."""

    def __init__(self):
        self.name = self.about = self.app = self.command = self.site = None
        self.memory, self.busybox = None, True
        self.programs, self.packages, self.sources, self.take = [], [], [], []
        self.files, self.directories, self.users, self.env = [], [], [], []

    def add(self, key, value, base="."):
        """One line of a recipe, or one option."""
        if key == "memory":
            self.memory = number(value)
        elif key == "busybox":
            if value not in ("yes", "no"):
                raise TinyxError(value, "neither yes nor no")
            self.busybox = value == "yes"
        elif key == "files":
            self.files.append(self._files(value, base))
        elif key in ONE:
            setattr(self, key, value)
        else:
            names = {"with": "programs", "package": "packages",
                     "from": "sources", "directory": "directories",
                     "user": "users"}
            getattr(self, names.get(key, key)).append(value)

    def words(self):
        """The command, split; []: none."""
        try:
            words = shlex.split(self.command or "")
        except ValueError as e:
            raise TinyxError(self.command, f"cannot be split: {e}") from e
        return words or ([self.app] if self.app else [])

    def _files(self, value, base):
        source, colon, target = value.rpartition(":")
        if not colon:
            source, target = value, self.site
        if not source:
            raise TinyxError(value, "no file before the colon",
                             "SOURCE:TARGET")
        source = os.path.join(base, source)
        if target is None:
            target = "/" + os.path.basename(os.path.abspath(source))
        if not target.startswith("/") or ".." in target.split("/"):
            raise TinyxError(target, "not an absolute path of the guest",
                             "--files SOURCE:/TARGET")
        return source, os.path.normpath(target)


def number(text):
    if not str(text).isdecimal() or not 0 < int(text) <= 1 << 20:
        raise TinyxError(text, "not a number of MB")
    return int(text)


def _lines(path):
    text = read_file(path)[0].decode(errors="surrogateescape")
    for number_, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            key, _, value = line.partition(" ")
            yield f"{path}:{number_}", key, value.strip()


def load(path):
    recipe = Recipe()
    recipe.name = os.path.basename(path)
    if recipe.name.endswith(SUFFIX):
        recipe.name = recipe.name[:-len(SUFFIX)]
    for where, key, value in _lines(path):
        if key not in ONE + MANY:
            raise TinyxError(where, f"unknown key {key}")
        if not value:
            raise TinyxError(where, f"{key} without a value")
        try:
            recipe.add(key, value, os.path.dirname(path) or ".")
        except TinyxError as e:
            raise TinyxError(where, str(e)) from e
    return recipe


def known(folder=HERE):
    """Those that come with tinyx, by name."""
    names = sorted(n[:-len(SUFFIX)] for n in os.listdir(folder)
                   if n.endswith(SUFFIX))
    return {n: os.path.join(folder, n + SUFFIX) for n in names}


def find(name):
    """By its name, or by the path of its file."""
    if "/" in name or name.endswith(SUFFIX):
        return load(name)
    path = known().get(name)
    if path is None:
        raise TinyxError(name, "there is no such recipe",
                         "there are " + ", ".join(known()))
    return load(path)


def of_program(app):
    """The one that runs this program; None: there is none."""
    for path in known().values():
        recipe = load(path)
        if recipe.app and app in (recipe.app, os.path.basename(recipe.app)):
            return recipe
    return None
