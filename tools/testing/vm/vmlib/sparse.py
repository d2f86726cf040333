# SPDX-License-Identifier: GPL-2.0-only
"""sparse: new enough for the kernel's headers, in every build root.

The headers of 7.2 need a sparse that no Debian release has yet. It is taken
from sid, and started through a C library of its own, so that it runs in the
older roots too.
"""

from . import archive
from .artefact import Artefact
from .progress import say

WRAPPER = """#!/bin/sh
root=$(dirname "$0")
exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" \\
	"$root/usr/bin/sparse" "$@"
"""


def _make(folder):
    say("fetching sparse")
    found = archive.fetch(["libc6"], "trixie")
    found["sparse"] = archive.fetch_alone("sparse", "sid")
    for name in ("bin", "lib", "lib64", "sbin"):
        (folder / "usr" / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(f"usr/{name}")
    for _, deb in found.values():
        archive.unpack(deb, folder)
    archive.record(folder, found)
    (folder / "sparse").write_text(WRAPPER, encoding="ascii")
    (folder / "sparse").chmod(0o755)


def sparse():
    """The path of a program to be make's CHECK."""
    return Artefact("sparse", WRAPPER, _make).ensure() / "sparse"
