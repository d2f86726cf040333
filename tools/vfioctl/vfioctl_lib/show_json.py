# SPDX-License-Identifier: GPL-2.0-only
"""Print streams for programs; Documentation/admin-guide/vfioctl.rst has the layout.

A record is written when it is decoded, so a stream of any size takes no memory.
"""

import functools
import json
from typing import TextIO

from .fields import BOOL, BYTES, TEXT, Damaged, Field, SchemaField, SectionSchema, type_name
from .inputs import Input
from .memory import Run, runs
from .stream import Decoder, End, Identity, Record, Restart, Schema, Section, Skipped

LAYOUT = 1


def elements(field: Field) -> dict:
    """What a field consists of, under the key that tells how."""
    if field.type == TEXT:
        return {"text": field.text()}
    if not field.known or field.type == BYTES:
        return {"hex": field.data.hex()}
    if field.type == BOOL:
        return {"values": [bool(value) for value in field.numbers()]}
    return {"values": list(field.numbers())}


def field_object(field: Field, schema: SchemaField | None) -> dict:
    return {"offset": field.offset, "id": field.id, "name": schema.name if schema else None,
            "type": type_name(field.type), "optional": field.optional, **elements(field)}


class _Objects:
    """Makes an object of each record."""

    def __init__(self, decoder: Decoder):
        self._decoder = decoder

    def of(self, record: Record | Run) -> dict:
        if isinstance(record, Run):
            return {"record": "memory", "offset": record.offset, "area": record.area,
                    "start": record.start, "size": record.size, "zero": record.zero,
                    "records": record.records}
        kind, more = self._more(record)
        return {"record": kind, "offset": record.offset, "length": record.length,
                "optional": bool(record.flags), **more}

    @functools.singledispatchmethod
    def _more(self, record: Record) -> tuple[str, dict]:
        raise TypeError(record)

    @_more.register
    def _(self, record: Identity) -> tuple[str, dict]:
        return "identity", {
            "model": record.model, "version": record.version, "parameters": record.parameters,
            "areas": [{"id": area, "size": size} for area, size in record.areas.items()],
            "fields": [field_object(field, None) for field in record.fields]}

    @_more.register
    def _(self, record: Schema) -> tuple[str, dict]:
        schema = record.schema
        return "schema", {
            "section": schema.section, "name": schema.name, "version": schema.version,
            "instances": schema.instances,
            "fields": [{"id": field.id, "name": field.name, "type": type_name(field.type),
                        "optional": bool(field.flags), "count": field.count}
                       for field in schema.fields.values()]}

    @_more.register
    def _(self, record: Section) -> tuple[str, dict]:
        schema: SectionSchema | None = self._decoder.schemas.get(record.section)
        return "section", {
            "section": record.section, "name": schema.name if schema else None,
            "version": record.version, "instance": record.instance,
            "fields": [field_object(field, schema.fields.get(field.id) if schema else None)
                       for field in record.fields]}

    @_more.register
    def _(self, _record: Restart) -> tuple[str, dict]:
        return "restart", {}

    @_more.register
    def _(self, record: Skipped) -> tuple[str, dict]:
        return "unknown", {"type": record.type}

    @_more.register
    def _(self, record: End) -> tuple[str, dict]:
        return "end", {"records": record.records, "bytes": record.bytes, "crc": record.crc}


class Document:
    """Writes one document about a file."""

    def __init__(self, out: TextIO, path: str, inputs: list[Input]):
        self._out = out
        self._comma = ""
        container = inputs[0].container
        out.write(f'{{"layout": {LAYOUT}, "file": {json.dumps(path)}, '
                  f'"container": {json.dumps(container)}, "devices": [')

    def show(self, one: Input) -> Damaged | None:
        """Write it. What it is damaged by, if it is."""
        decoder, damage, comma = Decoder(one.stream), None, ""
        self._out.write(f'{self._comma}\n {{"name": {json.dumps(one.name or None)}, '
                        f'"bytes": {one.stream.size}, "records": [')
        self._comma = ","
        try:
            objects = _Objects(decoder)
            for record in runs(decoder.records()):
                self._out.write(f"{comma}\n  {json.dumps(objects.of(record))}")
                comma = ","
        except Damaged as error:
            damage = error
        tail = {"format": None, "error": None, "problem": one.problem or None}
        if decoder.header:
            tail["format"] = {"major": decoder.header.major, "minor": decoder.header.minor}
        if damage:
            place = one.stream.place(damage.offset)
            tail["error"] = {"offset": damage.offset, "file_offset": place,
                             "reason": damage.reason}
        self._out.write("],\n  " + json.dumps(tail)[1:])
        return damage

    def finish(self) -> None:
        self._out.write("\n]}\n")
