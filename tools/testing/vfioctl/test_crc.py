# SPDX-License-Identifier: GPL-2.0-only
"""CRC32C: the fast one against the plain one."""

import random

import encoder
from case import case, same
from vfioctl_lib.crc32c import crc32c, crc32c_more

# By the specification, and RFC 3720.
KNOWN = {b"": 0, b"123456789": 0xe3069283, bytes(32): 0x8a9136aa, b"\xff" * 32: 0x62a8ab43}


@case("crc: the known ones")
def known() -> None:
    for data, expected in KNOWN.items():
        same(crc32c(data), expected, f"CRC32C of {data!r}")
        same(encoder.crc32c(data), expected, f"CRC32C of {data!r} by the tests")


@case("crc: any length")
def lengths() -> None:
    data = random.Random(1).randbytes(1 << 17)
    for length in (*range(700), 4096, 4119, 4120, 65551, 65552, 1 << 17):
        same(crc32c(data[-length:]), encoder.crc32c(data[-length:]), f"{length} bytes")
        zero = bytes(length)
        same(crc32c(zero), encoder.crc32c(zero), f"{length} bytes of zero")


@case("crc: one piece after the other")
def pieces() -> None:
    data = random.Random(2).randbytes(300)
    for cut in range(0, 300, 7):
        same(crc32c_more(crc32c(data[:cut]), data[cut:]), crc32c(data), f"cut at {cut}")
