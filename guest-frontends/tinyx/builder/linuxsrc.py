# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's source: Debian's, fetched by apt and unpacked once, and a tree to
build from, which is that source with our driver in it.

The tree is made of links to the source, which stays as it came, but for the few
files where lines are changed (HOOKS) and the driver's folder.  A source in which
one of these lines is not there exactly once is refused.
"""

import glob
import hashlib
import os
import tempfile

from .errors import TinyxError
from .packages import run

PACKAGE = "linux-source-6.1"

PLACE = "drivers/xen/noxs"
# (file, line, what replaces it)
HOOKS = (
    ("drivers/xen/Kconfig", "endmenu",
     'source "drivers/xen/noxs/Kconfig"\n\nendmenu'),
    ("drivers/xen/Makefile", "obj-y\t+= mem-reservation.o",
     "obj-y\t+= mem-reservation.o\nobj-$(CONFIG_NOXS)\t+= noxs/"),
    # The driver calls it.
    ("drivers/xen/manage.c", "static void do_suspend(void)",
     "void do_suspend(void)"),
    # Linux measures its processor by a timer chip that no guest of Xen has: a
    # hundred thousand accesses, each a trap to Xen, and no result.  Xen tells.
    ("arch/x86/xen/time.c", "\tx86_platform.calibrate_tsc = xen_tsc_khz;",
     "\tx86_platform.calibrate_tsc = xen_tsc_khz;\n"
     "\tx86_platform.calibrate_cpu = xen_tsc_khz;"),
    # A PVH guest reads there of its vCPUs, early.  What comes later wants a PCI
    # bus, complains of its lack, and then does just this.
    ("arch/x86/xen/enlighten_hvm.c", '\tpv_info.name = "Xen PVH";',
     '\tpv_info.name = "Xen PVH";\n\tdisable_acpi();'),
    # Sections begin at the next page, not at the next 2 MB: a guest of a few
    # megabytes has no 7 of them to leave empty.  Against Meltdown they need it.
    ("arch/x86/kernel/vmlinux.lds.S", "#if defined(CONFIG_X86_64)",
     "#if defined(CONFIG_X86_64) && defined(CONFIG_PAGE_TABLE_ISOLATION)"),
    ("arch/x86/kernel/vmlinux.lds.S", "#define BSS_DECRYPTED",
     "#define BSS_DECRYPTED\n#ifdef CONFIG_X86_64\n"
     "#undef X86_ALIGN_RODATA_END\n"
     "#define X86_ALIGN_RODATA_END . = ALIGN(PAGE_SIZE); "
     "__end_rodata_hpage_align = .; __end_rodata_aligned = .;\n#endif"),
    # The packed initramfs goes page by page while it is unpacked; else both are
    # there at the end.
    ("init/initramfs.c", "#include <linux/kexec.h>",
     "#include <linux/kexec.h>\n\n"
     "void __init initrd_is_read(const void *end)\n{\n"
     "\tunsigned long upto = (unsigned long)end & PAGE_MASK;\n\n"
     "\tif (IS_ENABLED(CONFIG_KEXEC_CORE) || do_retain_initrd ||\n"
     "\t    upto < initrd_start + SZ_128K || upto > initrd_end)\n"
     "\t\treturn;\n"
     "\tfree_initrd_mem(initrd_start, upto);\n"
     "\tinitrd_start = upto;\n}"),
    ("lib/decompress_unzstd.c",
     "\t\t/* Flush all of the data produced if using flush(). */",
     "#ifndef UNZSTD_PREBOOT\n\t\tif (fill == NULL) {\n"
     "\t\t\textern void initrd_is_read(const void *end);\n\n"
     "\t\t\tinitrd_is_read(in_buf + in.pos);\n\t\t}\n#endif"),
    # Pages are described 32 MB at a time, not 128, which take 2 MB to describe,
    # and not in one page of 2 MB when it is less.
    ("arch/x86/include/asm/sparsemem.h",
     "# define SECTION_SIZE_BITS\t27 /* matt - 128 is convenient right now */",
     "# define SECTION_SIZE_BITS\t25"),
    ("arch/x86/mm/init_64.c", "\telse if (boot_cpu_has(X86_FEATURE_PSE))",
     "\telse if (boot_cpu_has(X86_FEATURE_PSE) && end - start >= PMD_SIZE)"),
    # Keeps 4 MB free, once pages of several kinds stand side by side, so that
    # files that could be read again are thrown away.  There are none.
    ("mm/page_alloc.c", "int watermark_boost_factor __read_mostly = 15000;",
     "int watermark_boost_factor __read_mostly;"),
    # The first megabyte is memory: there is no BIOS that would write to it.
    ("arch/x86/realmode/init.c", "\tmemblock_reserve(0, SZ_1M);", ""),
)

# No kernel of a guest is built from these, and they are more than half.
LEFT_OUT = ("arch/[!x]*/*.[chS]", "arch/[!x]*/*.dts*", "arch/xtensa/*.[chS]",
            "arch/xtensa/*.dts*", "Documentation/*.rst",
            "Documentation/*.yaml", "drivers/gpu/drm/amd/*.[ch]")

# What becomes the driver: (folder or file of ours, its place in it).
DRIVER = (("guest-frontends/linux", ""), ("guest-frontends/core", "core"),
          ("hypervisor-ext/include/xen/noxs.h", "include/xen/noxs.h"))
NOT_DRIVER = ("dir.mk", "dkms.conf")
HERE = os.path.dirname(os.path.abspath(__file__))


def version():
    """Of the package that apt would fetch."""
    for line in run(["apt-cache", "policy", PACKAGE],
                    "look up " + PACKAGE).decode().splitlines():
        word, _, value = line.strip().partition(": ")
        if word == "Candidate" and value != "(none)":
            return value
    raise TinyxError(PACKAGE, "there is no such package", "apt-get update")


def folder(wanted):
    """The name of a version's source in the cache: of that without LEFT_OUT."""
    parts = hashlib.sha256(repr(LEFT_OUT).encode()).hexdigest()[:8]
    return f"{PACKAGE}_{wanted.replace(':', '.')}_{parts}"


def fetch(cache, wanted):
    """The folder with the unpacked source.  The caller holds the cache's lock."""
    place = os.path.join(cache, folder(wanted))
    if os.path.isdir(place):
        return place
    with tempfile.TemporaryDirectory(dir=cache, prefix=".source-") as tmp:
        run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
             f"{PACKAGE}={wanted}"], "fetch " + PACKAGE,
            "is there a network, and room in the cache?", cwd=tmp)
        deb, = (n for n in os.listdir(tmp) if n.endswith(".deb"))
        run(["dpkg-deb", "-x", deb, "deb"], "unpack " + deb, cwd=tmp)
        os.unlink(os.path.join(tmp, deb))
        os.mkdir(os.path.join(tmp, "tree"))
        run(["tar", "-xJf", f"deb/usr/src/{PACKAGE}.tar.xz", "-C", "tree",
             "--strip-components=1", "--no-same-owner", "--wildcards",
             *(f"--exclude={PACKAGE}/{x}" for x in LEFT_OUT)],
            "unpack " + PACKAGE, cwd=tmp)
        os.rename(os.path.join(tmp, "tree"), place)
    return place


# --- our driver ----------------------------------------------------------------

def _sources():
    """[(folder or file, its place in the driver)]: of the checkout, or what was
    installed for DKMS, which is in order already."""
    top = os.path.join(HERE, "../../..")
    if os.path.isdir(os.path.join(top, DRIVER[0][0])):
        return [(os.path.join(top, source), to) for source, to in DRIVER]
    found = sorted(glob.glob(os.path.join(top, "src/noxs-*")))
    if not found:
        raise TinyxError("the driver's source", "it is not there",
                         "make install brings it")
    return [(found[-1], "")]


def driver_files():
    """{its path in the driver: content}, in order."""
    found = {}
    for source, target in _sources():
        if os.path.isfile(source):
            found[target] = _read(source)
        for base, _, names in os.walk(source):
            for name in names:
                if name in NOT_DRIVER:
                    continue
                path = os.path.join(base, name)
                found[os.path.normpath(os.path.join(
                    target, os.path.relpath(path, source)))] = _read(path)
    return dict(sorted(found.items()))


def _read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        raise TinyxError(path, e.strerror) from e


def _write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


def hooked(name, text, line, instead):
    """The text of a file with that line replaced."""
    if text.split("\n").count(line) != 1:
        raise TinyxError(name, f"its line {line!r} is not there "
                         "once", "another version of the kernel's source?")
    return "\n".join(instead if have == line else have
                     for have in text.split("\n"))


def _link_all(source, target):
    os.makedirs(target)
    for name in sorted(os.listdir(source)):
        os.symlink(os.path.join(source, name), os.path.join(target, name))


def _open_up(source, tree, folder):
    """Make a folder of the tree, that is below links, one of its own."""
    for name in folder.split("/"):
        source, tree = os.path.join(source, name), os.path.join(tree, name)
        if os.path.islink(tree):
            os.unlink(tree)
            _link_all(source, tree)


def make_tree(source, tree, files):
    """The tree to build from: files is of driver_files()."""
    source = os.path.abspath(source)
    _link_all(source, tree)
    for name, line, instead in HOOKS:
        path = os.path.join(tree, name)
        _open_up(source, tree, os.path.dirname(name))
        text = _read(path).decode()
        if os.path.islink(path):
            os.unlink(path)
        _write(path, hooked(name, text, line, instead).encode())
    put_driver(tree, files)


def put_driver(tree, files):
    """What is there already, and the same, stays as old as it is."""
    place = os.path.join(tree, PLACE)
    for base, _, names in os.walk(place):
        for name in names:
            path = os.path.join(base, name)
            if os.path.relpath(path, place) not in files:
                os.unlink(path)
    for name, content in files.items():
        path = os.path.join(place, name)
        if not os.path.isfile(path) or _read(path) != content:
            _write(path, content)
