#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Build an initrd for a small Linux guest: busybox and some scripts.

usage: initrd.py OUTPUT INIT [FILE...]

INIT becomes /init, each FILE appears under / by its own name.
"""

import os
import shutil
import stat
import sys

DIRECTORIES = ["bin", "dev", "proc", "sys", "tmp"]


def find_busybox() -> str:
    path = shutil.which("busybox")
    if not path:
        raise FileNotFoundError("no busybox on PATH")
    with open(path, "rb") as binary:
        # A dynamic one names its loader; alone in an initrd it could not start.
        if b"/ld-linux" in binary.read(4096):
            raise FileNotFoundError(f"{path} is not statically linked")
    return path


class Cpio:
    """An archive in cpio's "newc" format, the one the kernel unpacks."""

    def __init__(self):
        self._data = bytearray()
        self._inode = 0

    def add(self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = [self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0]
        self._data += b"070701" + "".join(f"{field:08x}" for field in fields).encode()
        self._data += encoded
        self._pad()
        self._data += content
        self._pad()

    def finish(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return bytes(self._data)

    def _pad(self) -> None:
        self._data += b"\0" * (-len(self._data) % 4)


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def build(init: str, files: list[str]) -> bytes:
    archive = Cpio()
    for directory in DIRECTORIES:
        archive.add(directory, stat.S_IFDIR | 0o755)
    # Without it init would start with no standard output at all.
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add("bin/busybox", stat.S_IFREG | 0o755, read(find_busybox()))
    archive.add("init", stat.S_IFREG | 0o755, read(init))
    for file in files:
        archive.add(os.path.basename(file), stat.S_IFREG | 0o755, read(file))
    return archive.finish()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with open(sys.argv[1], "wb") as output:
        output.write(build(sys.argv[2], sys.argv[3:]))
