# SPDX-License-Identifier: GPL-2.0-only
"""A device reads and writes the client's memory.

The device is dma-card, see dma_card.c: registers in BAR 0, its memory in BAR 1.
"""

import contextlib
import errno
import os
import time

import vfio_user as vu
from case import case, check, same
from server import Server
from test_dma import PAGE, RW, Memory

ADDRESS_LOW, ADDRESS_HIGH, LENGTH, COMMAND, STATUS, ERROR, SCRATCH = range(0, 28, 4)
READ, WRITE = 1, 2
BUSY, DONE = 1, 2
MEMORY_SIZE = 4 << 20


class Card:
    """dma-card and its client."""

    def __init__(self, client: vu.Client):
        self.client = client
        client.set_config(4, 2, 2)

    def register(self, offset: int) -> int:
        return int.from_bytes(self.client.read(0, offset, 4), "little")

    def set_register(self, offset: int, value: int) -> None:
        self.client.write(0, offset, value.to_bytes(4, "little"))

    def start(self, command: int, address: int, length: int) -> None:
        self.set_register(ADDRESS_LOW, address & 0xffffffff)
        self.set_register(ADDRESS_HIGH, address >> 32)
        self.set_register(LENGTH, length)
        self.set_register(COMMAND, command)

    def result(self) -> int:
        """Wait for the end of a transfer; its errno."""
        end = time.monotonic() + vu.TIMEOUT
        while self.register(STATUS) == BUSY and time.monotonic() < end:
            time.sleep(0.001)
        same(self.register(STATUS), DONE, "status")
        return self.register(ERROR)

    def transfer(self, command: int, address: int, length: int) -> int:
        """Do all of it where the client is not asked; return the errno."""
        self.start(command, address, length)
        return self.result()

    def memory(self, offset: int, size: int) -> bytes:
        return self.client.read(1, offset, size)

    def set_memory(self, offset: int, data: bytes) -> None:
        same(self.client.write(1, offset, data), len(data), "bytes written to BAR 1")

    def asked(self) -> vu.Message:
        """Wait for what the device wants of the client."""
        if self.client.commands:
            return self.client.commands.pop(0)
        return self.client.receive()

    def answer(self, message: vu.Message, body: bytes = b"", error: int = 0,
               message_id: int | None = None, command: int | None = None) -> None:
        flags = vu.TYPE_REPLY | (vu.ERROR if error else 0)
        message_id = message.id if message_id is None else message_id
        command = command or message.command
        self.client.send_raw(vu.header(command, 16 + len(body), message_id, flags, error) + body)


@contextlib.contextmanager
def a_card(capabilities=vu.CAPABILITIES):
    with Server(name="dma-card") as server:
        fds = server.fds()
        with server.connect() as client:
            client.negotiate(capabilities)
            yield Card(client)
        server.settle(fds)


def pattern(size: int, seed: int = 1) -> bytes:
    return bytes((n * 7 + n // 256 + seed) & 0xff for n in range(size))


@case("transfers: through shared memory, mapped or as a file")
def shared(_) -> None:
    for mode in (0, vu.MMAP, vu.FILE_IO):
        with a_card() as card, Memory() as memory:
            card.client.dma_map(1 << 33, 8 * PAGE, RW | mode, 2 * PAGE, memory.fd)
            memory.write(2 * PAGE + 100, pattern(5000))
            same(card.transfer(READ, (1 << 33) + 100, 5000), 0, "errno")
            same(card.memory(0, 5000), pattern(5000), "what the device has read")
            card.set_memory(0, pattern(3 * PAGE, 9))
            same(card.transfer(WRITE, (1 << 33) + 5 * PAGE, 3 * PAGE), 0, "errno")
            same(memory.read(7 * PAGE, 3 * PAGE), pattern(3 * PAGE, 9), "what it has written")
            same(memory.read(0, 2 * PAGE), bytes(2 * PAGE), "what it may not touch")
            same(card.transfer(READ, 1 << 33, 0), 0, "errno of no bytes")


@case("transfers: across pieces that lie side by side")
def across(_) -> None:
    with a_card() as card, Memory() as memory:
        for number, place in enumerate((5, 3, 0, 7)):
            card.client.dma_map(number * PAGE, PAGE, RW | (vu.FILE_IO if number % 2 else 0),
                                place * PAGE, memory.fd)
        data = pattern(4 * PAGE)
        card.set_memory(0, data)
        same(card.transfer(WRITE, 0, 4 * PAGE), 0, "errno")
        for number, place in enumerate((5, 3, 0, 7)):
            same(memory.read(place * PAGE, PAGE), data[number * PAGE:(number + 1) * PAGE],
                 f"piece {number}")
        same(card.transfer(READ, 100, 3 * PAGE), 0, "errno")
        same(card.memory(0, 3 * PAGE), data[100:100 + 3 * PAGE], "what was read back")


@case("transfers: where nothing is mapped, or not for that")
def refused_access(_) -> None:
    with a_card() as card, Memory() as memory:
        same(card.transfer(READ, 0, 4), errno.EINVAL, "nothing mapped at all")
        card.client.dma_map(PAGE, PAGE, vu.READABLE, 0, memory.fd)
        card.client.dma_map(2 * PAGE, PAGE, vu.WRITEABLE | vu.FILE_IO, PAGE, memory.fd)
        card.client.dma_map((1 << 64) - PAGE, PAGE, RW, 0, memory.fd)
        card.set_memory(0, b"x" * 64)
        for address, length, command, number in (
                (0, 4, READ, errno.EINVAL), (PAGE - 1, 4, READ, errno.EINVAL),
                (2 * PAGE - 2, 4, READ, errno.EPERM), (3 * PAGE - 2, 4, WRITE, errno.EINVAL),
                (PAGE, 4, WRITE, errno.EPERM), (2 * PAGE, 4, READ, errno.EPERM),
                (2 * PAGE - 2, 4, WRITE, errno.EPERM), ((1 << 64) - 4, 8, READ, errno.EINVAL),
                ((1 << 64) - 4, 4, READ, 0), (2 * PAGE, PAGE, WRITE, 0), (PAGE, PAGE, READ, 0)):
            same(card.transfer(command, address, length), number,
                 f"command {command}, {length} bytes at {address:#x}")
        same(memory.read(0, PAGE), bytes(PAGE), "what may only be read")
        card.client.dma_unmap(PAGE, PAGE)
        same(card.transfer(READ, PAGE, 4), errno.EINVAL, "errno once it is unmapped")


@case("transfers: memory that is cut off under the server")
def truncated(_) -> None:
    for mode in (vu.MMAP, vu.FILE_IO):
        with a_card() as card, Memory() as memory:
            card.client.dma_map(0, 16 * PAGE, RW | mode, 0, memory.fd)
            same(card.transfer(READ, 0, 16 * PAGE), 0, "errno")
            os.truncate(memory.fd, 4 * PAGE)
            same(card.transfer(READ, 0, 16 * PAGE), errno.EFAULT, "errno")
            same(card.transfer(READ, 8 * PAGE, 1), errno.EFAULT, "errno")
            same(card.transfer(READ, 0, 4 * PAGE), 0, "errno of what is left")
            if mode == vu.MMAP:
                same(card.transfer(WRITE, 4 * PAGE, 1), errno.EFAULT, "errno")
            os.truncate(memory.fd, 16 * PAGE)
            same(card.transfer(WRITE, 0, 16 * PAGE), 0, "errno once it is back")


@case("transfers: the client is asked where it shares nothing")
def by_message(_) -> None:
    with a_card() as card:
        card.client.dma_map(1 << 40, 8 * PAGE)
        card.start(READ, (1 << 40) + 8, 300)
        message = card.asked()
        same((message.command, message.flags, vu.DMA_ACCESS.unpack(message.body)),
             (vu.DMA_READ, vu.TYPE_COMMAND, ((1 << 40) + 8, 300)), "what the device asks")
        card.answer(message, message.body + pattern(300))
        same((card.result(), card.memory(0, 300)), (0, pattern(300)), "what was read")
        for body in (lambda m: b"", lambda m: m.body[:16], lambda m: m.body[:12]):
            card.set_memory(0, pattern(300, 5))
            card.start(WRITE, 1 << 40, 300)
            message = card.asked()
            same((message.command, message.body),
                 (vu.DMA_WRITE, vu.DMA_ACCESS.pack(1 << 40, 300) + pattern(300, 5)),
                 "what the device asks")
            card.answer(message, body(message))
            same(card.result(), 0, "errno")


@case("transfers: in messages that the client can take")
def chunks(_) -> None:
    for limit, sizes in ((1000, [1000, 1000, 1000, 96]), (1 << 20, [3096]), (1 << 30, [3096])):
        with a_card({"capabilities": {"max_data_xfer_size": limit}}) as card:
            card.client.dma_map(0, 1 << 30)
            card.start(READ, 4000, 3096)
            address, data = 4000, b""
            for size in sizes:
                message = card.asked()
                same(vu.DMA_ACCESS.unpack(message.body), (address, size), "what is asked")
                part = pattern(size, size & 0xff)
                data += part
                card.answer(message, message.body + part)
                address += size
            same(card.result(), 0, "errno")
            same(card.memory(0, 3096), data, "what was read")
    with a_card({}) as card:
        card.client.dma_map(0, 1 << 30)
        card.set_memory(0, pattern(1 << 20))
        card.start(WRITE, 0, MEMORY_SIZE)
        for number in range(4):
            message = card.asked()
            same((vu.DMA_ACCESS.unpack_from(message.body), len(message.body)),
                 ((number << 20, 1 << 20), 16 + (1 << 20)), "what is asked")
            card.answer(message)
        same(card.result(), 0, "errno")


@case("transfers: errors of the client are the device's")
def client_errors(_) -> None:
    with a_card() as card:
        card.client.dma_map(0, PAGE)
        for error, expected in ((errno.EFAULT, errno.EFAULT), (errno.ENODEV, errno.ENODEV),
                                (1, 1), (4095, 4095), (4096, errno.EIO), (0xffffffff, errno.EIO)):
            for command in (READ, WRITE):
                card.start(command, 0, 64)
                card.answer(card.asked(), error=error)
                same(card.result(), expected, "errno")
        card.start(READ, 0, 64)
        message = card.asked()
        card.client.send_raw(vu.header(message.command, 16, message.id, vu.TYPE_REPLY | vu.ERROR))
        same(card.result(), errno.EIO, "errno of an error without one")


@case("transfers: registers answer while the client is asked")
def served_meanwhile(_) -> None:
    with a_card() as card, Memory() as memory:
        card.client.dma_map(0, PAGE)
        card.start(READ, 0, 64)
        message = card.asked()
        for value in range(50):
            card.set_register(SCRATCH, value)
            same((card.register(SCRATCH), card.register(STATUS)), (value, BUSY), "registers")
        card.client.dma_map(PAGE, PAGE, RW, 0, memory.fd)
        card.client.dma_unmap(PAGE, PAGE)
        card.answer(message, message.body + pattern(64))
        same(card.result(), 0, "errno")
        same(card.memory(0, 64), pattern(64), "what was read")


@case("transfers: memory that is unmapped while the client is asked")
def unmapped_meanwhile(_) -> None:
    with a_card({"capabilities": {"max_data_xfer_size": 64}}) as card:
        for unmap in ((0, PAGE, 0), (0, 0, vu.UNMAP_ALL)):
            card.client.dma_map(0, PAGE)
            card.start(WRITE, 0, 128)
            message = card.asked()
            card.client.dma_unmap(*unmap)
            card.answer(message)
            same(card.result(), errno.EFAULT, "errno")


@case("transfers: memory that loses its rights while the client is asked")
def remapped(_) -> None:
    for command, rights in ((WRITE, vu.READABLE), (READ, vu.WRITEABLE)):
        for mode in (vu.MMAP, vu.FILE_IO):
            with a_card() as card, Memory() as memory:
                card.client.dma_map(0, PAGE)
                card.client.dma_map(PAGE, PAGE, RW | mode, 0, memory.fd)
                card.start(command, 0, 2 * PAGE)
                request = card.asked()
                card.client.dma_unmap(PAGE, PAGE)
                card.client.dma_map(PAGE, PAGE, rights | mode, 0, memory.fd)
                memory.write(0, b"mine")
                card.answer(request, vu.DMA_ACCESS.pack(0, PAGE) +
                            (bytes(PAGE) if command == READ else b""))
                same(card.result(), errno.EFAULT, "errno")
                same(memory.read(0, 4), b"mine", "memory that is read only")


@case("transfers: a reset while the client is asked")
def reset_meanwhile(_) -> None:
    with a_card() as card:
        card.client.dma_map(0, PAGE)
        card.start(READ, 0, 64)
        message = card.asked()
        card.client.reset()
        card.client.set_config(4, 2, 2)
        same(card.register(STATUS), 0, "status after the reset")
        card.answer(message, message.body + pattern(64))
        same((card.register(STATUS), card.memory(0, 64)), (0, bytes(64)), "the answer came late")
        card.start(READ, 0, 64)
        message = card.asked()
        card.answer(message, message.body + pattern(64))
        same((card.result(), card.memory(0, 64)), (0, pattern(64)), "the next")


@case("transfers: answers that are none cut the connection")
def bad_answers(_) -> None:
    def extra(card: Card, message: vu.Message) -> None:
        card.answer(message, message.body + bytes(64))
        card.answer(message, message.body + bytes(64))

    for what, bad in {
            "another id": lambda c, m: c.answer(m, m.body + bytes(64), message_id=m.id + 1),
            "another command": lambda c, m: c.answer(m, m.body + bytes(64), command=vu.DMA_WRITE),
            "an unknown command": lambda c, m: c.answer(m, command=99),
            "no data": lambda c, m: c.answer(m, m.body),
            "no body": lambda c, m: c.answer(m),
            "too little": lambda c, m: c.answer(m, m.body + bytes(63)),
            "too much": lambda c, m: c.answer(m, m.body + bytes(65)),
            "1 MiB": lambda c, m: c.answer(m, m.body + bytes(1 << 20)),
            "another address": lambda c, m: c.answer(m, vu.DMA_ACCESS.pack(1, 64) + bytes(64)),
            "another count": lambda c, m: c.answer(m, vu.DMA_ACCESS.pack(0, 63) + bytes(64)),
            "twice": extra}.items():
        with a_card() as card:
            card.client.dma_map(0, PAGE)
            card.start(READ, 0, 64)
            message = card.asked()
            try:
                bad(card, message)
                card.client.wait_cut()
            except vu.Cut:
                pass
            except (ValueError, TimeoutError) as error:
                raise AssertionError(f"{what}: {error}") from error
    for body in (bytes(15), bytes(17), vu.DMA_ACCESS.pack(0, 63), bytes(8)):
        with a_card() as card:
            card.client.dma_map(0, PAGE)
            card.start(WRITE, 0, 64)
            card.answer(card.asked(), body)
            card.client.wait_cut()


@case("transfers: a client that goes while it is asked")
def gone_meanwhile(_) -> None:
    for command in (READ, WRITE):
        with Server(name="dma-card") as server:
            fds = server.fds()
            for _turn in range(3):
                with server.client() as client:
                    card = Card(client)
                    client.dma_map(0, PAGE)
                    card.start(command, 0, 64)
                    card.asked()
                server.settle(fds)
            with server.client() as client:
                card = Card(client)
                same(card.register(STATUS), 0, "status for the next client")


@case("transfers: a client that does not answer is cut off in time")
def no_answer(_) -> None:
    with a_card() as card:
        card.client.dma_map(0, PAGE)
        card.start(READ, 0, 64)
        card.asked()
        start = time.monotonic()
        card.client.wait_cut()
        took = time.monotonic() - start
        check(4 < took < 8, f"after {took:.1f} s")


@case("transfers: SIGTERM while the client is asked")
def terminated_meanwhile(_) -> None:
    with Server(name="dma-card") as server:
        with server.client() as client:
            card = Card(client)
            client.dma_map(0, PAGE)
            card.start(READ, 0, 64)
            card.asked()
            server.process.terminate()
            same(server.wait(), 0, "exit status")


@case("transfers: a client that does not read while it is asked")
def full_socket(_) -> None:
    with a_card() as card:
        client = card.client
        client.dma_map(0, 1 << 30)
        card.set_register(LENGTH, MEMORY_SIZE)
        # the write that starts it is followed by more than the socket takes back
        text = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, 7, 256), 7) * 700
        client.send_raw(vu.message(vu.REGION_WRITE, vu.ACCESS.pack(COMMAND, 0, 4) + b"\2\0\0\0",
                                   6) + text[:10000])
        client.reply_to(6, vu.REGION_WRITE)
        asked = 0
        client.send_raw(text[10000:20000])
        replies = 0
        while replies < 20000 // 32 or asked < 4:
            got = client.receive()
            if got.is_reply:
                replies += 1
            else:
                asked += 1
                card.answer(got)
        same(card.result(), 0, "errno")
