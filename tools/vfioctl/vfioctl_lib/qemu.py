# SPDX-License-Identifier: GPL-2.0-only
"""Find the streams of VFIO devices in a migration file of QEMU.

Such a file ("migrate file:...", or savevm into a file) is a sequence of sections.
Nothing says how long one is: who does not know a section's contents cannot tell
where the next one begins. Those of RAM and of VFIO are known here, and all that a
device gives out comes before the other sections. Where something else is in
between, the next section of VFIO is searched by QEMU's magic numbers.

A guest could have made bytes in its RAM that look like such a section; so the
search is used only where the way through the sections is lost.
"""

import dataclasses
import struct
from collections.abc import Iterator

from .source import Limit, Source, Stream

MAGIC = b"QEVM"
VERSION = 3

EOF, START, PART, END, FULL, SUBSECTION = range(6)
CONFIGURATION, COMMAND, FOOTER = 0x07, 0x08, 0x7e

# Of hw/vfio: a be64 each; DATA is followed by a be64 length and bytes
VFIO_MAGIC = b"\xff\xff\xff\xff\xef\x10\x00"
VFIO_END, VFIO_CONFIG, VFIO_SETUP, VFIO_DATA, VFIO_INIT_DATA_SENT, VFIO_LOAD_READY = range(1, 7)

RAM_PAGE_SIZE = 4096        # of an x86 guest
RAM_ZERO, RAM_MEM_SIZE, RAM_PAGE, RAM_EOS, RAM_CONTINUE, RAM_XBZRLE = 2, 4, 8, 0x10, 0x20, 0x40
RAM_MULTIFD_FLUSH = 0x200
RAM_KNOWN = 0x27e
# Begins the head of a block with migrate-capability mapped-ram: version and page size; the
# places of a bitmap and of the pages follow, a be64 each.
MAPPED_RAM = struct.pack(">IQ", 1, RAM_PAGE_SIZE)

MAX_DEVICES = 256
MAX_RECORDS = 1 << 23       # of QEMU's, in a file


class Lost(Exception):
    """These bytes are not what was expected there."""


@dataclasses.dataclass(slots=True)
class Device:
    """One VFIO device in the file."""
    name: str           # QEMU's path of it, such as 0000:00:04.0
    instance: int
    section: int        # QEMU's number for it
    stream: Stream
    records: int = 0    # DATA records
    ended: bool = False
    problem: str = ""   # why what there is of it cannot be all


class _Cursor:
    """Reads numbers of a file one after the other."""

    def __init__(self, source: Source, offset: int):
        self.source = source
        self.offset = offset

    def bytes(self, length: int) -> bytes:
        data = self.source.read(self.offset, length)
        if len(data) < length:
            raise Lost
        self.offset += length
        return data

    def number(self, length: int) -> int:
        return int.from_bytes(self.bytes(length), "big")

    def name(self) -> str:
        data = self.bytes(self.number(1))
        if not data.isascii() or not data.decode("ascii").isprintable():
            raise Lost
        return data.decode("ascii")

    def skip(self, length: int) -> None:
        if self.offset + length > self.source.size:
            raise Lost
        self.offset += length

    def peek(self, length: int) -> bytes:
        return self.source.read(self.offset, length)


class Walk:
    """One way through a file."""

    def __init__(self, source: Source):
        self._source = source
        self._cursor = _Cursor(source, 0)
        self._devices: dict[int, Device] = {}
        self._ram: int | None = None
        self._lost_before = False
        self._records = 0

    def devices(self) -> list[Device]:
        cursor = self._cursor
        if cursor.bytes(4) != MAGIC or cursor.number(4) != VERSION:
            raise Lost
        while True:
            start = cursor.offset
            try:
                if not self._section():
                    break
            except Lost:
                self._lost_before = True
                cursor.offset = start + 1
                if not self._search():
                    break
        for device in self._devices.values():
            if not device.ended and not device.problem:
                device.problem = "the file ends before the device's last section"
        return sorted(self._devices.values(), key=lambda device: device.section)

    def _section(self) -> bool:
        """Go over one section. False where nothing of a device can follow."""
        cursor = self._cursor
        kind = cursor.number(1)
        if kind in (EOF, FULL) and not self._any_to_come():
            return False
        if kind in (START, FULL):
            number, name = cursor.number(4), cursor.name()
            instance, _version = cursor.number(4), cursor.number(4)
            self._begin(kind, number, name, instance)
            self._footer(number)
        elif kind in (PART, END):
            number = cursor.number(4)
            self._go_on(kind, number)
            self._footer(number)
        elif kind == CONFIGURATION:
            self._configuration()
        elif kind == COMMAND:
            cursor.skip(2)
            cursor.skip(cursor.number(2))
        else:
            raise Lost
        return True

    def _any_to_come(self) -> bool:
        """May there be more of a device? Once lost, nobody knows which there are."""
        return (self._lost_before or not self._devices or
                not all(device.ended for device in self._devices.values()))

    def _begin(self, kind: int, number: int, name: str, instance: int) -> None:
        if kind == START and name == "ram" and self._ram is None:
            self._ram = number
            self._ram_records()
        elif kind == START and (name == "vfio" or name.endswith("/vfio")):
            if number in self._devices:
                raise Lost
            if len(self._devices) >= MAX_DEVICES:
                raise Limit(f"more than {MAX_DEVICES} devices")
            if self._cursor.peek(8) != VFIO_MAGIC + bytes([VFIO_SETUP]):
                raise Lost
            device = Device(name.removesuffix("vfio").rstrip("/"), instance, number,
                            Stream(self._source))
            self._devices[number] = device
            self._vfio_records(device)
        else:
            raise Lost

    def _go_on(self, kind: int, number: int) -> None:
        device = self._devices.get(number)
        if device and not device.ended:
            if self._cursor.peek(7) != VFIO_MAGIC:
                raise Lost
            self._vfio_records(device)
            device.ended = kind == END
        elif number == self._ram:
            self._ram_records()
        else:
            raise Lost

    def _footer(self, number: int) -> None:
        """A footer is there unless the machine is a very old one."""
        if self._cursor.peek(1) == bytes([FOOTER]):
            self._cursor.skip(1)
            if self._cursor.number(4) != number:
                raise Lost

    def _vfio_records(self, device: Device) -> None:
        cursor = self._cursor
        while True:
            if cursor.peek(7) != VFIO_MAGIC:
                device.problem = (f"at byte {cursor.offset} of the file there should be a record "
                                  "of QEMU's for it")
                raise Lost
            cursor.skip(7)
            self._records += 1
            if self._records > MAX_RECORDS:
                raise Limit(f"more than {MAX_RECORDS} records of QEMU's for VFIO")
            kind = cursor.number(1)
            if kind == VFIO_DATA:
                self._data(device)
            elif kind == VFIO_INIT_DATA_SENT:
                # takes the place of END; more may follow all the same
                if cursor.peek(7) != VFIO_MAGIC:
                    return
            elif kind == VFIO_END:
                return
            elif kind not in (VFIO_SETUP, VFIO_LOAD_READY):
                device.problem = (f"at byte {cursor.offset - 8} of the file there is a record of "
                                  f"QEMU's that is not known, {kind}")
                raise Lost

    def _data(self, device: Device) -> None:
        cursor = self._cursor
        start = cursor.offset
        length = cursor.number(8)
        left = self._source.size - cursor.offset
        device.records += 1
        device.stream.add(cursor.offset, min(length, left))
        if length > left:
            device.problem = f"the file ends inside the DATA record at byte {start - 8}"
            cursor.offset = self._source.size
            raise Lost
        cursor.skip(length)

    def _ram_records(self) -> None:
        number, self._ram = self._ram, -1       # once lost there, do not try again
        self._ram_pages()
        self._ram = number

    def _ram_pages(self) -> None:
        cursor = self._cursor
        while True:
            word = cursor.number(8)
            flags, address = word & (RAM_PAGE_SIZE - 1), word & -RAM_PAGE_SIZE
            if flags & ~RAM_KNOWN:
                raise Lost
            if flags & RAM_MEM_SIZE:
                while address > 0:
                    cursor.name()
                    size = cursor.number(8)
                    self._mapped_ram(size)
                    address -= size
            if flags & (RAM_ZERO | RAM_PAGE | RAM_XBZRLE) and not flags & RAM_CONTINUE:
                cursor.name()
            if flags & RAM_ZERO:
                cursor.skip(1)
            elif flags & RAM_PAGE:
                cursor.skip(RAM_PAGE_SIZE)
            elif flags & RAM_XBZRLE:
                cursor.skip(1)
                cursor.skip(cursor.number(2))
            if flags & RAM_EOS:
                return

    def _mapped_ram(self, size: int) -> None:
        """Go over the pages of a block, where each has its place in the file."""
        cursor = self._cursor
        if cursor.peek(len(MAPPED_RAM)) != MAPPED_RAM:
            return
        cursor.skip(len(MAPPED_RAM) + 8)
        pages = cursor.number(8)
        if pages < cursor.offset:
            raise Lost
        cursor.skip(pages + size - cursor.offset)

    def _configuration(self) -> None:
        """The machine's name, and what is set beside it."""
        cursor = self._cursor
        cursor.skip(cursor.number(4))
        while cursor.peek(1) == bytes([SUBSECTION]):
            cursor.skip(1)
            name = cursor.name()
            cursor.skip(4)
            if name == "configuration/capabilities":
                for _ in range(cursor.number(4)):
                    cursor.name()
            elif name == "configuration/target-page-bits":
                cursor.skip(4)
            elif name == "configuration/uuid":
                cursor.skip(16)
            else:
                raise Lost

    def _search(self) -> bool:
        """Go to where the next section of a device seems to begin."""
        offset = self._cursor.offset
        while (found := self._source.find(VFIO_MAGIC, offset)) >= 0:
            start = self._header_before(found, self._cursor.offset)
            if start is not None:
                self._cursor.offset = start
                return True
            offset = found + 1
        return False

    def _header_before(self, found: int, least: int) -> int | None:
        """Where the header of a section is that ends there, and not before least."""
        start = max(least, found - 5)
        before = self._source.read(start, found - start)
        if len(before) == 5 and before[0] in (PART, END):
            device = self._devices.get(int.from_bytes(before[1:], "big"))
            if device and not device.ended:
                return start
        if self._source.read(found + 7, 1) != bytes([VFIO_SETUP]):
            return None
        start = max(least, found - 5 - 1 - 255 - 8)
        before = self._source.read(start, found - start)
        for length in range(4, min(255, len(before) - 14) + 1):
            name = before[-8 - length:-8]
            if before[-9 - length] == length and before[-14 - length] == START and \
                    name.isascii() and name.decode("ascii").isprintable() and \
                    (name == b"vfio" or name.endswith(b"/vfio")):
                return found - 14 - length
        return None


def is_migration(source: Source) -> bool:
    return source.read(0, len(MAGIC)) == MAGIC


def devices(source: Source) -> list[Device]:
    """The VFIO devices of a migration file, in QEMU's order."""
    try:
        return Walk(source).devices()
    except Lost:
        return []


def names(found: list[Device]) -> Iterator[str]:
    """What each is called, unlike all others."""
    seen: dict[str, int] = {}
    for device in found:
        name = device.name or "vfio"
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}"
