# SPDX-License-Identifier: GPL-2.0-only
"""Differences between two streams."""

import json

import encoder as e
import qemu_file as q
from case import File, case, check, run, same

ID = e.identity(areas=((0, 1 << 20), (2, 1 << 40)))
NAMES = e.schema(1, "port", [e.schema_field(1, e.U16, "divisor"),
                             e.schema_field(2, e.BYTES, "fifo", 16)])


def stream(*records: bytes) -> bytes:
    return e.whole(ID, NAMES, *records)


def port(divisor: int = 1, fifo: bytes = b"", **more) -> bytes:
    return e.section(1, [e.field(1, e.U16, divisor), e.field(2, e.BYTES, fifo)], **more)


def diff(old: bytes, new: bytes, *options: str) -> tuple[int, str, str]:
    with File(old) as before, File(new) as after:
        return run("diff", *options, before, after)


def lines(old: bytes, new: bytes) -> list[str]:
    status, out, err = diff(old, new)
    same((status, err), (1 if out else 0, ""), "status, stderr")
    return out.splitlines()


@case("diff: the same")
def nothing() -> None:
    same(diff(e.card(), e.card()), (0, "", ""), "result")
    same(json.loads(diff(e.card(), e.card(), "--json")[1])["differences"], [], "JSON")


@case("diff: fields, by element")
def fields() -> None:
    same(lines(stream(port(1, b"abc")), stream(port(0x180, b"axcd"))),
         ["section 1 (port) instance 0 divisor: 0x0001 -> 0x0180",
          "section 1 (port) instance 0 fifo[1]: 62 -> 78",
          "section 1 (port) instance 0 fifo[3]: absent -> 64"], "lines")
    same(lines(e.whole(ID, e.section(4, [e.field(7, e.BOOL, [1, 0]), e.field(8, e.TEXT, "a")])),
               e.whole(ID, e.section(4, [e.field(8, e.TEXT, "b\n"), e.field(7, e.BOOL, [1, 1])]))),
         ["section 4 instance 0 field 7[1]: false -> true",
          'section 4 instance 0 field 8: "a" -> "b\\n"'], "without a schema")


@case("diff: fields and sections that are in one only")
def absent() -> None:
    def other(*some: bytes, **more) -> bytes:
        return e.whole(ID, e.section(4, list(some), **more), *more.pop("sections", ()))
    same(lines(other(e.field(1, e.U8, [1, 2])), other(e.field(2, e.U32, 7))),
         ["section 4 instance 0 field 1: [0x01 0x02] -> absent",
          "section 4 instance 0 field 2: absent -> [0x00000007]"], "fields")
    same(lines(other(e.field(1, e.U8, 1)), other(e.field(1, e.U16, 1))),
         ["section 4 instance 0 field 1: [0x01] -> [0x01]"], "another type")
    same(lines(other(version=1), other(version=2)), ["section 4 instance 0 version: 1 -> 2"],
         "another version")
    same(lines(other(), e.whole(ID, e.section(4, [], instance=1))),
         ["section 4 instance 0: present -> absent", "section 4 instance 1: absent -> present"],
         "another instance")


@case("diff: identity")
def identity() -> None:
    same(lines(e.whole(e.identity("a", "1", "x=1\ny=1\n", ((0, 4096),))),
               e.whole(e.identity("b", "2", "x=1\ny=2\n", ((0, 8192), (1, 4096))))),
         ["identity model: a -> b", "identity version: 1 -> 2",
          "identity parameter: y=1 -> absent", "identity parameter: absent -> y=2",
          "identity area 0: 4 KiB -> 8 KiB", "identity area 1: absent -> 4 KiB"], "lines")


def page(fill: int) -> bytes:
    return bytes([fill]) * e.PAGE


@case("diff: memory, page by page")
def memory() -> None:
    old = stream(port(), e.memory(0, 0, page(1) + page(2) + page(3)), e.memory(2, 1 << 39, page(5)))
    new = stream(port(), e.memory(0, 0, page(1) + page(9) + b"\4" + page(3)[1:]),
                 e.memory(0, 70 * e.PAGE, page(7)))
    same(lines(old, new),
         ["memory of area 0: 0x1000 to 0x2fff, 4097 of 8 KiB differ",
          "memory of area 0: 0x46000 to 0x46fff, 4096 of 4 KiB differ",
          "memory of area 2: 0x8000000000 to 0x8000000fff, 4096 of 4 KiB differ"], "lines")


@case("diff: only what memory becomes in the end counts")
def memory_in_the_end() -> None:
    once = stream(e.memory(0, 0, page(1) + page(2)), port())
    for other in (stream(port(), e.memory(0, e.PAGE, page(2)), e.memory(0, 0, page(1))),
                  stream(e.memory(0, 0, page(9)), e.memory(0, 0, page(1) + page(2)), port()),
                  stream(e.memory(0, 0, page(1) + page(2)), e.zero(2, 0, 1 << 31), port()),
                  stream(e.memory(0, 0, page(1) + page(2)), e.memory(0, 8192, page(0)), port()),
                  stream(e.memory(0, 0, page(1) + page(2) + page(3)), e.zero(0, 8192, 4096),
                         port()),
                  stream(e.memory(0, 64 * e.PAGE, page(3)), e.zero(0, 64 * e.PAGE, 64 * e.PAGE),
                         e.memory(0, 0, page(1) + page(2)), port()),
                  stream(port(7), e.section(9, []), e.memory(0, 16384, page(3)), e.restart(),
                         e.memory(0, 0, page(1) + page(2)), port()),
                  e.whole(ID, e.memory(0, 0, page(1) + page(2)), port())):
        same(lines(once, other), [], "differences")
    same(lines(once, stream(e.memory(0, 0, page(1) + page(2)), e.zero(0, 4096, 4096), port())),
         ["memory of area 0: 0x1000 to 0x1fff, 4096 of 4 KiB differ"], "made zero")


@case("diff: JSON")
def as_json() -> None:
    old = stream(port(1), e.memory(0, 0, page(1)))
    new = stream(port(2), e.section(9, []))
    status, out, _ = diff(old, new, "--json")
    same(status, 1, "exit status")
    document = json.loads(out)
    same((document["layout"], sorted(document)), (1, ["differences", "layout", "new", "old"]),
         "document")
    same(document["differences"],
         [{"what": "field", "old": 1, "new": 2, "section": 1, "section_name": "port",
           "instance": 0, "field": 1, "name": "divisor", "type": "u16"},
          {"what": "section", "old": None, "new": "present", "section": 9, "instance": 0},
          {"what": "memory", "area": 0, "start": 0, "size": 4096, "bytes": 4096}], "differences")


@case("diff: a damaged stream, a missing file")
def impossible() -> None:
    for old, new in ((e.pulse(), e.pulse()[:-1]), (e.pulse()[:-1], e.pulse())):
        status, out, err = diff(old, new)
        same((status, out), (2, ""), "status, stdout")
        check("ends" in err, err)
    same(run("diff", "/nowhere", "/nowhere")[0], 2, "status without files")


@case("diff: migration files of QEMU, and one with a stream")
def containers() -> None:
    changed = q.example(stream=e.pulse().replace(b"", b""), other=e.card(queue=b"ax"))
    status, out, _ = diff(q.example(), changed)
    same(status, 1, "exit status")
    same(out.splitlines(), ["device 0000:00:04.0:", "device 0000:00:05.0:",
                            "section 1 (port) instance 1 fifo[1]: 62 -> 78"], "lines")
    same(diff(q.example(size=9), q.example())[0], 0, "pieces of another size")
    same(diff(e.card(), q.example(), "--device", "0000:00:05.0"), (0, "", ""), "with a stream")
    same(diff(q.example(), e.pulse(), "--device", "0"), (0, "", ""), "and the other way")
    status, _, err = diff(e.card(), q.example())
    same(status, 2, "status without --device")
    check("choose one by --device" in err, err)
