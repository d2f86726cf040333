# SPDX-License-Identifier: GPL-2.0-only
"""The roots: two to build in, one per QEMU, and the one that machines run."""

import os
import shutil
from pathlib import Path

from . import archive
from .artefact import Artefact
from .progress import say

# 6.1 wants bookworm's gcc 12; the tools in the 6.12 and 7.2 headers packages
# want trixie's libc and gcc 14. UML kernels are built in the older one: their
# result is an ordinary program, so it then runs on either release.
BUILD_SUITE = {"6.1": "bookworm", "6.12": "trixie", "7.2": "trixie",
               "uml-6.12": "bookworm", "uml-7.2": "bookworm"}

BUILD_PACKAGES = """gcc make libc6-dev libc-bin binutils kmod flex bison bc perl mawk dash bash
    coreutils findutils diffutils grep sed tar gzip xz-utils zstd patch cpio rsync libelf-dev
    libssl-dev sparse python3-minimal hostname util-linux debianutils""".split()
# Kernels with BTF make it for our modules as well, where pahole knows how.
BUILD_ALSO = {"bookworm": [], "trixie": ["pahole"]}

RUN_PACKAGES = """bash busybox-static coreutils cpio dash diffutils findutils gawk grep hostname kmod
    libc-bin mawk mount ncurses-base pciutils procps python3 sed strace tar util-linux
    virtiofsd""".split()

QEMU_SUITE = {"7.2": "bookworm", "10.0": "trixie", "11.1": "trixie-backports"}
QEMU_PACKAGES = ["qemu-system-x86"]

# What maintainer scripts would have done and somebody misses.
LINKS = {"usr/bin/awk": "mawk", "usr/bin/sh": "dash", "usr/bin/cc": "gcc"}

# Files of ours that become part of the run root.
HERE = Path(__file__).resolve().parent.parent
OURS = ("init", "fstab")

# What a devtmpfs lacks.
DEVICES = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}

# Mount points, which a read-only root must have from the start.
MOUNT_POINTS = """dev proc sys run tmp root var/tmp share vfiokit lib/modules
    opt/vfiokit/selftests opt/vfiokit/guest opt/vfiokit/kernel-modules
    opt/vfiokit/dev/pts opt/vfiokit/dev/shm
    opt/qemu/7.2 opt/qemu/10.0 opt/qemu/11.1""".split()

# The loader of QEMU's own root starts it with the libraries of that root. A copy
# of it is called as QEMU is, because that is the name that ps and pidof show.
# Debian's newer QEMUs do not look for modules and firmware relative to themselves.
WRAPPER = """#!/bin/sh
root={root}
export QEMU_MODULE_DIR=$root/usr/lib/x86_64-linux-gnu/qemu
exec $root/usr/bin/qemu-{version} --library-path $root/usr/lib/x86_64-linux-gnu \\
	$root/usr/bin/qemu-system-x86_64 -L $root/usr/share/qemu -L $root/usr/share/seabios \\
	-L $root/usr/lib/ipxe/qemu "$@"
"""


def _unpack_all(root, packages, target):
    """A root from packages, with /bin, /lib and so on as links into /usr."""
    found = archive.fetch(packages, target)
    say(f"unpacking {len(found)} packages of {target}")
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for _, deb in found.values():
        archive.unpack(deb, root)
    for link, target_name in LINKS.items():
        if (root / "usr/bin" / target_name).exists() and not (root / link).is_symlink():
            (root / link).symlink_to(target_name)
    archive.record(root, found)


def _make_build(suite):
    def make(root):
        say(f"making the {suite} build root")
        _unpack_all(root, BUILD_PACKAGES + BUILD_ALSO[suite], suite)
        for name in ("proc", "dev", "tmp", "sys"):
            (root / name).mkdir(exist_ok=True)
    return make


def build_root(kernel):
    """The root in which the modules of that kernel (or a UML kernel) are built."""
    suite = BUILD_SUITE[kernel]
    return Artefact(f"build-{suite}", repr((BUILD_PACKAGES, BUILD_ALSO[suite], LINKS)),
                    _make_build(suite))


def compiler(root):
    """The compiler of a build root, such as "gcc-12 12.2.0-14+deb12u1"."""
    lines = (root / "versions").read_text(encoding="ascii").splitlines()
    return next(line for line in lines if line.startswith("gcc-") and "base" not in line)


def _make_qemu(version):
    def make(root):
        say(f"making the QEMU {version} root")
        _unpack_all(root, QEMU_PACKAGES, QEMU_SUITE[version])
        shutil.copy2(root / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
                     root / "usr/bin" / f"qemu-{version}")
        for unused in ("usr/share/doc", "usr/share/locale", "usr/share/man"):
            shutil.rmtree(root / unused, ignore_errors=True)
    return make


def qemu_root(version):
    """One QEMU with everything it needs, its C library included."""
    recipe = repr((QEMU_PACKAGES, "loader in usr/bin"))
    return Artefact(f"qemu-{version}", recipe, _make_qemu(version))


def _make_run(root):
    say("making the root that the machines run")
    _unpack_all(root, RUN_PACKAGES, "trixie")
    for folder in MOUNT_POINTS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("root::0:0:root:/root:/bin/bash\n", encoding="ascii")
    (root / "etc/group").write_text("root:x:0:\n", encoding="ascii")
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    for version in QEMU_SUITE:
        wrapper = root / "usr/local/bin" / f"qemu-{version}"
        wrapper.write_text(WRAPPER.format(version=version, root=f"/opt/qemu/{version}"),
                           encoding="ascii")
        wrapper.chmod(0o755)
    for name in OURS:
        shutil.copy2(HERE / name, root / "opt/vfiokit")
    for link, target in DEVICES.items():
        (root / "opt/vfiokit/dev" / link).symlink_to(target)
    _add_guest_kernel(root)


def _add_guest_kernel(root):
    """A stock kernel for the guest of the QEMU that runs in the machine.

    The cloud flavour: small, and what drives our devices (8250_pci) is in it.
    """
    name, version = archive.newest(r"linux-image-6\.12\.[0-9].*-cloud-amd64", "trixie")
    scratch = root / "guest-kernel"
    scratch.mkdir()
    archive.unpack(archive.fetch([name], "trixie")[name][1], scratch)
    release = name.removeprefix("linux-image-")
    guest = root / "opt/vfiokit/guest"
    shutil.move(scratch / "boot" / f"vmlinuz-{release}", guest / "vmlinuz")
    (guest / "version").write_text(release + "\n", encoding="ascii")
    shutil.rmtree(scratch)
    with open(root / "versions", "a", encoding="ascii") as versions:
        versions.write(f"{name} {version}\n")


def run_root():
    """The read-only root of every machine, QEMUs excepted."""
    recipe = repr((RUN_PACKAGES, LINKS, MOUNT_POINTS, WRAPPER, list(QEMU_SUITE), "cloud 6.12",
                   DEVICES, *((HERE / name).read_text(encoding="utf-8") for name in OURS)))
    return Artefact("run", recipe, _make_run)


# Bind mounts need a mount namespace, and their own view is all that the
# command in a build root gets to see.
ENTER = """root=$1 cwd=$2 binds=$3; shift 3
IFS='|'
for path in $binds; do
	from=${path%%=*} to=$root${path#*=}
	if [ -d "$from" ]; then mkdir -p "$to"; else mkdir -p "${to%/*}"; : >>"$to"; fi
	mount --rbind "$from" "$to"
done
unset IFS
exec chroot "$root" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$cwd" "$@"
"""


def inside(root, cwd, command, binds=()):
    """The argv that runs command in a root, with cwd as there.

    binds: directories of this machine to be seen under the same name, or
    pairs of a directory here and its name there.
    """
    pairs = [("/proc", "/proc"), ("/dev", "/dev")]
    pairs += [bind if isinstance(bind, tuple) else (bind, bind) for bind in binds]
    flags = ["--map-root-user"] if os.geteuid() else []
    return ["unshare", "--mount", *flags, "--", "sh", "-euc", ENTER, "sh", str(root), str(cwd),
            "|".join(f"{here}={there}" for here, there in pairs), *map(str, command)]
