# SPDX-License-Identifier: GPL-2.0-only
"""Everything that the specification says is refused, each by itself."""

import struct

import encoder as e
from case import case, refused

ID = e.identity(areas=((0, 8192), (3, 4096)))
AFTER = 16 + len(ID)        # where the record after that is


def with_record(*records: bytes) -> bytes:
    return e.whole(ID, *records)


def with_fields(*fields: bytes) -> bytes:
    return with_record(e.section(1, list(fields)))


FIELD = AFTER + 8 + 8       # where the first field of that is


def reseal(data: bytes) -> bytes:
    """A record with a payload of another kind, and the right CRC."""
    return data + e.u32(e.crc32c(data))


def table(name: str, rows: list):
    """A case that goes through rows of stream, offset, and words."""
    @case(f"refused: {name}")
    def rows_are_refused() -> None:
        for data, offset, words in rows:
            refused(data, offset, words)


table("magic", [
    (b"", 0, "there are no bytes"),
    (e.MAGIC[:3], 0, "ends inside its magic"),
    (e.MAGIC + b"\1\0", 10, "ends inside its header"),
    (b"\x7fELF" + bytes(100), 0, "the magic is 7f 45 4c 46 00 00 00 00"),
    (e.pulse().replace(b"\r\n", b"\n"), 0, "taken it for text"),
    (e.pulse().replace(b"\n", b"\r\n"), 0, "taken it for text"),
    (bytes(byte & 0x7f for byte in e.pulse()), 0, "cleared the highest bits"),
])

table("header", [
    (e.whole(ID, begin=e.header(major=2)), 8, "major version is 2"),
    (e.whole(ID, begin=e.header(major=0)), 8, "major version is 0"),
    (e.whole(ID, begin=e.header()[:-1] + b"\0"), 0, "header's checksum"),
])

table("records", [
    (e.whole(reseal(struct.pack("<HHI", e.IDENTITY, 2, 0))), 16, "unknown flags 0x2"),
    (with_record(e.record(e.SECTION, bytes(8), 0x8000)), AFTER, "unknown flags 0x8000"),
    (with_record(e.record(0x20, b"abc")), AFTER, "unknown type 0x20 that is not optional"),
    (with_record(e.record(0, b"")), AFTER, "unknown type 0x0"),
    (with_record(e.record(0x21, bytes((1 << 20) + 1), e.OPTIONAL)), AFTER,
     "1048577 bytes of payload"),
    (with_record(e.section(1, [])[:-1] + b"\xff"), AFTER, "the checksum is 0xff"),
])

table("order", [
    (e.whole(e.section(1, [])), 16, "the first record is SECTION, not IDENTITY"),
    (e.whole(e.record(0x30, b"", e.OPTIONAL), ID), 16, "not IDENTITY"),
    (e.whole(), 16, "the first record is END, not IDENTITY"),
    (with_record(ID), AFTER, "IDENTITY is there twice"),
    (e.header() + ID, AFTER, "ends without an END"),
    (with_record() + b"\0", AFTER + 32, "1 bytes follow the END"),
    (with_record() + with_record(), AFTER + 32, "bytes follow the END"),
    (with_record(e.section(1, []), e.schema(2, "late", [])), AFTER + 20, "a SCHEMA after"),
])

table("fields", [
    (with_fields(b"1234567"), FIELD, "7 bytes behind its last field"),
    (with_fields(e.field(1, e.U8, 1), b"1"), FIELD + 9, "1 bytes behind"),
    (with_fields(struct.pack("<HBBI", 1, e.U8, 0, 1)), FIELD, "has 1 bytes, where 0 are left"),
    (with_fields(struct.pack("<HBBI", 1, e.U8, 0, 0xffffffff)), FIELD, "has 4294967295 bytes"),
    (with_fields(e.field(1, e.U8, 1, 2)), FIELD, "unknown flags 0x2"),
    (with_fields(e.raw_field(1, 0, b"")), FIELD, "of unknown type 0"),
    (with_fields(e.raw_field(1, 8, b"")), FIELD, "of unknown type 8"),
    (with_fields(e.field(1, e.U8, 1), e.field(1, e.U8, 1)), FIELD + 9, "field 1 of section 1 "
     "instance 0 is there twice"),
    (with_fields(e.raw_field(1, e.U16, b"abc")), FIELD, "3 bytes, which is no number of u16"),
    (with_fields(e.raw_field(1, e.U32, b"abcdef")), FIELD, "no number of u32"),
    (with_fields(e.raw_field(1, e.U64, b"abcd")), FIELD, "no number of u64"),
    (with_fields(e.raw_field(1, e.BOOL, b"\2")), FIELD, "other than 0 and 1"),
    (with_fields(e.raw_field(1, e.BOOL, b"\0\1\xff\1")), FIELD, "other than 0 and 1"),
    (with_fields(e.raw_field(1, e.TEXT, b"a\tb")), FIELD, "text with a byte that is none"),
    (with_fields(e.raw_field(1, e.TEXT, b"\xc3\xa4")), FIELD, "text with a byte"),
    (with_fields(e.raw_field(1, e.TEXT, b"a\0")), FIELD, "text with a byte"),
    (with_fields(e.raw_field(1, e.TEXT, b"\x7f")), FIELD, "text with a byte"),
])

MODEL, VERSION = e.field(1, e.TEXT, "a"), e.field(2, e.TEXT, "b")


def identity(*fields: bytes) -> bytes:
    return e.whole(e.record(e.IDENTITY, b"".join(fields)))


def areas(*numbers: int) -> bytes:
    return identity(MODEL, VERSION, e.field(4, e.U64, list(numbers)))


BEHIND = 24 + len(MODEL + VERSION)      # where a third field is

table("identity", [
    (identity(), 24, "IDENTITY has no model"),
    (identity(MODEL), 24, "IDENTITY has no version"),
    (identity(VERSION), 24, "IDENTITY has no model"),
    (identity(VERSION, MODEL), 33, "not in order"),
    (identity(MODEL, MODEL), 33, "there twice"),
    (identity(e.field(1, e.BYTES, b"a"), VERSION), 24, "the model is bytes, not text"),
    (identity(MODEL, e.field(2, e.TEXT, "")), 33, "the version is empty"),
    (identity(MODEL, e.field(2, e.TEXT, "b\n")), 33, "the version has a line feed"),
    (identity(MODEL, VERSION, e.field(9, e.U8, 1)), BEHIND, "field 9 of IDENTITY is unknown"),
    (identity(MODEL, VERSION, e.field(3, e.TEXT, "a=1")), BEHIND, "no end of line"),
    (identity(MODEL, VERSION, e.field(3, e.TEXT, "a=1\nb\n")), BEHIND, "no name=value"),
    (identity(MODEL, VERSION, e.field(3, e.TEXT, "=1\n")), BEHIND, "no name=value"),
    (identity(MODEL, VERSION, e.field(3, e.TEXT, "\n")), BEHIND, "no name=value"),
    (areas(), BEHIND, "the areas is empty"),
    (areas(0), BEHIND, "no pairs"),
    (areas(1, 4096, 0, 4096), BEHIND, "not ascending"),
    (areas(1, 4096, 1, 4096), BEHIND, "not ascending"),
    (areas(65536, 4096), BEHIND, "not ascending 16-bit"),
    (areas(0, 0), BEHIND, "no multiple of 4096"),
    (areas(0, 4097), BEHIND, "no multiple of 4096"),
    (e.whole(e.record(e.IDENTITY, e.field(1, e.TEXT, "a" * 65529))), 16, "65537 bytes"),
])

ROWS = [e.schema_field(1, e.U8, "one"), e.schema_field(2, e.U16, "two", 2, e.OPTIONAL)]
SCHEMA = e.schema(1, "both", ROWS, instances=2)
START = AFTER + 8
SCHEMED = AFTER + len(SCHEMA)


def with_schema(*sections: bytes) -> bytes:
    return with_record(SCHEMA, *sections)


def both(*fields: bytes) -> bytes:
    return with_schema(e.section(1, list(fields)), e.section(1, [], instance=1))


table("schemas", [
    (with_record(SCHEMA, SCHEMA), SCHEMED, "section 1 has two schemas"),
    (with_record(e.schema(1, "", [])), START + 9, "a name is empty"),
    (with_record(e.schema(1, "a\tb", [])), START + 9, "no text"),
    (with_record(e.schema(1, "a", [], instances=0)), START + 9, "has no instance"),
    (with_record(e.schema(1, "a", ROWS, count=1)), START + 22, "bytes too many"),
    (with_record(e.schema(1, "a", ROWS, count=3)), START + 34, "ends too early"),
    (with_record(e.schema(1, "a", ROWS[:1] * 2)), START + 34, "field 1 of section 1 is there "
     "twice"),
    (with_record(e.schema(1, "a", [e.schema_field(1, 9, "x")])), START + 19, "unknown type 9"),
    (with_record(e.schema(1, "a", [e.schema_field(1, 1, "x", 1, 4)])), START + 19,
     "unknown flags 0x4"),
    (with_record(e.schema(1, "a", [e.schema_field(1, 1, "")])), START + 19, "a name is empty"),
    (with_record(e.record(e.SCHEMA, b"\1\0", e.OPTIONAL)), START, "ends too early"),
    (with_schema(), SCHEMED, "section 1 (both) instance 0 is missing"),
    (with_schema(e.section(1, [])), SCHEMED + 20, "instance 1 is missing"),
    (with_schema(e.section(1, []), e.section(1, [], instance=1), e.restart(),
                 e.section(1, [])), SCHEMED + 72, "instance 1 is missing"),
    (with_schema(e.section(1, [], instance=2)), SCHEMED, "of 2 that its schema tells of"),
    (with_schema(e.section(1, [], version=2)), SCHEMED, "of version 2, its schema of 1"),
    (both(e.field(3, e.U8, 1)), SCHEMED + 16, "its schema has no field 3"),
    (both(e.field(1, e.U16, 1)), SCHEMED + 16, "not those of its schema"),
    (both(e.field(2, e.U16, 1)), SCHEMED + 16, "not those of its schema"),
    (both(e.field(2, e.U16, [1, 2, 3], e.OPTIONAL)), SCHEMED + 16, "3 elements, by its schema 2"),
])

table("sections", [
    (with_record(e.record(e.SECTION, bytes(7))), AFTER, "7 bytes, where 8 is the fewest"),
    (with_record(e.section(1, [], reserved=1)), AFTER, "reserved bytes are 0x1"),
    (with_record(e.section(1, []), e.section(1, [])), AFTER + 20, "section 1 instance 0 is there "
     "twice"),
    (with_record(e.section(1, [], instance=4), e.section(2, []), e.section(1, [], instance=4)),
     AFTER + 40, "instance 4 is there twice"),
])


def with_memory(area: int, flags: int, length: int, offset: int, data: bytes = b"") -> bytes:
    return with_record(e.raw_memory(area, flags, length, offset, data))


PAGES = bytes(8192)

table("memory", [
    (with_record(e.record(e.MEMORY, bytes(15))), AFTER, "15 bytes, where 16 is the fewest"),
    (with_memory(0, 2, 4096, 0), AFTER, "unknown flags 0x2"),
    (with_memory(1, 1, 4096, 0), AFTER, "area 1 is none of IDENTITY's"),
    (with_memory(0, 1, 0, 0), AFTER, "no whole pages"),
    (with_memory(0, 1, 4095, 0), AFTER, "no whole pages"),
    (with_memory(0, 1, 4096, 1), AFTER, "no whole pages"),
    (with_memory(0, 1, 4096, 8192), AFTER, "of area 0, which has 8192"),
    (with_memory(0, 1, 12288, 0), AFTER, "of area 0, which has 8192"),
    (with_memory(3, 1, 8192, 0), AFTER, "of area 3, which has 4096"),
    (with_memory(0, 1, 4096, (1 << 64) - 4096), AFTER, "of area 0"),
    (with_memory(0, 1, 0xfffff000, 0xfffffffffffff000), AFTER, "of area 0"),
    (with_memory(0, 1, 4096, 0, PAGES), AFTER, "where 16 belong to it"),
    (with_memory(0, 0, 4096, 0, PAGES), AFTER, "where 4112 belong to it"),
    (with_memory(0, 0, 8192, 0, PAGES[:-1]), AFTER, "where 8208 belong to it"),
    (e.whole(e.identity(areas=((0, 1 << 20),)), e.memory(0, 0, bytes(69632))), 83,
     "69632 bytes, where 65536 is the most"),
])

BEFORE = e.header() + ID

table("restart and end", [
    (with_record(e.record(e.RESTART, b"\0")), AFTER, "RESTART: 1 bytes"),
    (BEFORE + e.record(e.END, bytes(19)), AFTER, "19 bytes of payload, not 20"),
    (BEFORE + e.record(e.END, bytes(21)), AFTER, "21 bytes of payload, not 20"),
    (BEFORE + e.end(BEFORE, records=2), AFTER, "tells of 2 records, there are 1"),
    (BEFORE + e.end(BEFORE, size=1), AFTER, "tells of 1 bytes, there are"),
    (BEFORE + e.end(BEFORE, crc=5), AFTER, "the checksum of all is 0x00000005"),
    (BEFORE + e.section(1, []) + e.end(BEFORE + e.section(2, [])), AFTER + 20, "checksum of all"),
])
