# SPDX-License-Identifier: GPL-2.0-only
"""Decode and check a stream, as Documentation/userspace-api/vfio-mig-stream.rst has it.

Written from that page, and shares nothing with the kernel's reader.
"""

import dataclasses
import struct
from collections.abc import Iterator

from .crc32c import crc32c, crc32c_more
from .fields import (Damaged, Field, SectionSchema, TEXT, TYPES, U64, parse_fields, parse_schema,
                     OPTIONAL)
from .source import Limit, Stream

MAGIC = b"\x89VFM\r\n\x1a\n"
MAJOR, MINOR = 1, 0

HEADER = struct.Struct("<8sHHI")
RECORD = struct.Struct("<HHI")
CRC = struct.Struct("<I")
SECTION = struct.Struct("<HHHH")
MEMORY = struct.Struct("<HHIQ")
END = struct.Struct("<QQI")

IDENTITY_TYPE, SCHEMA_TYPE, SECTION_TYPE, MEMORY_TYPE, RESTART_TYPE = range(1, 6)
END_TYPE = 0xffff
NAMES = {IDENTITY_TYPE: "IDENTITY", SCHEMA_TYPE: "SCHEMA", SECTION_TYPE: "SECTION",
         MEMORY_TYPE: "MEMORY", RESTART_TYPE: "RESTART", END_TYPE: "END"}

MAX_PAYLOAD = 1 << 20
MAX_IDENTITY = 1 << 16
PAGE = 4096
MAX_MEMORY = 65536
ZERO = 1

ID_MODEL, ID_VERSION, ID_PARAMETERS, ID_AREAS = range(1, 5)
IDENTITY_FIELDS = {ID_MODEL: ("model", TEXT), ID_VERSION: ("version", TEXT),
                   ID_PARAMETERS: ("parameters", TEXT), ID_AREAS: ("areas", U64)}

# What this program takes on itself; the format has no such limits.
MAX_SCHEMA_BYTES = 4 << 20
MAX_SECTIONS = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    major: int
    minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    offset: int         # in the stream
    flags: int
    length: int         # of the payload


@dataclasses.dataclass(frozen=True, slots=True)
class Identity(Record):
    fields: tuple[Field, ...]

    def _text(self, field_id: int) -> str:
        return next((field.text() for field in self.fields if field.id == field_id), "")

    @property
    def model(self) -> str:
        return self._text(ID_MODEL)

    @property
    def version(self) -> str:
        return self._text(ID_VERSION)

    @property
    def parameters(self) -> list[str]:
        return self._text(ID_PARAMETERS).splitlines()

    @property
    def areas(self) -> dict[int, int]:
        """Bytes of each memory area, by its id."""
        for field in self.fields:
            if field.id == ID_AREAS:
                numbers = field.numbers()
                return dict(zip(numbers[::2], numbers[1::2]))
        return {}


@dataclasses.dataclass(frozen=True, slots=True)
class Schema(Record):
    schema: SectionSchema


@dataclasses.dataclass(frozen=True, slots=True)
class Section(Record):
    section: int
    version: int
    instance: int
    fields: tuple[Field, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Memory(Record):
    area: int
    start: int          # in the area
    size: int
    data: int | None    # where the bytes are in the stream; None if they are zero


@dataclasses.dataclass(frozen=True, slots=True)
class Restart(Record):
    pass


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped(Record):
    type: int           # a record of another minor version


@dataclasses.dataclass(frozen=True, slots=True)
class End(Record):
    records: int
    bytes: int
    crc: int


class Decoder:
    """One pass over a stream.

    What was decoded before the stream turns out to be damaged is still true of
    each record by itself: its checksum was right.
    """

    def __init__(self, stream: Stream):
        self._stream = stream
        self._offset = 0
        self._crc = 0           # of the CRCs before the offset
        self._records = 0
        self._schema_bytes = 0
        self._seen: set[tuple[int, int]] = set()
        self._has_state = False     # a section or memory was there
        self.header: Header | None = None
        self.identity: Identity | None = None
        self.schemas: dict[int, SectionSchema] = {}

    def records(self) -> Iterator[Record]:
        """Each record up to END, or Damaged."""
        if not self.header:
            self.read_header()
        while True:
            if self._offset == self._stream.size:
                raise Damaged(self._offset, "the stream ends without an END record")
            record, crc = self._read_record()
            yield record
            self._crc = crc32c_more(self._crc, crc)
            self._offset += RECORD.size + record.length + CRC.size
            self._records += 1
            if isinstance(record, End):
                break
        if self._offset < self._stream.size:
            raise Damaged(self._offset,
                          f"{self._stream.size - self._offset} bytes follow the END record")

    def read_header(self) -> Header:
        """What a stream begins with, or Damaged."""
        data = self._stream.read(0, HEADER.size)
        check_magic(data)
        if len(data) < HEADER.size:
            raise Damaged(len(data), "the stream ends inside its header")
        _, major, minor, crc = HEADER.unpack(data)
        if crc != crc32c(data[:-CRC.size]):
            raise Damaged(0, "the header's checksum is wrong")
        if major != MAJOR:
            raise Damaged(8, f"the format's major version is {major}, where {MAJOR} is known")
        self._offset = HEADER.size
        self._crc = crc32c(data[-CRC.size:])
        self.header = Header(major, minor)
        return self.header

    def section_at(self, offset: int) -> Section:
        """The section of a record that has been decoded before."""
        head = RECORD.unpack(self._stream.read(offset, RECORD.size))
        payload = self._stream.read(offset + RECORD.size, head[2])
        number, version, instance, _ = SECTION.unpack_from(payload)
        return Section(offset, head[1], head[2], number, version, instance,
                       parse_fields(payload, SECTION.size, offset + RECORD.size, "section"))

    def _read_record(self) -> tuple[Record, bytes]:
        """The next one, and the bytes of its CRC."""
        start = self._offset
        head = self._stream.read(start, RECORD.size)
        if len(head) < RECORD.size:
            raise Damaged(start, "the stream ends inside the head of a record")
        kind, flags, length = RECORD.unpack(head)
        name = NAMES.get(kind, f"record of type {kind:#x}")
        if length > MAX_PAYLOAD:
            raise Damaged(start, f"{name}: {length} bytes of payload, where {MAX_PAYLOAD} "
                                 "is the most")
        rest = self._stream.read(start + RECORD.size, length + CRC.size)
        if len(rest) < length + CRC.size:
            raise Damaged(start, f"{name}: the stream ends inside of it, "
                                 f"{length + CRC.size - len(rest)} bytes too early")
        payload, (crc,) = rest[:length], CRC.unpack_from(rest, length)
        found = crc32c(head + payload)
        if crc != found:
            raise Damaged(start, f"{name}: the checksum is {crc:#010x}, of the bytes it is "
                                 f"{found:#010x}")
        if flags & ~OPTIONAL:
            raise Damaged(start, f"{name}: unknown flags {flags:#x}")
        return self._parse(kind, Record(start, flags, length), payload), rest[length:]

    def _parse(self, kind: int, record: Record, payload: bytes) -> Record:
        head = (record.offset, record.flags, record.length)
        if (kind == IDENTITY_TYPE) != (self.identity is None):
            raise Damaged(record.offset, "IDENTITY is there twice" if self.identity else
                          f"the first record is {NAMES.get(kind, hex(kind))}, not IDENTITY")
        if kind in PARSERS:
            return PARSERS[kind](self, head, payload)
        if not record.flags & OPTIONAL:
            raise Damaged(record.offset, f"a record of unknown type {kind:#x} that is not optional")
        return Skipped(*head, kind)

    def _parse_identity(self, head: tuple, payload: bytes) -> Identity:
        place = head[0] + RECORD.size
        if len(payload) > MAX_IDENTITY:
            raise Damaged(head[0], f"IDENTITY: {len(payload)} bytes, where {MAX_IDENTITY} is the "
                                   "most")
        identity = Identity(*head, parse_fields(payload, 0, place, "IDENTITY"))
        last = 0
        for field in identity.fields:
            if field.id in IDENTITY_FIELDS:
                name, kind = IDENTITY_FIELDS[field.id]
                if field.type != kind:
                    raise Damaged(field.offset, f"the {name} is {TYPES.get(field.type)}, "
                                                f"not {TYPES[kind]}")
                if not field.data:
                    raise Damaged(field.offset, f"the {name} is empty")
            elif not field.optional:
                raise Damaged(field.offset, f"field {field.id} of IDENTITY is unknown, and not "
                                            "optional")
            if field.id < last:
                raise Damaged(field.offset, "the fields of IDENTITY are not in order")
            last = field.id
        check_identity(identity, place)
        self.identity = identity
        return identity

    def _parse_schema(self, head: tuple, payload: bytes) -> Schema:
        self._schema_bytes += len(payload)
        if self._schema_bytes > MAX_SCHEMA_BYTES:
            raise Limit(f"more than {MAX_SCHEMA_BYTES} bytes of schemas")
        schema = parse_schema(payload, head[0] + RECORD.size)
        if schema.section in self.schemas:
            raise Damaged(head[0], f"section {schema.section} has two schemas")
        if self._has_state:
            raise Damaged(head[0], "a SCHEMA after a SECTION or MEMORY")
        self.schemas[schema.section] = schema
        return Schema(*head, schema)

    def _parse_section(self, head: tuple, payload: bytes) -> Section:
        if len(payload) < SECTION.size:
            raise Damaged(head[0], f"SECTION: {len(payload)} bytes, where {SECTION.size} is the "
                                   "fewest")
        number, version, instance, reserved = SECTION.unpack_from(payload)
        what = f"section {number} instance {instance}"
        if reserved:
            raise Damaged(head[0], f"{what}: the reserved bytes are {reserved:#x}, not 0")
        if (number, instance) in self._seen:
            raise Damaged(head[0], f"{what} is there twice")
        if len(self._seen) >= MAX_SECTIONS:
            raise Limit(f"more than {MAX_SECTIONS} sections")
        self._seen.add((number, instance))
        self._has_state = True
        fields = parse_fields(payload, SECTION.size, head[0] + RECORD.size, what)
        section = Section(*head, number, version, instance, fields)
        if number in self.schemas:
            check_schema(section, self.schemas[number])
        return section

    def _parse_memory(self, head: tuple, payload: bytes) -> Memory:
        offset = head[0]
        if len(payload) < MEMORY.size:
            raise Damaged(offset, f"MEMORY: {len(payload)} bytes, where {MEMORY.size} is the "
                                  "fewest")
        area, flags, size, start = MEMORY.unpack_from(payload)
        if flags & ~ZERO:
            raise Damaged(offset, f"MEMORY: unknown flags {flags:#x}")
        if not size or size % PAGE or start % PAGE:
            raise Damaged(offset, f"MEMORY: {size} bytes at {start:#x} are no whole pages")
        there = self.identity.areas.get(area)
        if there is None:
            raise Damaged(offset, f"MEMORY: area {area} is none of IDENTITY's")
        if start + size > there:
            raise Damaged(offset, f"MEMORY: {size} bytes at {start:#x} of area {area}, which has "
                                  f"{there}")
        if not flags & ZERO and size > MAX_MEMORY:
            raise Damaged(offset, f"MEMORY: {size} bytes, where {MAX_MEMORY} is the most")
        expected = MEMORY.size + (0 if flags & ZERO else size)
        if len(payload) != expected:
            raise Damaged(offset, f"MEMORY: {len(payload)} bytes of payload, where {expected} "
                                  "belong to it")
        self._has_state = True
        data = None if flags & ZERO else offset + RECORD.size + MEMORY.size
        return Memory(*head, area, start, size, data)

    def _parse_restart(self, head: tuple, payload: bytes) -> Restart:
        if payload:
            raise Damaged(head[0], f"RESTART: {len(payload)} bytes of payload, where there are "
                                   "none")
        self._seen.clear()
        return Restart(*head)

    def _parse_end(self, head: tuple, payload: bytes) -> End:
        offset = head[0]
        if len(payload) != END.size:
            raise Damaged(offset, f"END: {len(payload)} bytes of payload, not {END.size}")
        end = End(*head, *END.unpack(payload))
        if end.records != self._records:
            raise Damaged(offset, f"END: tells of {end.records} records, there are {self._records}")
        if end.bytes != offset:
            raise Damaged(offset, f"END: tells of {end.bytes} bytes, there are {offset}")
        if end.crc != self._crc:
            raise Damaged(offset, f"END: the checksum of all is {end.crc:#010x}, of the records it "
                                  f"is {self._crc:#010x}")
        for schema in self.schemas.values():
            for instance in range(schema.instances):
                if (schema.section, instance) not in self._seen:
                    raise Damaged(offset, f"section {schema.section} ({schema.name}) instance "
                                          f"{instance} is missing")
        return end


# pylint: disable=protected-access
PARSERS = {
    IDENTITY_TYPE: Decoder._parse_identity,
    SCHEMA_TYPE: Decoder._parse_schema,
    SECTION_TYPE: Decoder._parse_section,
    MEMORY_TYPE: Decoder._parse_memory,
    RESTART_TYPE: Decoder._parse_restart,
    END_TYPE: Decoder._parse_end,
}


def check_magic(data: bytes) -> None:
    """Tell what happened to the magic if it is not there."""
    begin = data[:len(MAGIC)]
    if begin == MAGIC[:len(begin)]:
        if len(begin) < len(MAGIC):
            raise Damaged(0, "the stream ends inside its magic" if begin else "there are no bytes")
        return
    reason = f"the magic is {begin.hex(' ')}, not {MAGIC.hex(' ')}"
    if begin[:1] == bytes([MAGIC[0] & 0x7f]) and begin[1:4] == MAGIC[1:4]:
        reason += ": something has cleared the highest bits"
    elif begin[:4] == MAGIC[:4]:
        reason += ": something has taken it for text and changed the ends of lines"
    raise Damaged(0, reason)


def check_identity(identity: Identity, place: int) -> None:
    for name in ("model", "version"):
        if not getattr(identity, name):
            raise Damaged(place, f"IDENTITY has no {name}")
    for field in identity.fields:
        if field.id in (ID_MODEL, ID_VERSION) and b"\n" in field.data:
            raise Damaged(field.offset, f"the {IDENTITY_FIELDS[field.id][0]} has a line feed")
        if field.id == ID_PARAMETERS:
            check_parameters(field)
        if field.id == ID_AREAS:
            check_areas(field)


def check_parameters(field: Field) -> None:
    *lines, rest = field.text().split("\n")
    if rest:
        raise Damaged(field.offset, "the last parameter has no end of line")
    for line in lines:
        if not line.partition("=")[0] or "=" not in line:
            raise Damaged(field.offset, f'the parameter "{line}" is no name=value')


def check_areas(field: Field) -> None:
    numbers = field.numbers()
    if len(numbers) % 2:
        raise Damaged(field.offset, "the areas are no pairs of id and size")
    ids, sizes = numbers[::2], numbers[1::2]
    if any(after <= before for before, after in zip(ids, ids[1:])) or ids[-1] > 0xffff:
        raise Damaged(field.offset, "the ids of areas are not ascending 16-bit numbers")
    if any(not size or size % PAGE for size in sizes):
        raise Damaged(field.offset, f"the size of an area is no multiple of {PAGE}")


def check_schema(section: Section, schema: SectionSchema) -> None:
    what = f"section {schema.section} ({schema.name}) instance {section.instance}"
    if section.version != schema.version:
        raise Damaged(section.offset, f"{what} is of version {section.version}, its schema of "
                                      f"{schema.version}")
    if section.instance >= schema.instances:
        raise Damaged(section.offset, f"{what} is there, of {schema.instances} that its schema "
                                      "tells of")
    for field in section.fields:
        known = schema.fields.get(field.id)
        if not known:
            raise Damaged(field.offset, f"{what}: its schema has no field {field.id}")
        if (field.type, field.flags) != (known.type, known.flags):
            raise Damaged(field.offset, f"{what}: type and flags of field {field.id} are not those "
                                        "of its schema")
        if field.known and field.count > known.count:
            raise Damaged(field.offset, f"{what}: field {field.id} has {field.count} elements, by "
                                        f"its schema {known.count} at most")
