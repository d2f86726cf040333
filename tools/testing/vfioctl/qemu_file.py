# SPDX-License-Identifier: GPL-2.0-only
"""Make migration files as QEMU writes them, with VFIO devices in them."""

import struct

import encoder

SETUP, DATA, CONFIG, STOP, INIT_DATA_SENT = 3, 4, 2, 1, 5


def be32(number: int) -> bytes:
    return struct.pack(">I", number)


def be64(number: int) -> bytes:
    return struct.pack(">Q", number)


def name(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")


def vfio(kind: int) -> bytes:
    return be64(0xffffffffef100000 + kind)


def data(piece: bytes) -> bytes:
    return vfio(DATA) + be64(len(piece)) + piece


def footer(number: int) -> bytes:
    return b"\x7e" + be32(number)


def first(kind: int, number: int, title: str, payload: bytes, instance: int = 0,
          version: int = 1) -> bytes:
    return bytes([kind]) + be32(number) + name(title) + be32(instance) + be32(version) + \
        payload + footer(number)


def start(number: int, title: str, payload: bytes, instance: int = 0) -> bytes:
    return first(1, number, title, payload, instance)


def part(number: int, payload: bytes) -> bytes:
    return b"\x02" + be32(number) + payload + footer(number)


def end(number: int, payload: bytes) -> bytes:
    return b"\x03" + be32(number) + payload + footer(number)


def full(number: int, title: str, payload: bytes) -> bytes:
    return first(4, number, title, payload)


def ram_setup(blocks: dict[str, int]) -> bytes:
    total = sum(blocks.values())
    return be64(total | 4) + b"".join(name(block) + be64(size) for block, size in blocks.items()) \
        + be64(0x10)


def mapped_ram_setup(at: int, blocks: dict[str, bytes]) -> bytes:
    """With mapped-ram: in a section whose payload is there in the file, blocks and pages."""
    data = be64(sum(len(pages) for pages in blocks.values()) | 4)
    for block, pages in blocks.items():
        data += name(block) + be64(len(pages))
        place = at + len(data) + 28 + 100
        data += struct.pack(">IQQQ", 1, 4096, at + len(data) + 28, place) + bytes(100) + pages
    return data + ram_end()


def ram_page(offset: int, page: bytes, block: str = "") -> bytes:
    """Of the block before, if none is given; a zero page if it has one byte."""
    flags = (2 if len(page) == 1 else 8) | (0 if block else 0x20)
    return be64(offset | flags) + (name(block) if block else b"") + page


def ram_end() -> bytes:
    return be64(0x10)


CONFIGURATION = b"\x07" + be32(12) + b"pc-q35-11.1x" + \
    b"\x05" + name("configuration/capabilities") + be32(1) + be32(2) + name("return-path") + \
    name("switchover-ack")


def container(*sections: bytes) -> bytes:
    return b"QEVM" + be32(3) + CONFIGURATION + b"".join(sections) + b"\0"


def pieces(stream: bytes, size: int) -> list[bytes]:
    return [stream[at:at + size] for at in range(0, len(stream), size)]


# A section of some device, whose contents vfioctl knows nothing of.
SERIAL = full(9, "serial", b"\x12\x34\x56" * 9)
PCI = full(10, "0000:00:04.0/vfio", vfio(CONFIG) + b"\0\0\0\2" + bytes(80) + vfio(STOP))


def example(stream: bytes | None = None, other: bytes | None = None, size: int = 60,
            page: bytes = b"\x55" * 4096) -> bytes:
    """Two devices in many pieces, between RAM; the second one was told of its end early."""
    one = pieces(encoder.pulse() if stream is None else stream, size)
    two = pieces(encoder.card() if other is None else other, 5000)
    return container(
        start(2, "ram", ram_setup({"pc.ram": 1 << 20, "vga": 8192})),
        start(5, "0000:00:04.0/vfio", vfio(SETUP) + vfio(STOP)),
        start(6, "0000:00:05.0/vfio", vfio(SETUP) + vfio(STOP)),
        b"\x08" + struct.pack(">HH", 7, 4) + b"abcd",
        part(2, ram_page(0, page, "pc.ram") + ram_page(4096, b"\0") + ram_end()),
        part(5, data(one[0]) + vfio(INIT_DATA_SENT)),
        part(6, data(two[0]) + vfio(STOP)),
        part(2, ram_page(8192, page) + ram_end()),
        part(5, vfio(STOP)),
        end(2, ram_page(12288, page) + ram_end()),
        end(5, b"".join(data(piece) for piece in one[1:]) + vfio(STOP)),
        end(6, b"".join(data(piece) for piece in two[1:]) + vfio(STOP)),
        SERIAL, PCI)
