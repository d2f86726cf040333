# SPDX-License-Identifier: GPL-2.0-only
"""Streams that were cut or changed anywhere."""

import random

import encoder as e
from case import case, check, decode, run, same, File
from vfioctl_lib import inputs, qemu, show
import qemu_file

NOTHING = open("/dev/null", "w", encoding="utf-8")      # pylint: disable=consider-using-with


def small() -> bytes:
    """A stream with every type of record, but few bytes."""
    return e.whole(e.identity(parameters="edge=rising\n", areas=((0, 8192),)), e.PULSE_SCHEMA,
                   e.zero(0, 4096, 4096), e.PULSE, e.restart(),
                   e.record(0x77, b"later", e.OPTIONAL), e.zero(0, 0, 8192), e.PULSE)


def ends(data: bytes) -> list[int]:
    """Where each record ends."""
    found, offset = [], 16
    for record in e.records_of(data):
        offset += len(record)
        found.append(offset)
    return found


@case("damage: cut at every byte")
def truncated() -> None:
    data = small()
    whole = ends(data)
    for length in range(len(data)):
        records, damage = decode(data[:length])
        check(damage, f"cut after {length} bytes, it is accepted")
        check("ends" in damage.reason or "no bytes" in damage.reason, damage.reason)
        same(len(records), sum(end <= length for end in whole), f"records of {length} bytes")


@case("damage: a byte more anywhere behind")
def longer() -> None:
    check(decode(small() + b"\0")[1], "a byte more is accepted")
    check(decode(small() + small())[1], "two streams are accepted")


@case("damage: each bit flipped")
def flipped() -> None:
    data = bytearray(small())
    whole = ends(data)
    for offset in range(len(data)):
        for bit in range(8):
            data[offset] ^= 1 << bit
            records, damage = decode(bytes(data))
            check(damage, f"bit {bit} of byte {offset} flipped, it is accepted")
            # a minor version is told of by nothing but the header's CRC
            same(len(records), sum(end <= offset for end in whole) if offset >= 16 else 0,
                 f"records before bit {bit} of byte {offset}")
            data[offset] ^= 1 << bit


@case("damage: records lost, repeated, swapped, or of another stream")
def shuffled() -> None:
    data = small()
    parts = list(e.records_of(data))
    foreign = e.section(1, [e.field(1, e.U32, 5), e.field(2, e.BOOL, True),
                            e.field(3, e.U8, [1])])
    for number in range(len(parts)):
        for changed in (parts[:number] + parts[number + 1:],
                        parts[:number + 1] + parts[number:],
                        parts[:number] + [foreign] + parts[number + 1:],
                        parts[:number] + parts[number + 1:number + 2] + parts[number:number + 1] +
                        parts[number + 2:]):
            if changed != parts:
                check(decode(e.header() + b"".join(changed))[1],
                      f"changed at record {number}, it is accepted")


def anything(data: bytes) -> None:
    """Nothing but the exceptions that are expected."""
    with File(data) as path:
        try:
            for one in inputs.open_inputs(path):
                show.Text(NOTHING, False).show(one)
        except inputs.Unusable:
            pass


@case("damage: valid checksums over random payloads")
def random_payloads() -> None:
    chance = random.Random(3)
    start = e.header() + e.identity(areas=((0, 1 << 20),))
    for _ in range(3000):
        kind = chance.choice((1, 2, 3, 4, 5, 6, 0xffff))
        payload = bytearray(chance.randbytes(chance.randrange(60)))
        for at in range(len(payload)):
            if chance.random() < 0.7:
                payload[at] = chance.choice((0, 0, 0, 1, 2, 4, 7))
        anything(start + e.record(kind, bytes(payload), chance.choice((0, 0, 1, 2))))


@case("damage: random bytes, and random bytes after what begins well")
def random_bytes() -> None:
    chance = random.Random(4)
    starts = (b"", e.MAGIC, e.header(), e.header() + e.identity(), qemu.MAGIC + b"\0\0\0\3",
              qemu_file.example()[:200])
    for _ in range(300):
        for start in starts:
            anything(start + chance.randbytes(chance.randrange(300)))


@case("damage: the program shows what it could read, and says what is wrong")
def told() -> None:
    data = bytearray(e.pulse())
    data[0xdd] ^= 1
    with File(bytes(data)) as path:
        status, out, err = run("show", path)
    same(status, 1, "exit status")
    check("model: vfiokit/pulse" in out and "memory of area 0" in out, out)
    check("section 1 (pulse)\n" not in out and "complete" not in out, out)
    same(len(err.splitlines()), 1, "lines on stderr")
    check("byte 197: SECTION: the checksum is" in err, err)
