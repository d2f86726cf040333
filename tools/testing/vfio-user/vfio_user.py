# SPDX-License-Identifier: GPL-2.0-only
"""A vfio-user client, well-behaved or not.

Messages are made here from the specification (QEMU's docs/interop/vfio-user.rst)
and share nothing with the server's own definitions.
"""

import array
import errno
import json
import os
import socket
import struct
import time

VERSION = 1
DMA_MAP = 2
DMA_UNMAP = 3
DEVICE_GET_INFO = 4
DEVICE_GET_REGION_INFO = 5
DEVICE_GET_REGION_IO_FDS = 6
DEVICE_GET_IRQ_INFO = 7
DEVICE_SET_IRQS = 8
REGION_READ = 9
REGION_WRITE = 10
DMA_READ = 11
DMA_WRITE = 12
DEVICE_RESET = 13
DIRTY_PAGES = 14
REGION_WRITE_MULTI = 15
DEVICE_FEATURE = 16
MIG_DATA_READ = 17
MIG_DATA_WRITE = 18

TYPE_COMMAND = 0
TYPE_REPLY = 1
NO_REPLY = 0x10
ERROR = 0x20

HEADER = struct.Struct("=HHIII")
ACCESS = struct.Struct("=QII")
DMA_ACCESS = struct.Struct("=QQ")
MAP = struct.Struct("=IIQQQ")
UNMAP = struct.Struct("=IIQQ")
DEVICE_INFO = struct.Struct("=IIII")
REGION_INFO = struct.Struct("=IIIIQQ")
IRQ_INFO = struct.Struct("=IIII")
IRQ_SET = struct.Struct("=IIIII")
WRITE_ONE = struct.Struct("=QII8s")

MAX_DATA = 1 << 20
MAX_FDS = 16
MAX_MESSAGE = HEADER.size + ACCESS.size + MAX_DATA

READABLE = 1
WRITEABLE = 2
MMAP = 4
FILE_IO = 8
UNMAP_ALL = 2

CONFIG_REGION = 7
NUM_REGIONS = 9
INTX, MSI, MSIX, ERR, REQ = range(5)
NUM_IRQS = 5

DATA_NONE = 1
DATA_BOOL = 2
DATA_EVENTFD = 4
ACTION_MASK = 8
ACTION_UNMASK = 16
ACTION_TRIGGER = 32

# What QEMU 11.1 sends.
CAPABILITIES = {"capabilities": {
    "migration": {"pgsize": 4096, "max_bitmap_size": 268435456},
    "max_msg_fds": 16, "max_data_xfer_size": 1048576, "pgsizes": 4096,
    "max_dma_maps": 65535, "write_multiple": True}}

# A failure's price only.
TIMEOUT = 20


class Refused(Exception):
    """The server replied with an error."""

    def __init__(self, command: int, number: int):
        super().__init__(f"command {command}: {errno.errorcode.get(number, number)}")
        self.errno = number


class Cut(Exception):
    """The server has closed the connection."""


class Message:
    def __init__(self, header: bytes, body: bytes, fds: list[int]):
        self.id, self.command, self.size, self.flags, self.error = HEADER.unpack(header)
        self.body = body
        self.fds = fds

    @property
    def is_reply(self) -> bool:
        return self.flags & 0xf == TYPE_REPLY


def header(command: int, size: int, message_id: int = 0, flags: int = 0, error: int = 0) -> bytes:
    return HEADER.pack(message_id, command, size, flags, error)


def message(command: int, body: bytes = b"", message_id: int = 0, flags: int = 0) -> bytes:
    return header(command, HEADER.size + len(body), message_id, flags) + body


def version_body(major: int = 0, minor: int = 0, capabilities=None) -> bytes:
    text = b"" if capabilities is None else json.dumps(capabilities).encode() + b"\0"
    return struct.pack("=HH", major, minor) + text


class Client:
    """One connection. Every wait ends, in TimeoutError if need be."""

    def __init__(self, path: str | None = None, sock: socket.socket | None = None):
        self.sock = sock or socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        if path:
            self.sock.connect(path)
        self._next_id = 1
        # Commands of the server that came while a reply was waited for.
        self.commands: list[Message] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.sock.close()

    # -- the wire -------------------------------------------------------------

    def send_raw(self, data: bytes, fds: list[int] | None = None) -> None:
        """Send bytes; the fds go with the first of them."""
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            sent = self.sock.sendmsg([data], ancillary)
            if data[sent:]:
                self.sock.sendall(data[sent:])
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Cut from error

    def send(self, command: int, body: bytes = b"", fds: list[int] | None = None,
             flags: int = 0) -> int:
        message_id = self._next_id
        self._next_id = (self._next_id + 1) & 0xffff
        self.send_raw(message(command, body, message_id, flags), fds)
        return message_id

    def _receive_exactly(self, size: int) -> tuple[bytes, list[int]]:
        data, fds = b"", []
        while len(data) < size:
            try:
                part, ancillary, _, _ = self.sock.recvmsg(size - len(data), 4096)
            except ConnectionResetError as error:
                raise Cut from error
            if not part:
                raise Cut
            data += part
            for level, kind, content in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds += array.array("i", content)
        return data, fds

    def receive(self) -> Message:
        head, fds = self._receive_exactly(HEADER.size)
        size = HEADER.unpack(head)[2]
        if not HEADER.size <= size <= MAX_MESSAGE:
            raise ValueError(f"the server sent a message of {size} bytes")
        body, more = self._receive_exactly(size - HEADER.size)
        return Message(head, body, fds + more)

    def reply_to(self, message_id: int, command: int) -> Message:
        """Wait for the reply; it must be in form."""
        while True:
            got = self.receive()
            if got.is_reply:
                break
            self.commands.append(got)
        if (got.id, got.command) != (message_id, command):
            raise ValueError(f"reply {got.id} to {got.command}, "
                             f"expected {message_id} to {command}")
        if got.flags & ~(TYPE_REPLY | ERROR):
            raise ValueError(f"flags {got.flags:#x} in a reply")
        if got.flags & ERROR and got.body:
            raise ValueError("an error reply with a body")
        return got

    def call_for_fds(self, command: int, body: bytes = b"",
                     fds: list[int] | None = None) -> tuple[bytes, list[int]]:
        """Send a command, return body and file descriptors of its reply."""
        got = self.reply_to(self.send(command, body, fds), command)
        if got.flags & ERROR:
            if got.fds:
                raise ValueError("fds with an error")
            raise Refused(command, got.error)
        return got.body, got.fds

    def call(self, command: int, body: bytes = b"", fds: list[int] | None = None) -> bytes:
        """Send a command, return the body of its reply."""
        answer, got_fds = self.call_for_fds(command, body, fds)
        if got_fds:
            raise ValueError("fds with a reply that has none")
        return answer

    def wait_cut(self) -> None:
        """Wait until the server closes the connection; nothing else may come."""
        try:
            got = self.receive()
        except Cut:
            return
        raise ValueError(f"a message of command {got.command} instead of the end")

    def idle(self) -> bool:
        """Nothing has come from the server, and the connection is open."""
        self.sock.setblocking(False)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        finally:
            self.sock.settimeout(TIMEOUT)
        return False

    # -- commands -------------------------------------------------------------

    def negotiate(self, capabilities=CAPABILITIES) -> bytes:
        return self.call(VERSION, version_body(0, 0, capabilities))

    def get_info(self, argsz: int = 16) -> tuple:
        return DEVICE_INFO.unpack(self.call(DEVICE_GET_INFO, DEVICE_INFO.pack(argsz, 0, 0, 0)))

    def region_info(self, index: int, argsz: int = 32) -> tuple:
        return REGION_INFO.unpack(self.call(DEVICE_GET_REGION_INFO,
                                            REGION_INFO.pack(argsz, 0, index, 0, 0, 0)))

    def region_memory(self, index: int, argsz: int = 4096) -> tuple[tuple, bytes, list[int]]:
        """The same of a region that may have memory: info, capabilities, file descriptors."""
        body, fds = self.call_for_fds(DEVICE_GET_REGION_INFO,
                                      REGION_INFO.pack(argsz, 0, index, 0, 0, 0))
        return REGION_INFO.unpack_from(body), body[REGION_INFO.size:], fds

    def irq_info(self, index: int, argsz: int = 16) -> tuple:
        return IRQ_INFO.unpack(self.call(DEVICE_GET_IRQ_INFO, IRQ_INFO.pack(argsz, 0, index, 0)))

    def set_irqs(self, flags: int, index: int, start: int = 0, count: int = 1, data: bytes = b"",
                 fds: list[int] | None = None) -> None:
        body = IRQ_SET.pack(IRQ_SET.size + len(data), flags, index, start, count) + data
        if self.call(DEVICE_SET_IRQS, body, fds):
            raise ValueError("a body in the reply to SET_IRQS")

    def bind(self, index: int, *fds: int) -> None:
        """Have interrupts of an index signal eventfds, in as many messages as it takes."""
        for start in range(0, max(1, len(fds)), MAX_FDS):
            part = list(fds[start:start + MAX_FDS])
            self.set_irqs(DATA_EVENTFD | ACTION_TRIGGER, index, start, max(1, len(part)), fds=part)

    def read(self, region: int, offset: int, count: int) -> bytes:
        body = self.call(REGION_READ, ACCESS.pack(offset, region, count))
        got = ACCESS.unpack_from(body)
        data = body[ACCESS.size:]
        if got != (offset, region, len(data)):
            raise ValueError(f"read of {(offset, region, count)} answered {got}")
        return data

    def write(self, region: int, offset: int, data: bytes) -> int:
        body = self.call(REGION_WRITE, ACCESS.pack(offset, region, len(data)) + data)
        got_offset, got_region, count = ACCESS.unpack(body)
        if (got_offset, got_region) != (offset, region):
            raise ValueError("write answered with another place")
        return count

    def post(self, region: int, offset: int, data: bytes) -> None:
        """Write without a reply."""
        self.send(REGION_WRITE, ACCESS.pack(offset, region, len(data)) + data, flags=NO_REPLY)

    def reset(self) -> None:
        if self.call(DEVICE_RESET):
            raise ValueError("a body in the reply to RESET")

    def dma_map(self, address: int, size: int, flags: int = READABLE | WRITEABLE, offset: int = 0,
                fd: int | None = None) -> None:
        if self.call(DMA_MAP, MAP.pack(MAP.size, flags, offset, address, size),
                     None if fd is None else [fd]):
            raise ValueError("a body in the reply to DMA_MAP")

    def dma_unmap(self, address: int, size: int, flags: int = 0) -> tuple:
        body = UNMAP.pack(UNMAP.size, flags, address, size)
        reply = self.call(DMA_UNMAP, body)
        if reply != body:
            raise ValueError("DMA_UNMAP does not answer what it was asked")
        return UNMAP.unpack(reply)

    def config(self, offset: int, width: int) -> int:
        return int.from_bytes(self.read(CONFIG_REGION, offset, width), "little")

    def set_config(self, offset: int, width: int, value: int) -> None:
        self.write(CONFIG_REGION, offset, value.to_bytes(width, "little"))


class Event:
    """An eventfd, as the client has it."""

    def __init__(self, flags: int = os.EFD_NONBLOCK | os.EFD_CLOEXEC):
        self.fd = os.eventfd(0, flags)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def take(self) -> int:
        """Signals since the last call."""
        try:
            return os.eventfd_read(self.fd)
        except BlockingIOError:
            return 0

    def wait(self, timeout: float = TIMEOUT) -> int:
        end = time.monotonic() + timeout
        while not (count := self.take()) and time.monotonic() < end:
            time.sleep(0.001)
        return count

    def signal(self) -> None:
        os.eventfd_write(self.fd, 1)
