# SPDX-License-Identifier: GPL-2.0-only
"""CRC32C, the one of iSCSI and of the kernel's crc32c(), without a C library.

A byte at a time Python takes minutes for a gigabyte. Here the bytes are one large
number, that is a polynomial over GF(2), whose first half is multiplied into the
second again and again: with K bits in the second half, x^K is replaced by its
remainder, which is 32 bits. Python does that with few operations on large numbers.

Bits are reflected, as CRC32C wants it: bit 0 of the first byte is the highest power
of x, and in a 32-bit remainder bit 31 is x^0.
"""

import functools

POLYNOMIAL = 0x82f63b78     # reflected
ONES = 0xffffffff
SHORT = 48                  # bytes up to which the table is faster


def _table() -> tuple[int, ...]:
    entries = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


TABLE = _table()


def _by_bytes(remainder: int, data: bytes) -> int:
    for byte in data:
        remainder = (remainder >> 8) ^ TABLE[(remainder ^ byte) & 0xff]
    return remainder


def _multiply(left: int, right: int) -> int:
    """Product of two remainders."""
    product = 0
    for bit in range(31, -1, -1):
        if left >> bit & 1:
            product ^= right
        right = (right >> 1) ^ (POLYNOMIAL if right & 1 else 0)
    return product


@functools.lru_cache(maxsize=4096)
def _power(exponent: int) -> int:
    """Remainder of x^exponent."""
    result, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            result = _multiply(result, square)
        square = _multiply(square, square)
        exponent >>= 1
    return result


@functools.lru_cache(maxsize=None)
def _fold(rung: int) -> tuple[int, tuple[int, ...]]:
    """How many bits are left, and which bits x^that has.

    A rung is at most twice the one before it, less 31. Of the lengths near that the
    one is taken whose power has the fewest bits.
    """
    most = SHORT * 8 if rung == 0 else 2 * _fold(rung - 1)[0] - 32
    bits = min(range(most - most // 32 & ~7, most + 1, max(8, most // 512 & ~7)),
               key=lambda length: _power(length).bit_count())
    power = _power(bits)
    return bits, tuple(bit for bit in range(32) if power >> bit & 1)


def crc32c(data: bytes) -> int:
    """CRC32C of bytes: 0xe3069283 for b"123456789", 0 for none."""
    if len(data) <= SHORT:
        return _by_bytes(ONES, data) ^ ONES
    number, length = int.from_bytes(data, "little") ^ ONES, len(data) * 8
    rung = 0
    while 2 * _fold(rung)[0] - 31 < length:
        rung += 1
    for rung in range(rung, -1, -1):
        bits, powers = _fold(rung)
        if bits >= length:
            continue
        first = number & ((1 << (length - bits)) - 1)
        number >>= length - bits
        shift = 2 * bits - length - 31
        for power in powers:
            number ^= first << (power + shift)
        length = bits
    return _by_bytes(0, number.to_bytes(length // 8, "little")) ^ ONES


def crc32c_more(crc: int, data: bytes) -> int:
    """CRC32C of bytes whose CRC32C is given, followed by a few more."""
    return _by_bytes(crc ^ ONES, data) ^ ONES
