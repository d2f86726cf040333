# SPDX-License-Identifier: GPL-2.0-only
"""Takes the kernel proper out of a vmlinuz.

QEMU starts an ELF kernel directly (by its PVH note, which Debian's have), and
that saves the unpacking, which takes a second of every boot when emulated.
"""

import os
import struct
import subprocess
from pathlib import Path

UNPACKERS = {
    b"\x28\xb5\x2f\xfd": ["zstd", "-dc"],
    b"\xfd7zXZ\x00": ["xz", "-dc", "--single-stream"],
}


def extract(image, target):
    """Write the ELF kernel in image to target, if that is missing.

    The result is what to boot: image itself, when it is packed in another way.
    """
    if target.exists():
        return target
    data = Path(image).read_bytes()
    # see Documentation/arch/x86/boot.rst
    sectors = data[0x1f1]
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (sectors + 1) * 512 + offset
    payload = data[start:start + length - 4]        # its size follows
    for magic, command in UNPACKERS.items():
        if payload.startswith(magic):
            break
    else:
        return image
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with open(draft, "wb") as out:
        done = subprocess.run(command, input=payload, stdout=out, check=False)
    if done.returncode:
        draft.unlink()
        return image
    draft.rename(target)
    return target
