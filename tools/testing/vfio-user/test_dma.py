# SPDX-License-Identifier: GPL-2.0-only
"""DMA_MAP and DMA_UNMAP: the table of the client's memory."""

import errno
import os
import random

import vfio_user as vu
from case import Skip, case, check, refused, same
from server import Server

PAGE = 4096
RW = vu.READABLE | vu.WRITEABLE


class Memory:
    """A piece of a client's memory that can be shared."""

    def __init__(self, size: int = 16 * PAGE):
        self.fd = os.memfd_create("vfio-user")
        os.truncate(self.fd, size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self.fd, size, offset)

    def write(self, offset: int, data: bytes) -> None:
        os.pwrite(self.fd, data, offset)


@case("dma: map and unmap, with memory and without")
def map_unmap(server: Server) -> None:
    with server.client() as client, Memory() as memory:
        client.dma_map(0, PAGE)
        client.dma_map(1 << 32, 4 * PAGE, vu.READABLE, PAGE, memory.fd)
        client.dma_map(PAGE, PAGE, RW | vu.MMAP, 0, memory.fd)
        client.dma_map(2 * PAGE, PAGE, vu.WRITEABLE | vu.FILE_IO, 0, memory.fd)
        client.dma_map((1 << 64) - PAGE, PAGE)
        same(server.shared_files(), 2, "mapped files")
        for address, size in ((0, PAGE), (1 << 32, 4 * PAGE), (PAGE, PAGE), (2 * PAGE, PAGE),
                              ((1 << 64) - PAGE, PAGE)):
            client.dma_unmap(address, size)
            refused(errno.ENOENT, "unmapped again", client.dma_unmap, address, size)
        same(server.shared_files(), 0, "mapped files")


@case("dma: what overlaps is refused")
def overlap(server: Server) -> None:
    with server.client() as client:
        client.dma_map(0x10000, 4 * PAGE)
        client.dma_map(0x20000, 4 * PAGE)
        for address, size in ((0x10000, 4 * PAGE), (0x10000, PAGE), (0x13000, PAGE),
                              (0xf000, 2 * PAGE), (0xf000, 6 * PAGE), (0x12000, 0x10000),
                              (0, 1 << 40), (0x14000, 0xd000), (0x23000, 2 * PAGE)):
            refused(errno.EEXIST, f"{size:#x} at {address:#x}", client.dma_map, address, size)
        client.dma_map(0x14000, 0xc000)
        client.dma_map(0xf000, PAGE)
        client.dma_map(0x24000, 1 << 40)


@case("dma: only what was mapped is unmapped")
def inexact(server: Server) -> None:
    with server.client() as client:
        client.dma_map(0x10000, 4 * PAGE)
        for address, size in ((0x10000, PAGE), (0x10000, 5 * PAGE), (0xf000, 5 * PAGE),
                              (0x11000, PAGE), (0, 0), (0x10000, 0), (0x20000, PAGE),
                              (0, (1 << 64) - PAGE)):
            refused(errno.ENOENT, f"{size:#x} at {address:#x}", client.dma_unmap, address, size)
        client.dma_unmap(0x10000, 4 * PAGE)


@case("dma: all at once")
def unmap_all(server: Server) -> None:
    with server.client() as client, Memory() as memory:
        client.dma_unmap(0, 0, vu.UNMAP_ALL)
        for number in range(50):
            client.dma_map(number * 2 * PAGE, PAGE, RW, 0, memory.fd if number % 2 else None)
        same(server.shared_files(), 25, "mapped files")
        refused(errno.EINVAL, "all, with an address", client.dma_unmap, PAGE, 0, vu.UNMAP_ALL)
        refused(errno.EINVAL, "all, with a size", client.dma_unmap, 0, PAGE, vu.UNMAP_ALL)
        same(server.shared_files(), 25, "mapped files")
        client.dma_unmap(0, 0, vu.UNMAP_ALL)
        same(server.shared_files(), 0, "mapped files")
        client.dma_map(0, 1 << 40)


@case("dma: requests that make no sense")
def nonsense(server: Server) -> None:
    def raw(client: vu.Client, argsz: int, flags: int, offset: int, address: int, size: int,
            fd: int | None = None) -> None:
        client.call(vu.DMA_MAP, vu.MAP.pack(argsz, flags, offset, address, size),
                    None if fd is None else [fd])

    top = 1 << 64
    with server.client() as client, Memory() as memory:
        for what, arguments in {
                "argsz too small": (31, RW, 0, 0, PAGE),
                "argsz 0": (0, RW, 0, 0, PAGE),
                "no rights": (32, 0, 0, 0, PAGE),
                "unknown flag": (32, RW | 16, 0, 0, PAGE),
                "high flag": (32, RW | 1 << 31, 0, 0, PAGE),
                "no size": (32, RW, 0, 0, 0),
                "part of a page": (32, RW, 0, 0, 100),
                "within a page": (32, RW, 0, 8, PAGE),
                "file within a page": (32, RW, 1, 0, PAGE, memory.fd),
                "beyond 2^64": (32, RW, 0, top - PAGE, 2 * PAGE),
                "beyond 2^64 by far": (32, RW, 0, PAGE, top - PAGE),
                "file beyond 2^63": (32, RW, (1 << 63) - PAGE, 0, 2 * PAGE, memory.fd),
                "huge": (32, RW, 0, 0, 1 << 63),
                "mmap without a file": (32, RW | vu.MMAP, 0, 0, PAGE),
                "file I/O without a file": (32, RW | vu.FILE_IO, 0, 0, PAGE),
                "both modes": (32, RW | vu.MMAP | vu.FILE_IO, 0, 0, PAGE, memory.fd)}.items():
            refused(errno.EINVAL, what, raw, client, *arguments)
        for argsz, flags in ((23, 0), (0, 0), (24, 1), (24, 4), (24, 1 << 31), (24, 3)):
            refused(errno.EINVAL, f"unmap, argsz {argsz}, flags {flags}", client.call,
                    vu.DMA_UNMAP, vu.UNMAP.pack(argsz, flags, 0, PAGE))
        client.dma_map(0, PAGE)


@case("dma: files that cannot be memory")
def not_memory(server: Server) -> None:
    reader, writer = os.pipe()
    with server.client() as client, Memory() as memory:
        read_only = os.open(f"/proc/self/fd/{memory.fd}", os.O_RDONLY)
        for fd in (reader, writer, client.sock.fileno(), os.eventfd(0)):
            for mode in (0, vu.MMAP, vu.FILE_IO):
                refused(errno.EINVAL, "no file", client.dma_map, 0, PAGE, RW | mode, 0, fd)
        refused(errno.EACCES, "read only", client.dma_map, 0, PAGE, RW, 0, read_only)
        client.dma_map(0, PAGE, vu.READABLE, 0, read_only)
        client.dma_unmap(0, PAGE)
        # larger than any address space
        refused(errno.ENOMEM, "huge", client.dma_map, 0, 1 << 62, RW, 0, memory.fd)
        same(server.shared_files(), 0, "mapped files")
        os.close(read_only)
    os.close(reader)
    os.close(writer)


@case("dma: parts of huge pages")
def huge_pages(server: Server) -> None:
    try:
        fd = os.memfd_create("vfio-user", os.MFD_HUGETLB)
    except OSError as error:
        raise Skip(f"no huge pages: {error.strerror}") from error
    huge = os.fstat(fd).st_blksize
    os.truncate(fd, 2 * huge)
    with server.client() as client:
        for offset, size in ((0, PAGE), (PAGE, PAGE), (huge - PAGE, 2 * PAGE),
                             (huge + PAGE, huge - PAGE), (0, 2 * huge)):
            client.dma_map(0, size, RW, offset, fd)
            same(server.shared_files(), 1, "mapped files")
            client.dma_unmap(0, size)
            same(server.shared_files(), 0, f"mapped files after {size:#x} at {offset:#x}")
    os.close(fd)


@case("dma: as many pieces as promised, and no more")
def full_table(server: Server) -> None:
    with server.client() as client:
        batch = 128
        for start in range(0, 65535, batch):
            numbers = range(start, min(start + batch, 65535))
            # from the top down, which is the worst for a sorted table
            client.send_raw(b"".join(
                vu.message(vu.DMA_MAP, vu.MAP.pack(32, RW, 0, (65535 - n) * 2 * PAGE, PAGE), 1)
                for n in numbers))
            for _ in numbers:
                same(client.reply_to(1, vu.DMA_MAP).error, 0, "error")
        refused(errno.ENOSPC, "one more", client.dma_map, 1 << 60, PAGE)
        client.dma_unmap(2 * PAGE, PAGE)
        client.dma_map(1 << 60, PAGE)
        client.dma_unmap(0, 0, vu.UNMAP_ALL)
        client.dma_map(0, PAGE)


@case("dma: random maps, against a model")
def sequence(server: Server) -> None:
    source = random.Random(5)
    maps: dict[int, int] = {}
    with server.client() as client, Memory(64 * PAGE) as memory:
        for turn in range(4000):
            address, size = source.randrange(64) * PAGE, source.randrange(1, 8) * PAGE
            if source.randrange(2):
                free = all(address + size <= a or a + s <= address for a, s in maps.items())
                try:
                    client.dma_map(address, size, RW, 0, memory.fd if source.randrange(2) else None)
                    check(free, f"turn {turn}: mapped over another")
                    maps[address] = size
                except vu.Refused as refusal:
                    check(not free, f"turn {turn}: {refusal}")
                    same(refusal.errno, errno.EEXIST, "errno")
                continue
            if maps and source.randrange(4):
                address, size = source.choice(list(maps.items()))
            try:
                client.dma_unmap(address, size)
                same(maps.pop(address, None), size, f"turn {turn}: unmapped")
            except vu.Refused:
                check(maps.get(address) != size, f"turn {turn}: not unmapped")


@case("dma: a client that goes takes its memory along")
def gone(server: Server) -> None:
    with Memory() as memory:
        for _ in range(3):
            client = server.client()
            for number in range(20):
                client.dma_map(number * PAGE, PAGE, RW, 0, memory.fd)
            client.dma_map(1 << 20, PAGE, RW | vu.FILE_IO, 0, memory.fd)
            same(server.shared_files(), 20, "mapped files")
            client.close()
    with server.client() as client:
        same(server.shared_files(), 0, "mapped files")
        client.dma_map(0, PAGE)
