# SPDX-License-Identifier: GPL-2.0-only
"""The annotated bytes of a stream, as the specification shows them.

usage: annotate.py [FILE]

Without FILE, of the specification's example. Its table has one line for each field of
a structure, or for up to eight bytes of what is long.
"""

import struct
import sys
from collections.abc import Iterator

import encoder

NAMES = {encoder.IDENTITY: "IDENTITY", encoder.SCHEMA: "SCHEMA", encoder.SECTION: "SECTION",
         encoder.MEMORY: "MEMORY", encoder.RESTART: "RESTART", encoder.END: "END"}
TYPES = {1: "U8", 2: "U16", 3: "U32", 4: "U64", 5: "BOOL", 6: "BYTES", 7: "TEXT"}
SIZES = {1: 1, 2: 2, 3: 4, 4: 8, 5: 1, 6: 1, 7: 1}
IDENTITY = {1: "MODEL", 2: "VERSION", 3: "PARAMETERS", 4: "AREAS"}
LINE = 8

# What a line is: its bytes, and what they mean.
Lines = Iterator[tuple[bytes, str]]


def text(data: bytes) -> Lines:
    for start in range(0, len(data), LINE):
        part = data[start:start + LINE]
        yield part, '"' + part.decode("ascii").replace("\n", "\\n") + '"'


def count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def flags(number: int) -> str:
    return ", OPTIONAL" if number else ""


def elements(kind: int, data: bytes) -> Lines:
    if kind == encoder.TEXT:
        yield from text(data)
        return
    step = SIZES[kind] if SIZES[kind] > 1 else LINE
    for start in range(0, len(data), step):
        part = data[start:start + step]
        if SIZES[kind] > 1:
            yield part, str(int.from_bytes(part, "little"))
        else:
            yield part, " ".join(str(byte) for byte in part)


def fields(data: bytes, names: dict[int, str]) -> Lines:
    at = 0
    while at < len(data):
        number, kind, flag, length = struct.unpack_from("<HBBI", data, at)
        name = f", {names[number]}" if number in names else ""
        yield data[at:at + 8], (f"field {number}{name}: {TYPES[kind]}{flags(flag)}, "
                                f"{count(length, 'byte')}")
        yield from elements(kind, data[at + 8:at + 8 + length])
        at += 8 + length


def parts(data: bytes, layout: tuple) -> Lines:
    """Numbers of these sizes and names, one after the other."""
    at = 0
    for size, name in layout:
        part = data[at:at + size]
        number = int.from_bytes(part, "little")
        yield part, f"{name} " + (f"{number:#010x}" if "CRC" in name else str(number))
        at += size


def identity(data: bytes) -> Lines:
    return fields(data, IDENTITY)


def schema(data: bytes) -> Lines:
    yield from parts(data[:9], ((2, "section"), (2, "version"), (2, "instances"), (2, "fields"),
                                (1, "name_length")))
    yield from text(data[9:9 + data[8]])
    at = 9 + data[8]
    while at < len(data):
        number, kind, flag, most = struct.unpack_from("<HBBI", data, at)
        yield data[at:at + 8], (f"field {number}: {TYPES[kind]}{flags(flag)}, "
                                f"{count(most, 'element')}")
        yield from parts(data[at + 8:at + 9], ((1, "name_length"),))
        yield from text(data[at + 9:at + 9 + data[at + 8]])
        at += 9 + data[at + 8]


def section(data: bytes) -> Lines:
    yield from parts(data[:8], ((2, "id"), (2, "version"), (2, "instance"), (2, "reserved")))
    yield from fields(data[8:], {})


def memory(data: bytes) -> Lines:
    yield data[:2], f"area {int.from_bytes(data[:2], 'little')}"
    yield data[2:4], "flags: ZERO" if data[2] else "no flags"
    yield from parts(data[4:16], ((4, "length"), (8, "offset")))
    for start in range(16, len(data), LINE):
        yield data[start:start + LINE], ""


def end(data: bytes) -> Lines:
    return parts(data, ((8, "records"), (8, "bytes"), (4, "CRC of the CRCs")))


PAYLOADS = {encoder.IDENTITY: identity, encoder.SCHEMA: schema, encoder.SECTION: section,
            encoder.MEMORY: memory, encoder.RESTART: iter, encoder.END: end}


def lines(stream: bytes) -> Lines:
    """All of a stream without damage."""
    yield stream[:8], "magic"
    yield from parts(stream[8:16], ((2, "major"), (2, "minor"), (4, "CRC")))
    for record in encoder.records_of(stream):
        kind, flag, length = struct.unpack_from("<HHI", record)
        yield b"", ""
        yield record[:8], f"{NAMES[kind]}{flags(flag)}, {count(length, 'byte')}"
        yield from PAYLOADS[kind](record[8:-4])
        yield from parts(record[-4:], ((4, "CRC"),))


def table(stream: bytes) -> str:
    """As text."""
    rows, offset = [], 0
    for data, meaning in lines(stream):
        rows.append(f"{offset:04x}  {data.hex(' '):{3 * LINE}} {meaning}".rstrip() if data else "")
        offset += len(data)
    return "\n".join(rows) + "\n"


def main() -> int:
    stream = encoder.pulse()
    if len(sys.argv) > 1:
        with open(sys.argv[1], "rb") as file:
            stream = file.read()
    sys.stdout.write(table(stream))
    return 0


if __name__ == "__main__":
    sys.exit(main())
