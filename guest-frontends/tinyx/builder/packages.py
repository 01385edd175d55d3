# SPDX-License-Identifier: BSD-2-Clause
"""Programs that the build machine has not installed: Debian packages, with what
they depend on, chosen and fetched by apt and unpacked beside the machine.

A set of packages is unpacked once, to CACHE/root-HASH, where HASH is of the names
and versions; a folder without its name in place was interrupted, and is made
anew.  Nothing is configured: no package's script runs.  Paths are those of a
system whose /bin is /usr/bin, as every Debian of today is.
"""

import fcntl
import getpass
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile

from .errors import TinyxError

# What the packages' scripts need when they are installed, and nobody runs them.
LEFT_OUT = re.compile(r"(perl|perl-base|perl-modules-.*|libperl.*|lib.*-perl|"
                      r"usrmerge|debconf|dpkg|tar|adduser|passwd|lsb-base|"
                      r"init-system-helpers|sysvinit-utils|ucf|debianutils|"
                      r"sensible-utils|base-files|base-passwd|gcc-12-base|iproute2)")
MERGED = re.compile(r"/(bin|sbin|lib|lib64|lib32)(?=/|$)")

# For people who read, not for programs that run.
UNREAD = re.compile(
    r"/usr/share/(doc|man|info|locale|lintian|bug|bash-completion|zsh|icons|"
    r"applications|pixmaps|doc-base|metainfo|apport|gdb|fish|menu)(/|$)|"
    r"/usr/lib/(systemd|tmpfiles\.d|sysusers\.d|udev)(/|$)|/var/cache(/|$)|"
    r"/etc/(init\.d|init|cron[^/]*|logrotate\.d|default|ufw|apparmor[^/]*|"
    r"systemd|insserv.conf.d|bash_completion.d)(/|$)|"
    r"/usr/(include|lib/pkgconfig|lib/x86_64-linux-gnu/pkgconfig)(/|$)")


def run(args, what, remedy="", **kwargs):
    """A program's output; what: of which object an error speaks."""
    env = dict(os.environ, LC_ALL="C.UTF-8")
    try:
        p = subprocess.run(args, stdin=subprocess.DEVNULL, env=env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           check=False, **kwargs)
    except OSError as e:
        raise TinyxError(args[0], e.strerror, "install it") from e
    if p.returncode:
        lines = p.stderr.decode(errors="replace").strip().splitlines()
        errors = [ln[3:] for ln in lines if ln.startswith("E: ")] or lines[-1:]
        raise TinyxError(what, errors[0] if errors else
                         f"{args[0]} failed", remedy)
    return p.stdout


def resolve(names):
    """What apt would install for these on a machine that has nothing: {name:
    version}, with what is left out of them gone."""
    for name in names:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+(=[^\s/]+)?", name):
            raise TinyxError(name, "not a name of a package")
    with tempfile.NamedTemporaryFile(prefix="tinyx-status-") as nothing:
        text = run(["apt-get", "-qq", "--simulate", "--no-install-recommends",
                    "-o", f"Dir::State::status={nothing.name}",
                    "-o", "Debug::NoLocking=1", "install", *names],
                   "package " + " ".join(names),
                   "apt-get update; apt-cache search knows the names")
    found = dict(re.findall(r"^Inst (\S+) \((\S+) ", text.decode(), re.M))
    wanted = {n.split("=")[0] for n in names}
    return {n: v for n, v in found.items()
            if n in wanted or not LEFT_OUT.fullmatch(n)}


def merged(path):
    return "/usr" + path if MERGED.match(path) else path


def _unpack_member(tar, member, place):
    """Returns its path; None: it is nothing that stays."""
    path = merged(os.path.normpath("/" + member.name))
    host = place + path
    if member.isdir():
        os.makedirs(host, exist_ok=True)
        return None
    if UNREAD.match(path):
        return None
    os.makedirs(os.path.dirname(host), exist_ok=True)
    if member.issym():
        os.symlink(member.linkname, host)
    elif member.islnk():
        os.link(place + merged(os.path.normpath("/" + member.linkname)), host)
    elif member.isfile():
        with open(host, "wb") as f:
            shutil.copyfileobj(tar.extractfile(member), f)
        os.chmod(host, member.mode & 0o755 | 0o400)
    else:
        return None
    return path


def _unpack_one(deb, place):
    """Returns the paths that came with it."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as p:
        try:
            with tarfile.open(fileobj=p.stdout, mode="r|") as tar:
                found = [_unpack_member(tar, m, place) for m in tar]
        except (tarfile.TarError, KeyError) as e:
            raise TinyxError(os.path.basename(deb), f"cannot be unpacked: {e}",
                             "remove it from the cache") from e
        p.stdout.read()
        if p.wait():
            raise TinyxError(os.path.basename(deb), "dpkg-deb cannot unpack it",
                             "remove it from the cache")
    return [path for path in found if path]


def _fetch(versions, debs):
    run(["apt-get", "-qq", "-o", f"APT::Sandbox::User={getpass.getuser()}",
         "download", *(f"{n}={v}" for n, v in sorted(versions.items()))],
        "fetch packages", "this needs the network once; apt-get update",
        cwd=debs)


def _make(versions, place):
    debs, part = place + ".debs", place + ".part"
    for folder in (debs, part):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(f"{part}/usr/{name}")
        os.symlink("usr/" + name, f"{part}/{name}")
    try:
        _fetch(versions, debs)
        owners = {}
        for deb in sorted(os.listdir(debs)):
            name = deb.split("_")[0]
            for path in _unpack_one(os.path.join(debs, deb), part):
                owners[path] = name
        with open(part + "/.tinyx.json", "w", encoding="ascii") as f:
            json.dump({"versions": versions, "owners": owners}, f)
        os.rename(part, place)
    except OSError as e:
        raise TinyxError(place, e.strerror) from e
    finally:
        shutil.rmtree(debs, ignore_errors=True)
        shutil.rmtree(part, ignore_errors=True)


class Packages:
    """top: the folder they are in; versions: {name: version}; owners: {path:
    name}."""

    def __init__(self, names, cache):
        names = sorted(set(names))
        versions = resolve(names)
        digest = hashlib.sha256(
            "".join(f"{n}={v}\n" for n, v in sorted(versions.items()))
            .encode()).hexdigest()[:16]
        self.top = os.path.join(os.path.abspath(cache), "root-" + digest)
        try:
            os.makedirs(cache, exist_ok=True)
            with open(os.path.join(cache, "lock"), "wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not os.path.isdir(self.top):
                    _make(versions, self.top)
        except OSError as e:
            raise TinyxError(cache, e.strerror, "see --cache") from e
        with open(self.top + "/.tinyx.json", encoding="ascii") as f:
            known = json.load(f)
        self.versions, self.owners = known["versions"], known["owners"]

    def files(self, name):
        """All that a package brought, in order."""
        return sorted(p for p, n in self.owners.items()
                      if n == name.split("=")[0])


class Machine:
    """The same of what is installed on the build machine."""

    def __init__(self):
        self.versions, self.owners = {}, {}

    def _ask(self, args):
        try:
            return subprocess.run(
                args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                check=False).stdout.decode(errors="surrogateescape")
        except OSError:
            return ""       # no Debian: nothing belongs to a package

    def look_up(self, paths):
        """Whose they are; what is nobody's stays unknown."""
        # dpkg knows /lib/x or /usr/lib/x, whichever was packed.
        ask = [q for p in paths for q in
               {p, merged(p), re.sub(r"^/usr(?=/(bin|sbin|lib|lib64)/)", "", p)}
               if "\n" not in q and not set(q) & set("*?[\\")]
        for start in range(0, len(ask), 500):
            text = self._ask(["dpkg-query", "-S", "--",
                              *ask[start:start + 500]])
            for names, path in re.findall(r"^(.+?): (/.*)$", text, re.M):
                name = names.split(",")[0].split(":")[0]
                self.owners[path] = self.owners[merged(path)] = name
        new = sorted(set(self.owners.values()) - set(self.versions))
        if new:
            text = self._ask(["dpkg-query", "-W", "-f",
                              "${Package} ${Version}\n", *new])
            self.versions.update(ln.split() for ln in text.splitlines()
                                 if len(ln.split()) == 2)

    def files(self, name):
        text = self._ask(["dpkg-query", "-L", name])
        return sorted(p for p in text.splitlines()
                      if os.path.isfile(p) and not UNREAD.match(p))
