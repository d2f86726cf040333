# SPDX-License-Identifier: GPL-2.0-only
"""The bytes of devices in a machine that QEMU has written to a file."""

MAGIC = b"\x89VFM\r\n\x1a\n"

# QEMU's own frame around a piece of them: this number, and how many bytes follow.
DATA_FLAG = bytes.fromhex("ffffffffef100004")


def streams(path: str) -> list[bytes]:
    """What each device wrote, in the order of the file.

    Only of machines that stood still: the devices of others take turns.
    """
    with open(path, "rb") as file:
        content = file.read()
    found: list[bytearray] = []
    at = content.find(DATA_FLAG)
    while at >= 0:
        start = at + 16
        end = start + int.from_bytes(content[at + 8:start], "big")
        if content[start:end].startswith(MAGIC):
            found.append(bytearray())
        found[-1] += content[start:end]
        at = content.find(DATA_FLAG, end)
    return [bytes(stream) for stream in found]
