# SPDX-License-Identifier: GPL-2.0-only
"""Fields: what identity and sections consist of, and the schemas that name them."""

import dataclasses
import struct

FIELD = struct.Struct("<HBBI")
SCHEMA = struct.Struct("<HHHHB")
SCHEMA_FIELD = struct.Struct("<HBBIB")

U8, U16, U32, U64, BOOL, BYTES, TEXT = range(1, 8)
TYPES = {U8: "u8", U16: "u16", U32: "u32", U64: "u64", BOOL: "bool", BYTES: "bytes", TEXT: "text"}
FORMATS = {U8: "B", U16: "H", U32: "I", U64: "Q", BOOL: "B"}
ELEMENT = {U8: 1, U16: 2, U32: 4, U64: 8, BOOL: 1, BYTES: 1, TEXT: 1}

OPTIONAL = 1

PRINTABLE = frozenset(range(0x20, 0x7f))
TEXT_BYTES = PRINTABLE | {0x0a}


class Damaged(Exception):
    """What is wrong, and where in the stream."""

    def __init__(self, offset: int, reason: str):
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


def type_name(number: int) -> str:
    return TYPES.get(number, f"type {number}")


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    offset: int         # of its first byte, in the stream
    id: int
    type: int
    flags: int
    data: bytes

    @property
    def optional(self) -> bool:
        return bool(self.flags & OPTIONAL)

    @property
    def known(self) -> bool:
        """Whether the type is one that can be decoded."""
        return self.type in TYPES

    @property
    def count(self) -> int:
        return len(self.data) // ELEMENT.get(self.type, 1)

    def numbers(self) -> tuple[int, ...]:
        """Its elements, of a type that is a number or a bool."""
        return struct.unpack(f"<{self.count}{FORMATS[self.type]}", self.data)

    def text(self) -> str:
        return self.data.decode("ascii")


@dataclasses.dataclass(frozen=True, slots=True)
class SchemaField:
    id: int
    type: int
    flags: int
    count: int
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class SectionSchema:
    section: int
    version: int
    instances: int
    name: str
    fields: dict[int, SchemaField]


def parse_fields(payload: bytes, start: int, offset: int, what: str) -> tuple[Field, ...]:
    """The fields from payload[start] to its end; offset is where the payload is."""
    fields: list[Field] = []
    seen = set()
    while start < len(payload):
        place = offset + start
        if len(payload) - start < FIELD.size:
            raise Damaged(place, f"{what} has {len(payload) - start} bytes behind its last field")
        field_id, kind, flags, length = FIELD.unpack_from(payload, start)
        start += FIELD.size
        if length > len(payload) - start:
            raise Damaged(place, f"field {field_id} of {what} has {length} bytes, where "
                                 f"{len(payload) - start} are left")
        field = Field(place, field_id, kind, flags, payload[start:start + length])
        check_field(field, what)
        if field_id in seen:
            raise Damaged(place, f"field {field_id} of {what} is there twice")
        seen.add(field_id)
        fields.append(field)
        start += length
    return tuple(fields)


def check_field(field: Field, what: str) -> None:
    name = f"field {field.id} of {what}"
    if field.flags & ~OPTIONAL:
        raise Damaged(field.offset, f"{name} has unknown flags {field.flags:#x}")
    if not field.known:
        if field.optional:
            return
        raise Damaged(field.offset, f"{name} is of unknown type {field.type}")
    size = ELEMENT[field.type]
    if len(field.data) % size:
        raise Damaged(field.offset, f"{name} has {len(field.data)} bytes, which is no number of "
                                    f"{TYPES[field.type]}")
    if field.type == BOOL and field.data.strip(b"\0\1"):
        raise Damaged(field.offset, f"{name} is a bool with a byte other than 0 and 1")
    if field.type == TEXT and not TEXT_BYTES.issuperset(field.data):
        raise Damaged(field.offset, f"{name} is text with a byte that is none")


class _Schema:
    """Takes a schema record's payload apart, from its start to its end."""

    def __init__(self, payload: bytes, offset: int):
        self._payload, self._offset = payload, offset
        self._start = 0

    def wrong(self, reason: str) -> Damaged:
        return Damaged(self._offset + self._start, "schema: " + reason)

    def take(self, layout: struct.Struct) -> tuple:
        if len(self._payload) - self._start < layout.size:
            raise self.wrong("ends too early")
        values = layout.unpack_from(self._payload, self._start)
        self._start += layout.size
        return values

    def name(self, length: int) -> str:
        name = self._payload[self._start:self._start + length]
        if not length or len(name) < length or not PRINTABLE.issuperset(name):
            raise self.wrong("a name is empty, cut off, or no text")
        self._start += length
        return name.decode("ascii")

    def field(self) -> SchemaField:
        field_id, kind, flags, count, length = self.take(SCHEMA_FIELD)
        if flags & ~OPTIONAL:
            raise self.wrong(f"field {field_id} has unknown flags {flags:#x}")
        if kind not in TYPES and not flags & OPTIONAL:
            raise self.wrong(f"field {field_id} is of unknown type {kind}")
        return SchemaField(field_id, kind, flags, count, self.name(length))

    def section(self) -> SectionSchema:
        section, version, instances, count, length = self.take(SCHEMA)
        if not instances:
            raise self.wrong(f"section {section} has no instance")
        name = self.name(length)
        fields: dict[int, SchemaField] = {}
        for _ in range(count):
            field = self.field()
            if field.id in fields:
                raise self.wrong(f"field {field.id} of section {section} is there twice")
            fields[field.id] = field
        if self._start < len(self._payload):
            raise self.wrong(f"{len(self._payload) - self._start} bytes too many")
        return SectionSchema(section, version, instances, name, fields)


def parse_schema(payload: bytes, offset: int) -> SectionSchema:
    return _Schema(payload, offset).section()
