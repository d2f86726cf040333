# SPDX-License-Identifier: GPL-2.0-only
"""Every command with every size of body."""

import errno
import random

import vfio_user as vu
from case import case, check, same
from server import Server

# By the specification. Fixed structures may grow; how much is the server's choice.
FEWEST = {
    vu.DMA_MAP: 32, vu.DMA_UNMAP: 24, vu.DEVICE_GET_INFO: 16, vu.DEVICE_GET_REGION_INFO: 32,
    vu.DEVICE_GET_IRQ_INFO: 16, vu.DEVICE_SET_IRQS: 20, vu.REGION_READ: 16, vu.REGION_WRITE: 16,
    vu.DEVICE_RESET: 0, vu.REGION_WRITE_MULTI: 8, vu.DEVICE_FEATURE: 8,
}
FILLINGS = (lambda size: bytes(size), lambda size: b"\xff" * size,
            lambda size: random.Random(size).randbytes(size),
            lambda size: size.to_bytes(4, "little") * (size // 4 + 1))


@case("sizes: fewer bytes than a command has are EINVAL")
def too_short(server: Server) -> None:
    with server.client() as client:
        for command, fewest in FEWEST.items():
            for size in range(fewest):
                for fill in FILLINGS:
                    got = client.reply_to(client.send(command, fill(size)[:size]), command)
                    same((got.flags, got.error), (vu.TYPE_REPLY | vu.ERROR, errno.EINVAL),
                         f"command {command}, {size} bytes")


@case("sizes: any other number of bytes is answered")
def any_size(server: Server) -> None:
    with server.client() as client:
        for command, fewest in FEWEST.items():
            for size in (*range(fewest, fewest + 200), 4096, 70000):
                for fill in FILLINGS:
                    body = fill(size)[:size]
                    client.reply_to(client.send(command, body), command)
        same(client.read(vu.CONFIG_REGION, 0, 4), server.model.ids, "ids")


@case("sizes: the fixed ones do not take just anything")
def too_long(server: Server) -> None:
    with server.client() as client:
        for command in (vu.DMA_MAP, vu.DMA_UNMAP, vu.DEVICE_GET_INFO, vu.DEVICE_GET_REGION_INFO,
                        vu.DEVICE_GET_IRQ_INFO, vu.DEVICE_SET_IRQS, vu.REGION_READ,
                        vu.DEVICE_RESET):
            got = client.reply_to(client.send(command, bytes(65536)), command)
            same((got.flags, got.error), (vu.TYPE_REPLY | vu.ERROR, errno.EINVAL),
                 f"command {command}, 64 KiB")


@case("sizes: a structure that has grown is understood")
def grown(server: Server) -> None:
    with server.client() as client:
        same(client.call(vu.DEVICE_GET_INFO, vu.DEVICE_INFO.pack(24, 0, 0, 0) + bytes(8)),
             vu.DEVICE_INFO.pack(16, 3, 9, 5), "device info with 8 bytes more")
        got = client.call(vu.DEVICE_GET_REGION_INFO, vu.REGION_INFO.pack(64, 0, 7, 0, 0, 0) +
                          bytes(32))
        same(len(got), 32, "size of the region info")


def counts(client: vu.Client, command: int, bodies) -> None:
    for body in bodies:
        got = client.reply_to(client.send(command, body), command)
        check(got.flags & vu.ERROR, f"command {command} was done: {body[:24].hex()}")


@case("sizes: counts that promise more, or less, than there is")
def lying_counts(server: Server) -> None:
    one = vu.WRITE_ONE.pack(0x3c, 7, 1, b"x".ljust(8, b"\0"))
    numbers = (2, 3, 1 << 16, 1 << 31, (1 << 32) - 1)
    with server.client() as client:
        counts(client, vu.REGION_WRITE,
               [vu.ACCESS.pack(0x3c, 7, count) + b"x" for count in (0, *numbers)])
        counts(client, vu.REGION_READ,
               [vu.ACCESS.pack(0, 7, count) for count in (vu.MAX_DATA + 1, 1 << 31, 0xffffffff)])
        counts(client, vu.REGION_WRITE_MULTI,
               [count.to_bytes(8, "little") + one for count in
                (0, *numbers, 1 << 61, 1 << 63, (1 << 64) - 1)])
        counts(client, vu.REGION_WRITE_MULTI,
               [(1).to_bytes(8, "little") + one[:size] for size in range(24)])
        counts(client, vu.DEVICE_SET_IRQS,
               [vu.IRQ_SET.pack(20 + count, 0x22, 0, 0, 1) for count in (1, *numbers[:-1])])
        same(client.config(0x3c, 1), 0, "what nothing has written")
