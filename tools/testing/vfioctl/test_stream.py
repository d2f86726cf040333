# SPDX-License-Identifier: GPL-2.0-only
"""Streams that are in order, and what is read of them."""

import encoder as e
from case import accepted, case, same
from vfioctl_lib import stream


def of_type(records: list, kind: type) -> list:
    return [record for record in records if isinstance(record, kind)]


@case("stream: the specification's example")
def example() -> None:
    records = accepted(e.pulse())
    identity, schema, memory, section, end = records
    same((identity.model, identity.version, identity.parameters, identity.areas),
         ("vfiokit/pulse", "v1", ["edge=rising"], {0: 8192}), "identity")
    same([(field.id, field.name, field.count) for field in schema.schema.fields.values()],
         [(1, "period", 1), (2, "on", 1), (3, "queue", 16)], "schema")
    same((memory.area, memory.start, memory.size, memory.data), (0, 4096, 4096, None), "memory")
    same([field.numbers() for field in section.fields], [(1000,), (1,), (7, 8)], "fields")
    same((end.records, end.bytes), (4, 248), "end")


@case("stream: each type of field, instances, areas")
def card() -> None:
    records = accepted(e.card())
    first, second, foreign = of_type(records, stream.Section)
    same([first.instance, second.instance], [0, 1], "instances")
    same([field.id for field in first.fields], [1, 2, 3, 4, 5, 6, 9], "fields")
    same(second.fields[2].numbers(), (1, 1 << 63, 1), "a u64 array")
    same(second.fields[4].data, b"ab", "bytes")
    same(first.fields[6].text(), 'a\n"b"', "text")
    same((first.fields[5].optional, first.fields[4].optional), (True, False), "optional")
    same(foreign.section, 2, "a section without schema")
    same([(one.area, one.start, one.size, one.data is None)
          for one in of_type(records, stream.Memory)],
         [(1, 0, 8192, False), (1, 8192, 8192, False), (4, 0, 1 << 31, True),
          (4, 1 << 31, 1 << 31, True), (4, 1 << 20, 4096, False)], "memory")


@case("stream: as little as there can be")
def least() -> None:
    same(len(accepted(e.whole(e.identity()))), 2, "records")


@case("stream: what is unknown and optional is skipped")
def optional() -> None:
    unknown = e.raw_field(77, 99, b"abc", e.OPTIONAL)
    records = accepted(e.whole(
        e.identity(more=unknown), e.record(0x123, b"later", e.OPTIONAL),
        e.section(5, [unknown, e.field(1, e.U8, 1)]), begin=e.header(minor=7)))
    same(len(of_type(records, stream.Skipped)), 1, "skipped records")
    same([field.known for field in records[2].fields], [False, True], "known fields")


@case("stream: the optional flag on what is known changes nothing")
def optional_known() -> None:
    data = e.whole(e.record(e.IDENTITY, e.identity()[8:-4], e.OPTIONAL),
                   e.section(1, [], flags=e.OPTIONAL), e.record(e.RESTART, b"", e.OPTIONAL),
                   e.section(1, [], flags=e.OPTIONAL))
    same(len(accepted(data)), 5, "records")


@case("stream: after a restart sections come again")
def restarted() -> None:
    data = e.whole(e.identity(parameters="edge=rising\n", areas=((0, 8192),)), e.PULSE_SCHEMA,
                   e.PULSE, e.restart(), e.zero(0, 0, 8192), e.PULSE, e.restart(), e.PULSE)
    same(len(of_type(accepted(data), stream.Section)), 3, "sections")


@case("stream: as much as a record can hold")
def most() -> None:
    data = e.whole(e.identity(areas=((0xffff, 65536),)), e.memory(0xffff, 0, bytes(65536)),
                   e.section(0xffff, [e.field(0xffff, e.BYTES, bytes((1 << 20) - 16))],
                             version=0xffff, instance=0xffff))
    same(accepted(data)[2].length, 1 << 20, "payload")


@case("stream: the largest area")
def largest() -> None:
    size = (1 << 64) - e.PAGE
    data = e.whole(e.identity(areas=((0, size),)), e.zero(0, size - 0xfffff000, 0xfffff000))
    same(accepted(data)[1].size, 0xfffff000, "zero memory")
