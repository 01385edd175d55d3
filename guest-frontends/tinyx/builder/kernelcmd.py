# SPDX-License-Identifier: BSD-2-Clause
"""The verbs `tinyx kernel` and `tinyx shrink`."""

import contextlib
import os
import sys
import tempfile

from . import kernel
from .errors import TinyxError, shown


CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "tinyx")


def _say(text):
    print("tinyx: " + shown(text), file=sys.stderr, flush=True)


def add_verbs(verbs):
    k = verbs.add_parser("kernel", help="build a kernel alone",
                         allow_abbrev=False)
    k.add_argument("-o", "--output", required=True, metavar="FILE")
    k.add_argument("--elf", action="store_true",
                   help="a vmlinux: not packed")
    k.add_argument("--incremental", action="store_true",
                   help="keep what is compiled, for the next kernel")
    k.add_argument("-q", "--quiet", action="store_true")
    s = verbs.add_parser(
        "shrink", help="find out which kernel options a test needs",
        allow_abbrev=False)
    s.add_argument("-o", "--output", required=True, metavar="FRAGMENT",
                   help="the options that stay")
    s.add_argument("--test", required=True, metavar="COMMAND",
                   help="is run with a vmlinuz's path; 0: it works; 125 to "
                        "127: it cannot say")
    s.add_argument("--timeout", type=int, default=900, metavar="SECONDS",
                   help="of one test; 900")
    s.add_argument("--only", action="append", default=[], metavar="OPTION",
                   help="try without this one (and others that are named so), "
                        "not without each")
    for verb in (k, s):
        add_options(verb)
        verb.add_argument("--cache", metavar="FOLDER", default=CACHE,
                          help="of sources and kernels; by default "
                               "~/.cache/tinyx")


def add_options(verb):
    """What `tinyx build` takes, too."""
    verb.add_argument("--config", action="append", default=[],
                      metavar="FRAGMENT",
                      help="kernel options: a file, or a name of ours, "
                           + ", ".join(kernel.names()))


def built(args, modules=()):
    """The kernel for args.config."""
    if modules:
        raise TinyxError(modules[0], "the kernel that tinyx builds takes no "
                         "modules", "--kernel FILE")
    try:
        return kernel.build(args.cache, args.config,
                            getattr(args, "incremental", False),
                            (lambda text: None) if args.quiet else _say)
    except OSError as e:
        raise TinyxError(e.filename or args.cache, e.strerror) from e


@contextlib.contextmanager
def _whole(path):
    """A file that appears when all is in it."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".tinyx-") as tmp:
            part = os.path.join(tmp, "part")
            with open(part, "wb") as f:
                yield f
            os.chmod(part, 0o644)
            os.rename(part, path)
    except OSError as e:
        raise TinyxError(path, e.strerror) from e


def run_kernel(args):
    k = built(args)
    source = k.vmlinux if args.elf else k.vmlinuz
    with _whole(args.output) as out, open(source, "rb") as f:
        content = f.read()
        out.write(content)
    if not args.quiet:
        print(f"{shown(args.output)}: {len(content)} bytes, Linux "
              f"{k.version}")


def run_shrink(args):
    try:
        text = kernel.shrunk(args.cache, args.config, args.test, args.timeout,
                             lambda line: print(shown(line), flush=True),
                             ["CONFIG_" + n.removeprefix("CONFIG_")
                              for n in args.only])
    except OSError as e:
        raise TinyxError(e.filename or args.cache, e.strerror) from e
    with _whole(args.output) as out:
        out.write(text.encode())
