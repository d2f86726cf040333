# SPDX-License-Identifier: GPL-2.0-only
"""Kernel sources as Debian packages them, and the uAPI headers made from them."""

import subprocess

from . import archive
from .artefact import Artefact
from .progress import Failure, say
from .roots import build_root, inside

SUITE = {"6.1": "bookworm", "6.12": "trixie", "7.2": "trixie-backports"}


def source(series):
    """The unpacked linux-source of a series."""
    def make(tree):
        name = f"linux-source-{series}"
        packages = archive.fetch([name], SUITE[series])
        say(f"unpacking {name} {packages[name][0]}")
        script = ('dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$2.tar.xz" |'
                  ' xz -dc -T0 | tar -x --strip-components=1 -C "$3"')
        if subprocess.run(["bash", "-o", "pipefail", "-ec", script, "bash",
                           packages[name][1], name, tree], check=False).returncode:
            raise Failure(f"cannot unpack {name}")
        archive.record(tree, {name: packages[name]})
    return Artefact(f"source-{series}", f"linux-source {SUITE[series]}", make)


def version(series):
    """The Debian version of a source, such as 6.12.117-1."""
    return (source(series).ensure() / "versions").read_text(encoding="ascii").split()[1]


def uapi():
    """What "make headers_install" makes of linux-source 7.2."""
    series = "7.2"

    def make(folder):
        tree = source(series).ensure()
        root = build_root(series).ensure()
        say(f"installing the uAPI headers of {series}")
        command = ["make", "-s", f"O={folder}/build", "ARCH=x86",
                   f"INSTALL_HDR_PATH={folder}", "headers_install"]
        argv = inside(root, tree, command, [tree.parent])
        if subprocess.run(argv, stdout=2, check=False).returncode:
            raise Failure("make headers_install failed")
    return Artefact(f"uapi-{series}", version(series), make)
