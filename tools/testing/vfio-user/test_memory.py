# SPDX-License-Identifier: GPL-2.0-only
"""Device memory: the parts of BARs that a client maps.

The device is vdev_test, see samples/vfio-mdev/vdev_test_model.c: BAR 2 is memory as a
whole, BAR 4 in two areas.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import random
import resource
import struct

import testcard
import vfio_user as vu
from case import case, check, refused, same
from server import Server
from testcard import AREAS, LARGE_SIZE, MEMORY, MEMORY_SIZE, MIXED, REGISTERS, TestCard

READ, WRITE, MAPPABLE, CAPABILITIES = 1, 2, 4, 8
SPARSE = struct.Struct("=HHIII")
AREA = struct.Struct("=QQ")
SPARSE_SIZE = SPARSE.size + len(AREAS) * AREA.size
PAGE = 4096

F_ADD_SEALS = 1033
F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE = 1, 2, 4, 8, 16


class Mapping:
    """A region as a client has it mapped, and the file behind it."""

    def __init__(self, client: vu.Client, region: int = MEMORY):
        info, _, fds = client.region_memory(region)
        same(len(fds), 1, "file descriptors of a region with memory")
        self.fd = fds[0]
        self.size = info[4]
        self.bytes = mmap.mmap(self.fd, self.size, offset=info[5])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bytes.close()
        os.close(self.fd)

    def used(self) -> int:
        """Bytes that are there, and not only stand for zeroes."""
        return os.fstat(self.fd).st_blocks * 512


@contextlib.contextmanager
def mapped(model: str = "vdev_test-pcie", region: int = MEMORY):
    with testcard.test_card(model) as card, Mapping(card.client, region) as mapping:
        yield card.client, mapping


@case("memory: a region says whether it can be mapped, and how to")
def infos(_) -> None:
    with testcard.test_card() as card:
        for region, flags, size in ((REGISTERS, READ | WRITE, 0x20000), (1, 0, 0), (3, 0, 0),
                                    (5, 0, 0), (6, READ, 2048), (7, READ | WRITE, 4096), (8, 0, 0)):
            info, capabilities, fds = card.client.region_memory(region)
            same((info, capabilities, fds), ((32, flags, region, 0, size, region << 40), b"", []),
                 f"region {region}")
        info, capabilities, fds = card.client.region_memory(MEMORY, 32)
        same((info, capabilities, len(fds)),
             ((32, READ | WRITE | MAPPABLE, MEMORY, 0, MEMORY_SIZE, 0), b"", 1), "BAR 2")
        same(os.fstat(fds[0]).st_size, MEMORY_SIZE, "size of the file")
        os.close(fds[0])


@case("memory: a region in parts says which, once there is room for that")
def sparse_info(_) -> None:
    flags = READ | WRITE | MAPPABLE | CAPABILITIES
    with testcard.test_card() as card:
        for argsz in (32, 33, 32 + SPARSE_SIZE - 1):
            same(card.client.region_memory(MIXED, argsz),
                 ((32 + SPARSE_SIZE, flags, MIXED, 32, 0x10000, 0), b"", []), f"argsz {argsz}")
        for argsz in (32 + SPARSE_SIZE, 4096, 0xffffffff):
            info, capabilities, fds = card.client.region_memory(MIXED, argsz)
            same(info, (32 + SPARSE_SIZE, flags, MIXED, 32, 0x10000, 0), f"argsz {argsz}")
            same(SPARSE.unpack_from(capabilities), (1, 1, 0, len(AREAS), 0), "capability")
            same([AREA.unpack_from(capabilities, SPARSE.size + n * AREA.size) for n in (0, 1)],
                 list(AREAS), "areas")
            same((len(capabilities), len(fds)), (SPARSE_SIZE, 1), "capability's size, and fds")
            os.close(fds[0])


@case("memory: mappings and messages see the same bytes")
def same_bytes(_) -> None:
    source = random.Random(7)
    with mapped() as (client, mapping):
        for place in (0, 1, PAGE - 3, MEMORY_SIZE // 2, MEMORY_SIZE - 64):
            data = source.randbytes(64)
            client.write(MEMORY, place, data)
            same(mapping.bytes[place:place + 64], data[:MEMORY_SIZE - place], "written by message")
            mapping.bytes[place:place + 64] = data[::-1]
            same(client.read(MEMORY, place, 64), data[::-1], "written by mapping")
        whole = source.randbytes(MEMORY_SIZE)
        client.write(MEMORY, 0, whole)
        check(mapping.bytes[:] == whole, "all of it, written by one message")
        check(client.read(MEMORY, 0, MEMORY_SIZE) == whole, "all of it, read by one message")


@case("memory: between the parts of a region there are registers")
def sparse_bytes(_) -> None:
    with mapped(region=MIXED) as (client, mapping):
        for start, size in AREAS:
            client.write(MIXED, start - 8, b"\x11" * 16)
            client.write(MIXED, start + size - 8, b"\x22" * 16)
            same(mapping.bytes[start:start + 8], b"\x11" * 8, "first bytes of an area")
            same(mapping.bytes[start + size - 8:start + size], b"\x22" * 8, "last bytes")
            same(client.read(MIXED, start - 8, 16), (start - 8).to_bytes(8, "little") + b"\x11" * 8,
                 "read across the beginning")
            same(client.read(MIXED, start + size - 8, 16),
                 b"\x22" * 8 + (start + size).to_bytes(8, "little"), "read across the end")
        # what the client does to the file elsewhere is nobody's business
        mapping.bytes[0x6000:0x6008] = b"\xff" * 8
        same(client.read(MIXED, 0x6000, 8), (0x6000).to_bytes(8, "little"), "a register")


@case("memory: 1 GiB takes no more room than is written")
def lazy(_) -> None:
    with mapped("vdev_test-large") as (client, mapping):
        same(mapping.size, LARGE_SIZE, "size")
        for place in range(0, LARGE_SIZE, LARGE_SIZE // 16):
            check(client.read(MEMORY, place, vu.MAX_DATA) == bytes(vu.MAX_DATA), "zeroes")
        same(mapping.used(), 0, "bytes used by reading")
        client.write(MEMORY, LARGE_SIZE - 4, b"last")
        mapping.bytes[LARGE_SIZE // 2:LARGE_SIZE // 2 + 4] = b"half"
        same(client.read(MEMORY, LARGE_SIZE // 2, 4), b"half", "written by mapping")
        same(mapping.bytes[LARGE_SIZE - 4:], b"last", "written by message")
        same(mapping.used(), 2 * PAGE, "bytes used by two writes")


@case("memory: a reset empties it under the mappings")
def reset(_) -> None:
    def flr(client: vu.Client) -> None:
        control = TestCard(client).capability(testcard.EXPRESS) + testcard.DEVICE_CONTROL
        client.set_config(control, 2, testcard.FLR)

    with mapped() as (client, mapping):
        for how in (vu.Client.reset, flr):
            client.set_config(testcard.PCI_COMMAND, 2, testcard.DECODE)
            mapping.bytes[0:4] = b"here"
            client.write(MEMORY, MEMORY_SIZE - 4, b"tail")
            how(client)
            same(mapping.bytes[0:4] + mapping.bytes[-4:], bytes(8), "mapped, after a reset")
            client.set_config(testcard.PCI_COMMAND, 2, testcard.DECODE)
            same(client.read(MEMORY, 0, 4), bytes(4), "read, after a reset")
            mapping.bytes[0:4] = b"next"
            same(client.read(MEMORY, 0, 4), b"next", "it is the same memory yet")


@case("memory: a reset gives it back")
def reset_frees(_) -> None:
    with mapped() as (client, mapping):
        mapping.bytes[:] = b"\xff" * MEMORY_SIZE
        same(mapping.used(), MEMORY_SIZE, "bytes used")
        client.reset()
        same(mapping.used(), 0, "bytes used after the reset")


@case("memory: what one client keeps of it, the next one does not see")
def next_client(_) -> None:
    with testcard.test_server() as server:
        first = server.client()
        TestCard(first).start_up()
        with Mapping(first) as old:
            old.bytes[0:6] = b"secret"
            first.close()
            with server.client() as client:
                TestCard(client).start_up()
                with Mapping(client) as mapping:
                    same(mapping.bytes[0:6], bytes(6), "what the next one has mapped")
                    mapping.bytes[0:5] = b"other"
                    old.bytes[0:6] = b"sneaky"
                    same(client.read(MEMORY, 0, 6), b"other\0", "what it reads")


@case("memory: messages get no answer while COMMAND.MEM is off")
def decoding(_) -> None:
    with mapped() as (client, mapping):
        client.write(MEMORY, 0, b"keep")
        client.set_config(testcard.PCI_COMMAND, 2, 0)
        same(client.read(MEMORY, 0, 4), b"\xff" * 4, "read")
        client.write(MEMORY, 0, b"lost")
        client.set_config(testcard.PCI_COMMAND, 2, testcard.DECODE)
        same(client.read(MEMORY, 0, 4), b"keep", "read once it is on again")
        same(mapping.bytes[0:4], b"keep", "mapped")


@case("memory: with --no-mmap there is nothing to map, and the same memory")
def no_mmap(_) -> None:
    with Server("--model", "vdev_test-pcie", "--no-mmap", name="vdevd-test") as server:
        with server.client() as client:
            TestCard(client).start_up()
            for region, size in ((MEMORY, MEMORY_SIZE), (MIXED, 0x10000)):
                same(client.region_memory(region),
                     ((32, READ | WRITE, region, 0, size, region << 40), b"", []), "region")
            client.write(MEMORY, MEMORY_SIZE - 8, b"the last")
            same(client.read(MEMORY, MEMORY_SIZE - 8, 8), b"the last", "memory")
            client.reset()
            client.set_config(testcard.PCI_COMMAND, 2, testcard.DECODE)
            same(client.read(MEMORY, MEMORY_SIZE - 8, 8), bytes(8), "memory after a reset")


@case("memory: a client cannot make the file another")
def sealed(_) -> None:
    def denied(what: str, call, *arguments) -> None:
        try:
            call(*arguments)
        except OSError as error:
            same(error.errno, errno.EPERM, what)
            return
        check(False, f"{what} is allowed")

    with mapped() as (client, mapping):
        for size in (0, PAGE, MEMORY_SIZE - 1, MEMORY_SIZE + 1, 1 << 40):
            denied(f"size {size}", os.ftruncate, mapping.fd, size)
        for seal in (F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE):
            denied(f"seal {seal}", fcntl.fcntl, mapping.fd, F_ADD_SEALS, seal)
        client.write(MEMORY, MEMORY_SIZE - 4, b"tail")
        same(mapping.bytes[-4:], b"tail", "last bytes")
        client.reset()
        same(mapping.bytes[-4:], bytes(4), "last bytes after a reset")


@case("memory: whatever else a client does to the file, the server lives")
def abused(_) -> None:
    with testcard.test_server() as server:
        with server.client() as client:
            TestCard(client).start_up()
            with Mapping(client) as mapping:
                flags = fcntl.fcntl(mapping.fd, fcntl.F_GETFL)
                fcntl.fcntl(mapping.fd, fcntl.F_SETFL, flags | os.O_APPEND | os.O_NONBLOCK)
                os.lseek(mapping.fd, 12345, os.SEEK_SET)
                fcntl.flock(mapping.fd, fcntl.LOCK_EX)
                fcntl.lockf(mapping.fd, fcntl.LOCK_EX)
                for _ in range(3):
                    client.write(MEMORY, 0, b"x" * 100)
                    same(len(client.read(MEMORY, 0, 100)), 100, "bytes read")
                    client.reset()
                    client.set_config(testcard.PCI_COMMAND, 2, testcard.DECODE)
        with server.client() as client:
            TestCard(client).start_up()
            client.write(MEMORY, 0, b"next")
            same(client.read(MEMORY, 0, 4), b"next", "the next client's memory")


@case("memory: a descriptor arrives with its own reply only")
def right_reply(_) -> None:
    regions = [MEMORY, REGISTERS, MIXED, 7, MEMORY] * 40
    with testcard.test_server() as server, server.client() as client:
        fds = server.fds()
        # all at once, and nothing is read until the server can send no more
        client.send_raw(b"".join(
            vu.message(vu.DEVICE_GET_REGION_INFO, vu.REGION_INFO.pack(4096, 0, region, 0, 0, 0), n)
            for n, region in enumerate(regions)))
        for number, region in enumerate(regions):
            got = client.reply_to(number, vu.DEVICE_GET_REGION_INFO)
            same(len(got.fds), 1 if region in (MEMORY, MIXED) else 0, f"fds of reply {number}")
            for fd in got.fds:
                same(os.fstat(fd).st_size, MEMORY_SIZE if region == MEMORY else 0x10000, "size")
                os.close(fd)
        client.get_info()   # the last reply is gone, and what went with it is closed
        same(server.fds(), fds + 2, "the server's own descriptors")


@case("memory: nor is one left when there is no reply")
def no_reply(_) -> None:
    with testcard.test_server() as server, server.client() as client:
        fds = server.fds()
        for _ in range(100):
            client.send(vu.DEVICE_GET_REGION_INFO, vu.REGION_INFO.pack(32, 0, MEMORY, 0, 0, 0),
                        flags=vu.NO_REPLY)
        client.get_info()
        check(client.idle(), "no reply")
        same(server.fds(), fds + 1, "the server's descriptors")


@case("memory: replies that a client does not read keep their descriptors")
def unread(_) -> None:
    with testcard.test_server() as server:
        client = server.client()
        try:
            client.sock.settimeout(1)
            for _ in range(100000):
                client.send(vu.DEVICE_GET_REGION_INFO, vu.REGION_INFO.pack(32, 0, MEMORY, 0, 0, 0))
        except TimeoutError:
            pass
        client.close()


@case("memory: without a descriptor to spare the client is told so")
def no_descriptors(_) -> None:
    with testcard.test_server() as server, server.client() as client:
        TestCard(client).start_up()
        used = max(int(fd) for fd in os.listdir(f"/proc/{server.pid}/fd")) + 1
        most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[1]
        for room in (0, 1):
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + room, most))
            refused(errno.EMFILE, f"room for {room}", client.region_memory, MEMORY)
        same(client.region_memory(REGISTERS)[2], [], "fds of another region")
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 2, most))
        with Mapping(client) as mapping:
            mapping.bytes[0:4] = b"here"
            same(client.read(MEMORY, 0, 4), b"here", "memory, once there is one")
