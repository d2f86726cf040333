#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Write inputs to start from: clients that know the protocol. See fuzz_server.c.

usage: seeds.py FOLDER
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import vfio_user as vu  # pylint: disable=wrong-import-position

RAW, MESSAGE, PASSING, SIZED = range(4)
EVENTFD, MEMORY, OTHER, MIXED = range(4)
# The first byte: after a VERSION, to one of the devices.
MTTY, CARD, TEST, LARGE = 2, 3, 6, 7


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("=BH", kind, len(data)) + data


def message(command: int, body: bytes = b"", flags: int = 0) -> bytes:
    return record(MESSAGE, bytes([command, flags]) + body)


def passing(command: int, body: bytes, kind: int, number: int = 1) -> bytes:
    return record(PASSING, bytes([number << 2 | kind, command, 0]) + body)


def write(region: int, offset: int, data: bytes, flags: int = 0) -> bytes:
    return message(vu.REGION_WRITE, vu.ACCESS.pack(offset, region, len(data)) + data, flags)


def read(region: int, offset: int, count: int) -> bytes:
    return message(vu.REGION_READ, vu.ACCESS.pack(offset, region, count))


def irqs(flags: int, index: int, start: int = 0, count: int = 1, data: bytes = b"") -> bytes:
    return vu.IRQ_SET.pack(20 + len(data), flags, index, start, count) + data


BIND = vu.DATA_EVENTFD | vu.ACTION_TRIGGER
IO = write(7, 4, b"\5\0")
DMA_START = [write(7, 4, b"\2\0"), write(0, 8, b"\x40\0\0\0")]

MASTER = write(7, 4, b"\6\0")
SHARE = passing(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 65536), MEMORY)
EXPRESS_CONTROL = 0x78
MSIX_CONTROL = 0x62


def register(offset: int, value: int) -> bytes:
    return write(0, offset, struct.pack("=I", value))


def region(index: int, argsz: int = 4096) -> bytes:
    return message(vu.DEVICE_GET_REGION_INFO, vu.REGION_INFO.pack(argsz, 0, index, 0, 0, 0))


def transfer(command: int, vector: int = 0xffff) -> bytes:
    """See samples/vfio-mdev/vdev_test_model.c."""
    return register(0x10, 16) + register(0x14, 0) + register(0x18, 100) + \
        register(0x1c, command | vector << 16)


SEEDS = {
    "version": bytes([0]) + message(vu.VERSION, vu.version_body(0, 2, vu.CAPABILITIES)),
    "info": bytes([MTTY]) + message(vu.DEVICE_GET_INFO, vu.DEVICE_INFO.pack(16, 0, 0, 0)) +
            b"".join(message(vu.DEVICE_GET_REGION_INFO, vu.REGION_INFO.pack(32, 0, n, 0, 0, 0))
                     for n in range(10)) +
            b"".join(message(vu.DEVICE_GET_IRQ_INFO, vu.IRQ_INFO.pack(16, 0, n, 0))
                     for n in range(6)),
    "config": bytes([MTTY]) + read(7, 0, 256) + write(7, 0x10, b"\xff" * 64) + read(7, 0x3f, 9),
    "uart": bytes([MTTY]) + IO + write(0, 3, b"\3") + write(0, 2, b"\xc1") + write(0, 1, b"\x0f") +
            write(0, 0, b"x", vu.NO_REPLY) + read(0, 0, 8) + write(1, 0, b"\0" * 8) +
            message(vu.DEVICE_RESET),
    "multi": bytes([MTTY]) + IO + message(vu.REGION_WRITE_MULTI, struct.pack("=Q", 2) +
             vu.WRITE_ONE.pack(7, 0, 1, b"a") + vu.WRITE_ONE.pack(0x3c, 7, 1, b"b"), vu.NO_REPLY),
    "intx": bytes([MTTY]) + IO + passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.INTX), EVENTFD) +
            passing(vu.DEVICE_SET_IRQS, irqs(vu.DATA_EVENTFD | vu.ACTION_UNMASK, vu.INTX),
                    EVENTFD) + write(0, 1, b"\2") +
            message(vu.DEVICE_SET_IRQS, irqs(vu.DATA_BOOL | vu.ACTION_TRIGGER, 0, data=b"\1")) +
            message(vu.DEVICE_SET_IRQS, irqs(vu.DATA_NONE | vu.ACTION_UNMASK, 0)) +
            message(vu.DEVICE_SET_IRQS, irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, 0, 0, 0)),
    "msi": bytes([MTTY]) + IO + passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.MSI), EVENTFD) +
           passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.ERR), EVENTFD) +
           passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.REQ), MEMORY) +
           write(1, 1, b"\2") + message(vu.DEVICE_SET_IRQS, irqs(BIND, vu.MSI)),
    "map": bytes([MTTY]) + message(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 4096)) +
           passing(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 4096, 4096), MEMORY) +
           passing(vu.DMA_MAP, vu.MAP.pack(32, 11, 4096, 8192, 4096), MEMORY) +
           message(vu.DMA_UNMAP, vu.UNMAP.pack(24, 0, 4096, 4096)) +
           message(vu.DMA_UNMAP, vu.UNMAP.pack(24, 2, 0, 0)),
    "dma": bytes([CARD]) + passing(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 65536), MEMORY) +
           b"".join(DMA_START) + write(0, 12, b"\1\0\0\0") + read(0, 0, 32) +
           write(0, 12, b"\2\0\0\0") + read(0, 16, 8),
    "ask": bytes([CARD]) + message(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 65536)) +
           b"".join(DMA_START) + write(0, 12, b"\1\0\0\0") + read(0, 16, 4) +
           message(vu.DMA_READ, vu.DMA_ACCESS.pack(0, 64) + bytes(64), vu.TYPE_REPLY) +
           write(0, 12, b"\2\0\0\0"),
    "feature": bytes([MTTY]) + message(vu.DEVICE_FEATURE, struct.pack("=II", 8, 1 << 16 | 1)),
    "fds": bytes([MTTY]) + passing(vu.DEVICE_RESET, b"", MIXED, 5) +
           passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.INTX), MIXED, 20),
    "memory": bytes([TEST]) + MASTER + region(2) + region(4, 32) + region(4) +
              write(2, 0, bytes(16)) + write(4, 0x3ff8, bytes(16)) + read(2, 0xffff8, 16) +
              read(4, 0x8ff8, 16) + message(vu.DEVICE_RESET) + read(2, 0, 8),
    "large": bytes([LARGE]) + MASTER + region(2) + write(2, (1 << 30) - 4, b"last") +
             read(2, (1 << 30) - 8, 16),
    "jobs": bytes([TEST]) + MASTER + SHARE + transfer(1, 3) + transfer(2) + read(0, 0x1000, 64),
    "reset": bytes([TEST]) + MASTER + message(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 65536)) +
             transfer(1) + message(vu.DEVICE_RESET) + read(0, 0x20, 4) + MASTER + transfer(2) +
             write(7, EXPRESS_CONTROL, b"\0\x80") + read(0, 0x20, 4),
    "msix": bytes([TEST]) + MASTER + passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.MSIX, 0, 8),
                                             EVENTFD, 8) + write(7, MSIX_CONTROL, b"\0\x80") +
            register(8, 5) + register(8, 60) + write(4, 0, bytes(32)) + read(4, 0x800, 8) +
            passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.MSIX, 60, 2), EVENTFD, 2),
    "messages": bytes([TEST]) + MASTER +
                passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.MSI, 0, 16), EVENTFD, 16) +
                passing(vu.DEVICE_SET_IRQS, irqs(BIND, vu.MSI, 16, 16), EVENTFD, 16) +
                register(8, 31) + register(0x28, 1),
    "sized": bytes([MTTY]) + record(SIZED, struct.pack("=IBB", 40, vu.REGION_WRITE, 0) +
             vu.ACCESS.pack(0, 7, 8) + bytes(4)) + record(RAW, bytes(4)),
}


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as seed:
            seed.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
