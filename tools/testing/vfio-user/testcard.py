# SPDX-License-Identifier: GPL-2.0-only
"""The test device, samples/vfio-mdev/vdev_test_model.c, and its client."""

import contextlib
import errno
import time

import vfio_user as vu
from case import same
from server import Server

MAGIC, SCRATCH, RAISE = 0x00, 0x04, 0x08
IOVA_LOW, IOVA_HIGH, LENGTH, COMMAND, RESULT = 0x10, 0x14, 0x18, 0x1c, 0x20
TRANSFERS, TIMER, TIMEOUTS, RESETS = 0x24, 0x28, 0x2c, 0x30
BUFFER = 0x1000
BUFFER_SIZE = 0x10000

READ, WRITE = 1, 2
NO_VECTOR = 0xffff
BUSY = 0xffffffff
TIMER_VECTOR = 1

REGISTERS, MEMORY, MIXED = 0, 2, 4      # BARs
MEMORY_SIZE = 0x100000                  # of vdev_test-pcie
LARGE_SIZE = 1 << 30                    # of vdev_test-large
AREAS = ((0x4000, 0x2000), (0x8000, 0x1000))

PCI_COMMAND = 4
DECODE, MASTER = 2, 4
CAP_POINTER = 0x34
EXPRESS, MSI, MSIX = 0x10, 0x05, 0x11
DEVICE_CONTROL = 8                      # in the PCI Express capability
FLR = 1 << 15


class TestCard:
    """What a driver would do."""

    def __init__(self, client: vu.Client):
        self.client = client

    def start_up(self) -> None:
        self.client.set_config(PCI_COMMAND, 2, DECODE | MASTER)
        same(self.get(MAGIC), 0x76646576, "magic")

    def get(self, register: int) -> int:
        return int.from_bytes(self.client.read(REGISTERS, register, 4), "little")

    def put(self, register: int, value: int) -> None:
        self.client.write(REGISTERS, register, value.to_bytes(4, "little"))

    def start(self, command: int, iova: int, length: int, vector: int = NO_VECTOR) -> None:
        self.put(IOVA_LOW, iova & 0xffffffff)
        self.put(IOVA_HIGH, iova >> 32)
        self.put(LENGTH, length)
        self.put(COMMAND, command | vector << 16)

    def result(self) -> int:
        """Wait for the end of a transfer; its errno."""
        end = time.monotonic() + vu.TIMEOUT
        while (got := self.get(RESULT)) == BUSY and time.monotonic() < end:
            time.sleep(0.001)
        return got

    def transfer(self, command: int, iova: int, length: int) -> str:
        """All of it, where the client is not asked; the name of its errno."""
        self.start(command, iova, length)
        got = self.result()
        return errno.errorcode.get(got, str(got))

    def buffer(self, size: int) -> bytes:
        return self.client.read(REGISTERS, BUFFER, size)

    def set_buffer(self, data: bytes) -> None:
        same(self.client.write(REGISTERS, BUFFER, data), len(data), "bytes written")

    def capability(self, wanted: int) -> int:
        at = self.client.config(CAP_POINTER, 1)
        while at and self.client.config(at, 1) != wanted:
            at = self.client.config(at + 1, 1)
        return at

    def asked(self) -> vu.Message:
        """Wait for what the device wants of the client."""
        if self.client.commands:
            return self.client.commands.pop(0)
        return self.client.receive()

    def answer(self, message: vu.Message, body: bytes = b"") -> None:
        self.client.send_raw(vu.header(message.command, vu.HEADER.size + len(body), message.id,
                                       vu.TYPE_REPLY) + body)

    def answer_read(self, message: vu.Message, data: bytes) -> None:
        address, count = vu.DMA_ACCESS.unpack_from(message.body)
        same(len(data), count, "bytes asked for")
        self.answer(message, vu.DMA_ACCESS.pack(address, count) + data)


@contextlib.contextmanager
def test_server(model: str = "vdev_test-pcie"):
    """A server that, in the end, holds nothing of its clients."""
    with Server("--model", model, name="vdevd-test") as server:
        fds = server.fds()
        yield server
        server.settle(fds)


@contextlib.contextmanager
def test_card(model: str = "vdev_test-pcie"):
    with test_server(model) as server, server.client() as client:
        card = TestCard(client)
        card.start_up()
        yield card
