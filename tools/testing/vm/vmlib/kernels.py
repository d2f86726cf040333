# SPDX-License-Identifier: GPL-2.0-only
"""The five kernels: what they are called, where they are, how to build for them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from . import archive, bzimage, roots, sources, uml_kernel
from .artefact import Artefact
from .progress import Failure, say

STOCK = ("6.1", "6.12", "7.2")
UML = ("uml-6.12", "uml-7.2")
NAMES = STOCK + UML

SUITE = {"6.1": "bookworm", "6.12": "trixie", "7.2": "trixie-backports"}


@dataclass
class Kernel:
    """A kernel ready to boot and to build modules for."""
    name: str
    release: str        # what uname -r says
    image: Path         # what to boot: vmlinux, or the UML program
    modules: Path       # lib/modules/RELEASE as it came
    kdir: Path          # the KDIR of an external module build, as seen in root
    root: Path          # the build root
    binds: list         # what must be bind mounted into the root for a build
    make_flags: list


def _add_checker(series, folder):
    """What make C=2 asks for since 7.x, and Debian's headers packages lack."""
    for common in folder.glob("usr/src/linux-headers-*-common"):
        makefile = (common / "Makefile").read_text(encoding="utf-8")
        script = Path("scripts/checker-valid.sh")
        if str(script) in makefile and not (common / script).exists():
            shutil.copy2(sources.source(series).ensure() / script, common / script)


def _make_stock(series):
    def make(folder):
        # Image and headers at once, so that they always fit.
        headers, _ = archive.newest(rf"linux-headers-{series}\.[0-9].*[0-9]-amd64", SUITE[series])
        release = headers.removeprefix("linux-headers-")
        say(f"fetching the {series} kernel: {release}")
        found = archive.fetch([headers, f"linux-image-{release}"], SUITE[series])
        ours = {name: value for name, value in found.items() if name.startswith("linux-")}
        for name in ("bin", "sbin", "lib"):
            (folder / "usr" / name).mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(f"usr/{name}")
        for _, deb in ours.values():
            archive.unpack(deb, folder)
        archive.record(folder, ours)
        _add_checker(series, folder)
        (folder / "release").write_text(release, encoding="ascii")
    return make


def _stock(series):
    recipe = f"headers, checker and image from {SUITE[series]}"
    folder = Artefact(f"kernel-{series}", recipe, _make_stock(series)).ensure()
    release = (folder / "release").read_text(encoding="ascii")
    # The headers name each other by absolute paths in /usr.
    binds = [(folder / "usr/src", "/usr/src")]
    binds += [(path, f"/usr/lib/{path.name}") for path in (folder / "usr/lib").glob("linux-*")]
    modules = folder / "usr/lib/modules" / release
    image = folder / "boot" / f"vmlinuz-{release}"
    if not image.exists():      # where it is since 7.x
        image = modules / "vmlinuz"
    archive.need_tools(("zstd", "xz"))
    image = bzimage.extract(image, folder / "vmlinux")
    return Kernel(name=series, release=release, image=image, modules=modules,
                  kdir=Path(f"/usr/src/linux-headers-{release}"),
                  root=roots.build_root(series).ensure(), binds=binds, make_flags=[])


def _uml(name):
    series = name.removeprefix("uml-")
    folder = uml_kernel.kernel(series).ensure()
    out = folder / "out"
    release = (out / "include/config/kernel.release").read_text(encoding="ascii").strip()
    return Kernel(name=name, release=release, image=out / "linux",
                  modules=folder / "stage/lib/modules" / release, kdir=out,
                  root=roots.build_root(name).ensure(), binds=[folder.parent],
                  make_flags=["ARCH=um"])


def get(name):
    """The kernel of that name, made ready if it is not."""
    if name in STOCK:
        return _stock(name)
    if name in UML:
        return _uml(name)
    raise Failure(f"no kernel {name}; there are: {', '.join(NAMES)}")
