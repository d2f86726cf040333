# SPDX-License-Identifier: GPL-2.0-only
"""Two readers of one specification: the kernel's, and vfioctl.

Streams of a device are changed in all ways, mostly with the right checksums. What the
kernel takes in must be in order for vfioctl, and what is not in order for vfioctl must be
refused by the kernel. The kernel refuses more, since it knows the device.
"""

import functools
import pathlib
import random
import re
import shutil
import struct
import subprocess
import tempfile

import encoder as e
from case import TREE, Skip, case, check, decode

GOLDEN = TREE / "tools/testing/golden/vmig"
HERE = pathlib.Path(__file__).resolve().parent

# What a reader refuses that knows the device, and one that does not cannot.
OF_THE_DEVICE = re.compile(
    r"the stream's (model|version|device)|this device has|has area \d+ of|bytes of areas|"
    r"which is unknown and not optional|is of version|there are \d+ instances|it lacks field|"
    r"the stream lacks section|it is of type|it has \d+ elements|is allowed|cannot be staged")

SECTIONS = (1, 0x1234)      # of the lamps

Part = tuple[int, int, bytes]       # type, flags and payload of a record


def build(program: str) -> None:
    """Compile the kernel's reader, or skip."""
    if not shutil.which("gcc") or not shutil.which("make"):
        raise Skip("no gcc")
    portable = subprocess.run(["make", "-s", "--no-print-directory", "-C", "tools/testing/unit",
                               "portable"], cwd=TREE, capture_output=True, text=True, check=True)
    sources = [file for file in portable.stdout.split() if file.startswith("drivers/vfio/vmig/")]
    subprocess.run(["gcc", "-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", "-Itools/include", "-Iinclude", *sources,
                    "tools/testing/unit/lamp.c", "tools/testing/unit/random.c", HERE / "reader.c",
                    "-o", program, "-pthread"], cwd=TREE, check=True)


@functools.cache
def verdicts(streams: tuple[bytes, ...]) -> list[tuple[int, str]]:
    """What the kernel's reader says of each."""
    with tempfile.TemporaryDirectory() as place:
        build(f"{place}/reader")
        data = b"".join(struct.pack("=I", len(stream)) + stream for stream in streams)
        done = subprocess.run([f"{place}/reader"], input=data, capture_output=True, check=False)
    check(not done.returncode, done.stderr.decode())
    lines = done.stdout.decode().splitlines()
    return [(int(verdict), reason) for verdict, _, reason in
            (line.partition(" ") for line in lines)]


def parts_of(name: str) -> list[Part]:
    data = (GOLDEN / name).read_bytes()
    return [(*struct.unpack_from("<HH", part), part[8:-4]) for part in e.records_of(data)][:-1]


class Changes:
    """Changes of records, one after the other at random."""

    def __init__(self, seed: int):
        self._chance = random.Random(seed)
        self._all = parts_of("stopped.bin") + parts_of("running.bin") + parts_of("later.bin")
        self._starts = [parts_of("older.bin"), parts_of("later.bin"),
                        [part for part in parts_of("stopped.bin") if len(part[2]) < 4096]]

    def _byte(self, part: Part) -> Part:
        kind, flags, payload = part
        changed = bytearray(payload or b"\0")
        at = self._chance.randrange(len(changed))
        changed[at] = self._chance.choice((0, 1, 2, 3, changed[at] ^ 1, changed[at] ^ 0x80,
                                           (changed[at] + 1) & 0xff, 0xff))
        return kind, flags, bytes(changed)

    def _length(self, part: Part) -> Part:
        kind, flags, payload = part
        at = self._chance.randrange(len(payload) + 1)
        more = self._chance.choice((b"", b"\0", b"\1\0\1\0\0\0\0\0", b"\7\0\1\1\1\0\0\0\5"))
        return kind, flags, payload[:at] + more + payload[at + self._chance.randrange(2):]

    def _head(self, part: Part) -> Part:
        kind = self._chance.choice((part[0], 1, 2, 3, 4, 5, 6, 0x7777, 0xffff))
        return kind, self._chance.choice((0, 0, 1, 2, 0x8000)), part[2]

    def _records(self, parts: list[Part]) -> None:
        at = self._chance.randrange(len(parts))
        match self._chance.randrange(4):
            case 0:
                del parts[at]
            case 1:
                parts.insert(at, self._chance.choice(parts))
            case 2:
                parts.insert(at, self._chance.choice(self._all))
            case _:
                parts.insert(at, (e.RESTART, 0, b""))

    def stream(self) -> bytes:
        parts = list(self._chance.choice(self._starts))
        for _ in range(self._chance.choice((0, 1, 1, 1, 2, 3))):
            if not parts:
                break
            at = self._chance.randrange(len(parts))
            change = self._chance.choice((self._byte, self._byte, self._byte, self._length,
                                          self._head, None))
            if change:
                parts[at] = change(parts[at])
            else:
                self._records(parts)
        begin = e.header(self._chance.choice((1, 1, 1, 1, 1, 1, 1, 2)), self._chance.choice((0, 9)))
        data = begin + b"".join(e.record(kind, payload, flags) for kind, flags, payload in parts)
        data += e.end(data)
        if not self._chance.randrange(10):
            data = bytearray(data)
            data[self._chance.randrange(len(data))] ^= 1 << self._chance.randrange(8)
        return bytes(data)[:self._chance.choice((len(data),) * 9 + (len(data) - 1,))]


def is_skipped(part: bytes) -> bool:
    """Does the kernel not look at what is in this record?"""
    kind, flags, _, first = struct.unpack_from("<HHIH", part.ljust(10, b"\0"))
    if kind == e.SECTION:
        return flags == e.OPTIONAL and first not in SECTIONS
    return kind == e.SCHEMA or kind not in range(e.IDENTITY, e.RESTART + 1)


def essence(data: bytes) -> bytes:
    """Without records that the kernel skips."""
    data = data[:16] + b"".join(part for part in e.records_of(data[:-32]) if not is_skipped(part))
    return data + e.end(data)


def unlike(stream: bytes) -> str:
    """Why vfioctl refuses what the kernel has taken, or "" if it may."""
    data = essence(stream)
    _, damage = decode(data)
    if not damage:
        return ""
    # Of an optional field that it does not know, the kernel looks at nothing.
    return "" if data[damage.offset + 3] == e.OPTIONAL else damage.reason


def compare(streams: tuple[bytes, ...]) -> tuple[int, int]:
    """How many the kernel takes, and how many both refuse."""
    taken = refused = 0
    for stream, (verdict, reason) in zip(streams, verdicts(streams), strict=True):
        _, damage = decode(stream)
        said = f'the kernel: {verdict} "{reason}", vfioctl: "{damage and damage.reason}", ' \
               f"of {stream.hex()}"
        if not verdict:
            check(not damage or not unlike(stream), said)
            taken += 1
        elif verdict and not damage:
            check(OF_THE_DEVICE.search(reason), said)
        elif damage:
            refused += 1
    return taken, refused


@case("readers: the kernel's and this one agree")
def agree() -> None:
    changes = Changes(5)
    taken, refused = compare(tuple(changes.stream() for _ in range(4000)))
    # or the changes are of no use
    check(taken > 300 and refused > 1000, f"{taken} taken, {refused} refused by both")
