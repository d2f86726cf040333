# SPDX-License-Identifier: GPL-2.0-only
"""Make streams, good and bad ones, from the specification.

Shares nothing with the decoder, its CRC32C included.
"""

import struct

MAGIC = bytes([0x89, 0x56, 0x46, 0x4d, 0x0d, 0x0a, 0x1a, 0x0a])
IDENTITY, SCHEMA, SECTION, MEMORY, RESTART, END = 1, 2, 3, 4, 5, 0xffff
OPTIONAL = 1
U8, U16, U32, U64, BOOL, BYTES, TEXT = 1, 2, 3, 4, 5, 6, 7
PAGE = 4096
CODES = {U8: "B", U16: "H", U32: "I", U64: "Q", BOOL: "?"}


def crc32c(data: bytes) -> int:
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def u32(number: int) -> bytes:
    return struct.pack("<I", number)


def header(major: int = 1, minor: int = 0, magic: bytes = MAGIC) -> bytes:
    data = magic + struct.pack("<HH", major, minor)
    return data + u32(crc32c(data))


def record(kind: int, payload: bytes = b"", flags: int = 0) -> bytes:
    data = struct.pack("<HHI", kind, flags, len(payload)) + payload
    return data + u32(crc32c(data))


def raw_field(number: int, kind: int, data: bytes, flags: int = 0) -> bytes:
    return struct.pack("<HBBI", number, kind, flags, len(data)) + data


def field(number: int, kind: int, value, flags: int = 0) -> bytes:
    """One of a number, numbers, bytes, or text."""
    if isinstance(value, str):
        value = value.encode("ascii")
    elif not isinstance(value, bytes):
        values = value if isinstance(value, (list, tuple)) else [value]
        value = struct.pack(f"<{len(values)}{CODES[kind]}", *values)
    return raw_field(number, kind, value, flags)


def identity(model: str = "vfiokit/pulse", version: str = "v1", parameters: str = "",
             areas: tuple = (), more: bytes = b"") -> bytes:
    payload = field(1, TEXT, model) + field(2, TEXT, version)
    if parameters:
        payload += field(3, TEXT, parameters)
    if areas:
        payload += field(4, U64, [number for area in areas for number in area])
    return record(IDENTITY, payload + more)


def schema_field(number: int, kind: int, name: str, count: int = 1, flags: int = 0) -> bytes:
    return struct.pack("<HBBIB", number, kind, flags, count, len(name)) + name.encode("ascii")


def schema(section: int, name: str, fields: list[bytes], version: int = 1, instances: int = 1,
           flags: int = OPTIONAL, more: bytes = b"", count: int | None = None) -> bytes:
    head = struct.pack("<HHHHB", section, version, instances,
                       len(fields) if count is None else count, len(name))
    return record(SCHEMA, head + name.encode("ascii") + b"".join(fields) + more, flags)


def section(number: int, fields: list[bytes], version: int = 1, instance: int = 0,
            reserved: int = 0, flags: int = 0, more: bytes = b"") -> bytes:
    head = struct.pack("<HHHH", number, version, instance, reserved)
    return record(SECTION, head + b"".join(fields) + more, flags)


def memory(area: int, offset: int, data: bytes) -> bytes:
    return record(MEMORY, struct.pack("<HHIQ", area, 0, len(data), offset) + data)


def zero(area: int, offset: int, length: int) -> bytes:
    return record(MEMORY, struct.pack("<HHIQ", area, 1, length, offset))


def raw_memory(area: int, flags: int, length: int, offset: int, data: bytes = b"") -> bytes:
    return record(MEMORY, struct.pack("<HHIQ", area, flags, length, offset) + data)


def restart() -> bytes:
    return record(RESTART)


def records_of(data: bytes):
    """Each record of a stream without damage."""
    offset = 16
    while offset < len(data):
        size = 8 + struct.unpack_from("<I", data, offset + 4)[0] + 4
        yield data[offset:offset + size]
        offset += size


def end(before: bytes, records: int | None = None, size: int | None = None,
        crc: int | None = None) -> bytes:
    """What ends a stream of which all else is given."""
    parts = list(records_of(before))
    sums = before[12:16] + b"".join(part[-4:] for part in parts)
    return record(END, struct.pack("<QQI", len(parts) if records is None else records,
                                   len(before) if size is None else size,
                                   crc32c(sums) if crc is None else crc))


def whole(*records: bytes, begin: bytes | None = None) -> bytes:
    """A stream of these records, with header and end."""
    data = (header() if begin is None else begin) + b"".join(records)
    return data + end(data)


PULSE_SCHEMA = schema(1, "pulse", [schema_field(1, U32, "period"), schema_field(2, BOOL, "on"),
                                   schema_field(3, U8, "queue", 16)])
PULSE = section(1, [field(1, U32, 1000), field(2, BOOL, True), field(3, U8, [7, 8])])


def pulse() -> bytes:
    """The device of the specification's example."""
    return whole(identity(parameters="edge=rising\n", areas=((0, 2 * PAGE),)), PULSE_SCHEMA,
                 zero(0, PAGE, PAGE), PULSE)


def card(pages: bytes = b"", queue: bytes = b"ab") -> bytes:
    """A device with all types of fields, instances, and memory."""
    names = schema(1, "port", [
        schema_field(1, U8, "lcr"), schema_field(2, U16, "divisor"),
        schema_field(3, U64, "left", 3), schema_field(4, BOOL, "irq"),
        schema_field(5, BYTES, "fifo", 16), schema_field(6, U32, "spare", 1, OPTIONAL),
        schema_field(9, TEXT, "label", 32)], version=3, instances=2)
    ports = [section(1, [
        field(1, U8, 3 + port), field(2, U16, 0x180), field(3, U64, [1, 1 << 63, port]),
        field(4, BOOL, port), field(5, BYTES, queue * port), field(6, U32, 9, OPTIONAL),
        field(9, TEXT, "a\n\"b\"")], version=3, instance=port) for port in (0, 1)]
    filled = pages or bytes(range(256)) * 32
    return whole(identity("vfiokit/card", "v2", "a=1\nb=2\n", ((1, 1 << 20), (4, 1 << 33))),
                 names, memory(1, 0, filled), memory(1, len(filled), filled),
                 zero(4, 0, 1 << 31), zero(4, 1 << 31, 1 << 31), memory(4, 1 << 20, b"x" * PAGE),
                 *ports, section(2, [field(1, BYTES, b"\xff" * 40)]))
