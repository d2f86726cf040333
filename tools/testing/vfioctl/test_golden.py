# SPDX-License-Identifier: GPL-2.0-only
"""Streams of the kernel's writer, tools/testing/golden/vmig/, as they are shown.

What is expected lies in golden/ here, for NAME.bin in NAME.txt and NAME.json. For a
new one, and only after it was read line by line:

    cd tools/testing/golden/vmig
    vfioctl mig show --offsets NAME.bin | sed '1i LICENCE' >../../vfioctl/golden/NAME.txt
    vfioctl mig show --json NAME.bin >../../vfioctl/golden/NAME.json

where LICENCE is the first line of the others.
"""

import json
import pathlib

import encoder as e
from case import TREE, case, check, decode, run, same
from test_json import again, shown

STREAMS = TREE / "tools/testing/golden/vmig"
LICENCE = "# SPDX-License-Identifier: GPL-2.0-only\n"
EXPECTED = pathlib.Path(__file__).resolve().parent / "golden"


def streams() -> list[pathlib.Path]:
    found = sorted(STREAMS.glob("*.bin"))
    check(found, f"there is no stream in {STREAMS}")
    return found


def compare(option: str, suffix: str) -> None:
    for path in streams():
        expected = (EXPECTED / path.name).with_suffix(suffix).read_text(encoding="utf-8")
        expected = expected.removeprefix(LICENCE)
        status, out, err = run("show", option, path.name, cwd=STREAMS)
        same((status, err), (0, ""), f"status and stderr of {path.name}")
        for number, (got, line) in enumerate(zip(out.splitlines(), expected.splitlines())):
            same(got, line, f"line {number + 1} of {path.name}")
        same(out, expected, path.name)


@case("golden: shown as expected")
def text() -> None:
    compare("--offsets", ".txt")


@case("golden: shown as JSON as expected")
def as_json() -> None:
    compare("--json", ".json")


@case("golden: the models' streams are in order, and each field has a name")
def models() -> None:
    found = sorted((TREE / "tools/testing/golden/models").glob("*.bin"))
    check(found, "there is no stream of a model")
    for path in found:
        device, = shown(path.read_bytes())["devices"]
        check(not device["error"], f"{path.name}: {device['error']}")
        for one in device["records"]:
            if one["record"] == "section":
                names = [field["name"] for field in one["fields"]]
                check(one["name"] and all(names), f"{path.name}: {one['section']}: {names}")


@case("golden: nothing expected without a stream")
def nothing_left() -> None:
    same({path.stem for path in EXPECTED.iterdir()}, {path.stem for path in streams()},
         "names of what is expected")


@case("golden: the state can be made of the JSON again")
def round_trip() -> None:
    # Bytes of memory, and what is skipped, are not in the JSON.
    for path in streams():
        data = path.read_bytes()
        document = shown(data)
        if all(one["record"] not in ("memory", "unknown") or one.get("zero")
               for one in document["devices"][0]["records"]):
            same(again(document), data, path.name)
        for one in document["devices"][0]["records"]:
            if one["record"] in ("identity", "schema", "section"):
                part, = [part for part in e.records_of(again({"devices": [{
                    "format": {"major": 1, "minor": 0}, "records": [one, {}]}]}))][:-1]
                same(data[one["offset"]:one["offset"] + len(part)], part,
                     f"{one['record']} at {one['offset']} of {path.name}")


@case("golden: cut anywhere, or a bit flipped anywhere")
def damaged() -> None:
    data = bytearray((STREAMS / "older.bin").read_bytes())
    for offset in range(len(data)):
        check(decode(bytes(data[:offset]))[1], f"cut after {offset} bytes, it is accepted")
        data[offset] ^= 1 << offset % 8
        check(decode(bytes(data))[1], f"changed at {offset}, it is accepted")
        data[offset] ^= 1 << offset % 8


@case("golden: one against the other")
def compared() -> None:
    status, out, err = run("diff", "older.bin", "later.bin", cwd=STREAMS)
    same((status, err), (1, ""), "status, stderr")
    same(out.splitlines(),
         [f"section 1 instance {instance} {what}" for instance in (0, 1)
          for what in ("version: 2 -> 4", "field 300: absent -> [0x09]")], "differences")
    status, out, _ = run("diff", "stopped.bin", "running.bin", cwd=STREAMS)
    same((status, out), (1, "memory of area 5: 0x5000 to 0x5fff, 4096 of 4 KiB differ\n"),
         "stopped and running")
    document = json.loads(run("diff", "--json", "stopped.bin", "stopped.bin", cwd=STREAMS)[1])
    same(document["differences"], [], "differences of one and the same")
