# SPDX-License-Identifier: GPL-2.0-only
"""The device behind the protocol: information, regions, reset.

The kselftests say the same in more depth; this is what is peculiar to messages.
"""

import errno

import vfio_user as vu
from case import case, refused, same
from server import Server

BARS = (0, 1)
COMMAND = 4
LCR, LSR, MSR, SCR = 3, 5, 6, 7
ID = bytes.fromhex("48435332")


def write_multi(client: vu.Client, *writes: tuple[int, int, bytes]) -> int:
    body = len(writes).to_bytes(8, "little") + b"".join(
        vu.WRITE_ONE.pack(offset, region, len(data), data.ljust(8, b"\xee"))
        for region, offset, data in writes)
    return int.from_bytes(client.call(vu.REGION_WRITE_MULTI, body), "little")


@case("device: info, regions and interrupts are those of an mdev")
def infos(server: Server) -> None:
    with server.client() as client:
        same(client.get_info(), (16, 3, 9, 5), "device info")
        for index in range(vu.NUM_REGIONS):
            size = 8 if index in BARS else 256 if index == vu.CONFIG_REGION else 0
            same(client.region_info(index), (32, 3 if size else 0, index, 0, size, index << 40),
                 f"region {index}")
        same([client.irq_info(index) for index in range(vu.NUM_IRQS)],
             [(16, 7, 0, 1), (16, 9, 1, 1), (16, 0, 2, 0), (16, 9, 3, 1), (16, 9, 4, 1)],
             "interrupts")


@case("device: argsz smaller than the answer is EINVAL, larger is fine")
def argsz(server: Server) -> None:
    with server.client() as client:
        for value in (0, 1, 15):
            refused(errno.EINVAL, f"GET_INFO, argsz {value}", client.get_info, value)
            refused(errno.EINVAL, f"IRQ_INFO, argsz {value}", client.irq_info, 0, value)
        refused(errno.EINVAL, "REGION_INFO, argsz 31", client.region_info, 0, 31)
        for value in (32, 4096, 0xffffffff):
            same(client.get_info(value)[0], 16, "argsz answered")
            same(client.irq_info(0, value)[0], 16, "argsz answered")
            same(client.region_info(0, value)[0], 32, "argsz answered")


@case("device: indexes end")
def indexes(server: Server) -> None:
    with server.client() as client:
        for beyond in (0, 1, 0x100, 1 << 31, (1 << 32) - 10):
            refused(errno.EINVAL, "region info", client.region_info, vu.NUM_REGIONS + beyond)
            refused(errno.EINVAL, "interrupt info", client.irq_info, vu.NUM_IRQS + beyond)
            refused(errno.EINVAL, "read", client.read, vu.NUM_REGIONS + beyond, 0, 4)
            refused(errno.EINVAL, "write", client.write, vu.NUM_REGIONS + beyond, 0, b"abcd")


@case("device: accesses end with the region")
def region_ends(server: Server) -> None:
    with server.client() as client:
        for region, size in ((0, 8), (1, 8), (vu.CONFIG_REGION, 256)):
            for left in range(1, 9):
                for count in (left, left + 1, 64, 5000, vu.MAX_DATA):
                    same(len(client.read(region, size - left, count)), left, "bytes read")
                same(client.write(region, size - left, bytes(64)), left, "bytes written")
            for offset in (size, size + 1, 1 << 32, (1 << 40) - 8, (1 << 64) - 8, (1 << 64) - 1):
                refused(errno.EINVAL, f"read at {offset:#x}", client.read, region, offset, 8)
                refused(errno.EINVAL, f"write at {offset:#x}", client.write, region, offset, b"x")
            same(client.read(region, 0, 0), b"", "read of nothing")
            same(client.write(region, 0, b""), 0, "write of nothing")
        for region in (2, 3, 4, 5, 6, 8):
            for offset in (0, 1, 1 << 32):
                refused(errno.EINVAL, f"read of region {region}", client.read, region, offset, 1)
                refused(errno.EINVAL, f"write of region {region}", client.write, region, offset,
                        b"x")


@case("device: any offset and count of config space")
def config_sweep(server: Server) -> None:
    with server.client() as client:
        whole = client.read(vu.CONFIG_REGION, 0, 256)
        same(whole[:4], ID, "ids")
        for offset in range(256):
            for count in (1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 256):
                same(client.read(vu.CONFIG_REGION, offset, count), whole[offset:offset + count],
                     f"{count} bytes at {offset:#x}")


@case("device: ports answer only while COMMAND.IO is set")
def decoding(server: Server) -> None:
    with server.client() as client:
        for bar in BARS:
            same(client.read(bar, 0, 8), b"\xff" * 8, "registers, not decoding")
            client.write(bar, SCR, b"\x12")
        client.set_config(COMMAND, 2, 1)
        for bar in BARS:
            same(client.read(bar, 0, 8), bytes.fromhex("0000010000600000"), "registers")


@case("device: both ports carry data, each for itself")
def ports(server: Server) -> None:
    with server.client() as client:
        client.set_config(COMMAND, 2, 1)
        for bar in BARS:
            client.write(bar, LCR, b"\x03")
            client.write(bar, 2, b"\x01")
        for bar in BARS:
            text = f"to port {bar}".encode()
            for byte in text:
                client.post(bar, 0, bytes([byte]))
            same(client.read(1 - bar, LSR, 1), b"\x60", "line status of the other port")
            same(bytes(client.read(bar, 0, 1)[0] for _ in text), text, "data")


@case("device: crossed ports hear each other")
def cross(server: Server) -> None:
    del server
    with Server("--model", "mtty-2", "--set", "wiring=cross") as crossed:
        with crossed.client() as client:
            client.set_config(COMMAND, 2, 1)
            for bar in BARS:
                client.write(bar, LCR, b"\x03")
            for bar in BARS:
                client.write(bar, 0, bytes([0x41 + bar]))
            same([client.read(bar, 0, 1) for bar in BARS], [b"B", b"A"], "characters")
            client.write(0, 4, b"\x02")
            same([client.read(bar, MSR, 1)[0] & 0x10 for bar in BARS], [0, 0x10], "CTS")


@case("device: reset takes everything back")
def reset(server: Server) -> None:
    with server.client() as client:
        before = client.read(vu.CONFIG_REGION, 0, 256)
        client.set_config(COMMAND, 2, 0x547)
        client.set_config(0x10, 4, 0xc000)
        client.write(0, SCR, b"\x55")
        client.reset()
        same(client.read(vu.CONFIG_REGION, 0, 256), before, "config space")
        client.set_config(COMMAND, 2, 1)
        same(client.read(0, SCR, 1), b"\0", "scratch register")


@case("device: several writes in one message")
def multi(server: Server) -> None:
    with server.client() as client:
        same(write_multi(client), 0, "none at all")
        same(write_multi(client, (7, COMMAND, b"\1\0"), (0, SCR, b"\x11"), (1, SCR, b"\x22"),
                         (7, 0x10, b"\0\xc0\0\0"), (0, 0, b""), (1, 1, b"\0\0\0\0\0\0\0\0")),
             6, "writes done")
        same(client.read(0, SCR, 1) + client.read(1, SCR, 1), b"\x11\0", "scratch registers")
        same(client.config(0x10, 4), 0xc001, "BAR 0")
        many = [(0, SCR, bytes([value])) for value in range(200)]
        same(write_multi(client, *many), 200, "200 writes")
        same(client.read(0, SCR, 1), bytes([199]), "the last one")
        same(write_multi(client, *many * 200), 40000, "40000 writes")


@case("device: several writes end with the first that fails")
def multi_failing(server: Server) -> None:
    with server.client() as client:
        client.set_config(COMMAND, 2, 1)
        good, bad = (0, SCR, b"\x33"), (9, 0, b"x")
        same(write_multi(client, good, bad, (0, SCR, b"\x44")), 1, "writes done")
        same(client.read(0, SCR, 1), b"\x33", "scratch register")
        for first in (bad, (2, 0, b"x"), (0, 8, b"x"), (7, 256, b"x"), (0, 1 << 63, b"")):
            refused(errno.EINVAL, f"first write {first}", write_multi, client, first, good)
        body = (1).to_bytes(8, "little") + vu.WRITE_ONE.pack(0x3c, 7, 9, bytes(8))
        refused(errno.EINVAL, "9 bytes of 8", client.call, vu.REGION_WRITE_MULTI, body)


@case("device: features are refused as by a kernel device without any")
def features(server: Server) -> None:
    get, set_, probe = 1 << 16, 1 << 17, 1 << 18

    def feature(client: vu.Client, flags: int, argsz: int = 8, more: bytes = b"") -> None:
        client.call(vu.DEVICE_FEATURE, argsz.to_bytes(4, "little") + flags.to_bytes(4, "little") +
                    more)

    with server.client() as client:
        for number in (*range(32), 0xffff):
            for action in (get, set_, probe, probe | get, probe | set_, probe | get | set_, 0):
                refused(errno.ENOTTY, f"feature {number}", feature, client, number | action)
            refused(errno.ENOTTY, "with data", feature, client, number | set_, 72, bytes(64))
        refused(errno.EINVAL, "get and set", feature, client, get | set_)
        refused(errno.EINVAL, "unknown action", feature, client, 1 << 19 | get)
        refused(errno.EINVAL, "argsz 7", feature, client, get, 7)


@case("device: one client's traces are gone for the next")
def next_client(server: Server) -> None:
    with server.client() as client:
        before = client.read(vu.CONFIG_REGION, 0, 256)
        client.set_config(COMMAND, 2, 0x547)
        client.write(0, SCR, b"\x99")
        client.set_config(0x44, 2, 3)
    with server.client() as client:
        same(client.read(vu.CONFIG_REGION, 0, 256), before, "config space")
        client.set_config(COMMAND, 2, 1)
        same(client.read(0, SCR, 1), b"\0", "scratch register")
