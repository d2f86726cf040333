# SPDX-License-Identifier: GPL-2.0-only
"""The JSON of show: a stream can be made of it again."""

import json

import encoder as e
from case import File, case, run, same

TYPES = {"u8": e.U8, "u16": e.U16, "u32": e.U32, "u64": e.U64, "bool": e.BOOL, "bytes": e.BYTES,
         "text": e.TEXT}


def kind(name: str) -> int:
    return TYPES[name] if name in TYPES else int(name.removeprefix("type "))


def field(one: dict) -> bytes:
    if "hex" in one:
        value = bytes.fromhex(one["hex"])
    else:
        value = one["text"] if "text" in one else one["values"]
    return e.field(one["id"], kind(one["type"]), value, int(one["optional"]))


def identity(one: dict) -> bytes:
    return e.record(e.IDENTITY, b"".join(field(each) for each in one["fields"]), one["optional"])


def schema(one: dict) -> bytes:
    rows = [e.schema_field(row["id"], kind(row["type"]), row["name"], row["count"],
                           int(row["optional"])) for row in one["fields"]]
    return e.schema(one["section"], one["name"], rows, one["version"], one["instances"],
                    one["optional"])


def section(one: dict) -> bytes:
    return e.section(one["section"], [field(each) for each in one["fields"]], one["version"],
                     one["instance"], flags=int(one["optional"]))


def memory(one: dict) -> bytes:
    """Zero memory: other bytes are not in the document."""
    size = one["size"] // one["records"]
    return b"".join(e.zero(one["area"], one["start"] + number * size, size)
                    for number in range(one["records"]))


MAKE = {"identity": identity, "schema": schema, "section": section, "memory": memory,
        "restart": lambda one: e.restart()}


def again(document: dict) -> bytes:
    device, = document["devices"]
    begin = e.header(device["format"]["major"], device["format"]["minor"])
    return e.whole(*[MAKE[one["record"]](one) for one in device["records"][:-1]], begin=begin)


def shown(data: bytes) -> dict:
    with File(data) as path:
        status, out, err = run("show", "--json", path)
    same((status, err), (0, ""), "status, stderr")
    return json.loads(out)


@case("json: a stream can be made of it again")
def round_trip() -> None:
    for data in (e.pulse(), e.whole(e.identity()), e.whole(
            e.identity("m", "v", "a=1\nb=\n", ((1, 1 << 33), (9, 1 << 63))),
            e.schema(7, "all", [e.schema_field(number, number, f"f{number}", 99)
                                for number in range(1, 8)], 9, 2),
            e.zero(1, 0, 1 << 31), e.zero(1, 1 << 31, 1 << 31), e.zero(9, 4096, 4096), e.restart(),
            *[e.section(7, [e.field(1, e.U8, [0, 255]), e.field(2, e.U16, 0xffff),
                            e.field(3, e.U32, [1 << 31]), e.field(4, e.U64, [(1 << 64) - 1, 1]),
                            e.field(5, e.BOOL, [True, False]), e.field(6, e.BYTES, b"\0\xff"),
                            e.field(7, e.TEXT, "\" \\ \n ~")], 9, number) for number in (0, 1)],
            e.section(8, [e.raw_field(6, 99, b"what", e.OPTIONAL), e.field(5, e.U64, [])]),
            begin=e.header(minor=5))):
        same(again(shown(data)), data, "the stream")


@case("json: every key that is documented, and no other")
def keys() -> None:
    document = shown(e.whole(e.identity(areas=((0, 8192),)), e.PULSE_SCHEMA, e.zero(0, 0, 4096),
                             e.zero(0, 4096, 4096), e.PULSE, e.restart(),
                             e.record(0x99, b"abc", e.OPTIONAL), e.PULSE, e.section(2, [])))
    same(list(document), ["layout", "file", "container", "devices"], "keys of the document")
    device, = document["devices"]
    same(list(device), ["name", "bytes", "records", "format", "error", "problem"],
         "keys of a device")
    common = ["record", "offset", "length", "optional"]
    expected = {
        "identity": common + ["model", "version", "parameters", "areas", "fields"],
        "schema": common + ["section", "name", "version", "instances", "fields"],
        "section": common + ["section", "name", "version", "instance", "fields"],
        "memory": ["record", "offset", "area", "start", "size", "zero", "records"],
        "restart": common, "unknown": common + ["type"],
        "end": common + ["records", "bytes", "crc"]}
    same({one["record"]: list(one) for one in device["records"]}, expected, "keys of records")
    same(list(device["records"][3]["fields"][0]),
         ["offset", "id", "name", "type", "optional", "values"], "keys of a field")


@case("json: records of memory are one where they adjoin and are alike")
def memory_runs() -> None:
    page = b"x" * e.PAGE
    document = shown(e.whole(
        e.identity(areas=((0, 1 << 20), (1, 1 << 20))), e.memory(0, 0, page),
        e.memory(0, 4096, page * 2), e.zero(0, 12288, 4096), e.zero(0, 16384, 4096),
        e.memory(0, 20480, page), e.memory(1, 24576, page), e.memory(1, 24576, page)))
    same([(one["area"], one["start"], one["size"], one["zero"], one["records"])
          for one in document["devices"][0]["records"] if one["record"] == "memory"],
         [(0, 0, 12288, False, 2), (0, 12288, 8192, True, 2), (0, 20480, 4096, False, 1),
          (1, 24576, 4096, False, 1), (1, 24576, 4096, False, 1)], "memory")


@case("json: is JSON however a stream is damaged")
def damaged() -> None:
    data = e.pulse()
    for length in range(0, len(data), 3):
        with File(data[:length]) as path:
            status, out, _ = run("show", "--json", path) if length % 30 == 0 else (1, "", "")
        same(status, 1, "exit status")
        if out:
            device, = json.loads(out)["devices"]
            same(set(device["error"]), {"offset", "file_offset", "reason"}, "the error")
