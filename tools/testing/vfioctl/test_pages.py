# SPDX-License-Identifier: GPL-2.0-only
"""The documentation says what is so."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import annotate
import encoder as e
from case import TREE, VFIOCTL, accepted, case, check, same

sys.path.insert(1, str(TREE / "tools/docs"))

# pylint: disable=wrong-import-position
import page

FORMAT = TREE / "Documentation/userspace-api/vfio-mig-stream.rst"
PROGRAM = TREE / "Documentation/admin-guide/vfioctl.rst"
HEADER = TREE / "include/uapi/linux/vfio_mig_stream.h"


@case("pages: the example's bytes are a stream")
def example_bytes() -> None:
    shown = page.files(FORMAT)["pulse.stream"]
    rows = [re.match(r"([0-9a-f]{4})  ((?:[0-9a-f]{2} )+) ", row + " ")
            for row in shown.splitlines() if row]
    data = b""
    for row in rows:
        same(int(row[1], 16), len(data), "offset of a line")
        data += bytes.fromhex(row[2])
    accepted(data)
    same(data, e.pulse(), "the example")


@case("pages: the example is annotated as the stream is")
def example_text() -> None:
    same(page.files(FORMAT)["pulse.stream"], annotate.table(e.pulse()), "the example")


@case("pages: what vfioctl prints")
def printed() -> None:
    later = e.whole(e.identity(parameters="edge=rising\n", areas=((0, 8192),)), e.PULSE_SCHEMA,
                    e.memory(0, 4096, bytes(4000) + b"\1" * 96),
                    e.section(1, [e.field(1, e.U32, 250), e.field(2, e.BOOL, True),
                                  e.field(3, e.U8, [7])]))
    commands = page.commands(PROGRAM)
    check(len(commands) == 3, "the page has other commands")
    with tempfile.TemporaryDirectory() as place:
        pathlib.Path(place, "pulse.stream").write_bytes(e.pulse())
        pathlib.Path(place, "later.stream").write_bytes(later)
        path = f"{VFIOCTL.parent}:{os.environ['PATH']}"
        for command, output in commands:
            done = subprocess.run(command, shell=True, cwd=place, env={**os.environ, "PATH": path},
                                  capture_output=True, text=True, check=False)
            same(done.stdout.rstrip("\n"), output.rstrip("\n"), f"output of {command}")


def defined() -> dict[str, str]:
    text = HEADER.read_text(encoding="utf-8")
    return dict(re.findall(r"^#define (VFIO_MIG_\w+)\s+(\S.*?)\s*(?:/\*.*)?$", text, re.MULTILINE))


@case("pages: the numbers are those of the header")
def numbers() -> None:
    macros = {name: eval(value) for name, value in defined().items()}   # pylint: disable=eval-used
    text = FORMAT.read_text(encoding="utf-8")
    for name in ("IDENTITY", "SCHEMA", "SECTION", "MEMORY", "RESTART", "END"):
        number = macros[f"VFIO_MIG_{name}"]
        shown = hex(number) if number > 9 else str(number)
        check(re.search(rf"^{shown} +{name} +(yes|no) ", text, re.MULTILINE), f"type of {name}")
    for name, size in (("U8", 1), ("U16", 2), ("U32", 4), ("U64", 8), ("BOOL", 1), ("BYTES", 1),
                       ("TEXT", 1)):
        check(re.search(rf"^{macros[f'VFIO_MIG_{name}']} +{name} +{size} ", text, re.MULTILINE),
              f"field type {name}")
    for name in ("MODEL", "VERSION", "PARAMETERS", "AREAS"):
        check(re.search(rf"^{macros[f'VFIO_MIG_ID_{name}']} +{name} +(TEXT|U64) ", text,
                        re.MULTILINE), f"identity field {name}")
    for name in ("MAX_PAYLOAD", "MAX_MEMORY", "MAX_IDENTITY", "PAGE"):
        value = macros.get(f"VFIO_MIG_{name}")
        check(value is None or re.search(rf"\b{value}\b", text), f"{name} is not in the page")
    magic = macros["VFIO_MIG_MAGIC"].encode("latin-1")
    check(f"``{magic.hex(' ')}``" in text, "the magic")
    check(re.search(rf"major {macros['VFIO_MIG_MAJOR']}\n", text), "major")
    check(re.search(rf"minor {macros['VFIO_MIG_MINOR']}\n", text), "minor")
