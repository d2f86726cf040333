# SPDX-License-Identifier: GPL-2.0-only
"""Print streams for people."""

import functools
from collections.abc import Iterator
from typing import TextIO

from .fields import (BOOL, BYTES, ELEMENT, TEXT, Damaged, Field, SchemaField, SectionSchema,
                     type_name)
from .inputs import Input
from .memory import Run, runs
from .stream import (IDENTITY_FIELDS, Decoder, End, Identity, Record, Restart, Schema,
                     Section, Skipped)

INDENT = "  "
LINE = 16       # bytes of a field on a line


def size_text(size: int) -> str:
    """As 4 KiB, if it is that."""
    for shift, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << shift and not size & ((1 << shift) - 1):
            return f"{size >> shift} {unit}"
    return f"{size} bytes"


def element_text(field_type: int, value: int) -> str:
    if field_type == BOOL:
        return "true" if value else "false"
    return f"{value:#0{2 + 2 * ELEMENT[field_type]}x}"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def value_lines(field: Field) -> Iterator[str]:
    """The elements; more than a few are on lines with the index of their first one."""
    if field.type == TEXT:
        yield quoted(field.text())
        return
    if not field.known or field.type == BYTES:
        texts = [f"{byte:02x}" for byte in field.data]
        width = LINE
    else:
        texts = [element_text(field.type, value) for value in field.numbers()]
        width = max(1, LINE // max(2, ELEMENT[field.type]))
    if not texts:
        yield "none"
    elif len(texts) <= width:
        yield " ".join(texts)
    else:
        for start in range(0, len(texts), width):
            yield f"[{start}] " + " ".join(texts[start:start + width])


class Text:
    """Writes the tree of one stream."""

    def __init__(self, out: TextIO, offsets: bool):
        self._out = out
        self._offsets = offsets
        self._decoder: Decoder | None = None

    def _line(self, depth: int, text: str, offset: int | None = None) -> None:
        place = ""
        if self._offsets:
            place = " " * 12 if offset is None else f"{offset:10d}  "
        self._out.write(f"{place}{INDENT * depth}{text}\n")

    def show(self, one: Input) -> Damaged | None:
        """Print it. What it is damaged by, if it is."""
        self._decoder = decoder = Decoder(one.stream)
        self._line(0, f"device {one.name}" if one.name else "stream", 0)
        try:
            header = decoder.read_header()
            self._line(1, f"format {header.major}.{header.minor}, {one.stream.size} bytes", 0)
            for record in runs(decoder.records()):
                self._record(record)
            self._line(1, "complete", one.stream.size)
        except Damaged as damage:
            return damage
        return None

    @functools.singledispatchmethod
    def _record(self, record: Record | Run) -> None:
        raise TypeError(record)

    @_record.register
    def _(self, record: Identity) -> None:
        self._line(1, "identity", record.offset)
        self._line(2, f"model: {record.model}")
        self._line(2, f"version: {record.version}")
        for parameter in record.parameters:
            self._line(2, f"parameter: {parameter}")
        for area, size in record.areas.items():
            self._line(2, f"area {area}: {size_text(size)}")
        for field in record.fields:
            if field.id not in IDENTITY_FIELDS:
                self._field(field, None)

    @_record.register
    def _(self, record: Schema) -> None:
        schema = record.schema
        instances = f", {schema.instances} instances" if schema.instances > 1 else ""
        self._line(1, f"schema of section {schema.section} ({schema.name}), version "
                      f"{schema.version}{instances}", record.offset)
        for field in schema.fields.values():
            count = f"[{field.count}]" if field.count != 1 else ""
            optional = ", optional" if field.flags else ""
            self._line(2, f"{field.id}: {field.name}, {type_name(field.type)}{count}{optional}")

    @_record.register
    def _(self, record: Section) -> None:
        schema: SectionSchema | None = self._decoder.schemas.get(record.section)
        name = f" ({schema.name})" if schema else ""
        # without a schema nobody knows whether there can be others
        instance = "" if schema and schema.instances == 1 else f", instance {record.instance}"
        optional = ", optional" if record.flags else ""
        self._line(1, f"section {record.section}{name}{instance}, version {record.version}"
                      f"{optional}", record.offset)
        for field in record.fields:
            self._field(field, schema.fields.get(field.id) if schema else None)

    def _field(self, field: Field, schema: SchemaField | None) -> None:
        array = schema.count != 1 if schema else field.count != 1
        count = f"[{field.count}]" if field.known and field.type != TEXT and array else ""
        name = f"{schema.name}: " if schema else f"field {field.id}: "
        optional = " (optional)" if field.optional else ""
        start = f"{name}{type_name(field.type)}{count}{optional}"
        lines = list(value_lines(field))
        if len(lines) == 1:
            self._line(2, f"{start} {lines[0]}", field.offset)
            return
        self._line(2, start, field.offset)
        for line in lines:
            self._line(3, line)

    @_record.register
    def _(self, record: Run) -> None:
        what = "zero" if record.zero else "data"
        several = f" in {record.records} records" if record.records > 1 else ""
        self._line(1, f"memory of area {record.area}: {record.start:#x} to "
                      f"{record.start + record.size - 1:#x}, {size_text(record.size)} of "
                      f"{what}{several}", record.offset)

    @_record.register
    def _(self, record: Restart) -> None:
        self._line(1, "restart: no section and no memory so far holds", record.offset)

    @_record.register
    def _(self, record: Skipped) -> None:
        self._line(1, f"unknown optional record of type {record.type:#x}, {record.length} bytes",
                   record.offset)

    @_record.register
    def _(self, record: End) -> None:
        self._line(1, f"end: {record.records} records before it, {record.bytes} bytes, checksum "
                      f"{record.crc:#010x}", record.offset)
