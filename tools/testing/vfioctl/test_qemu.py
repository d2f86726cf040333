# SPDX-License-Identifier: GPL-2.0-only
"""Migration files of QEMU."""

import json

import encoder as e
import qemu_file as q
from case import File, case, check, run, same
from vfioctl_lib import inputs


def devices(data: bytes) -> list[tuple[str, bytes, str]]:
    """Name, stream, and problem of each."""
    with File(data) as path:
        return [(one.name, one.stream.read(0, one.stream.size), one.problem)
                for one in inputs.open_inputs(path)]


BOTH = [("0000:00:04.0", e.pulse(), ""), ("0000:00:05.0", e.card(), "")]


@case("qemu: two devices in many pieces, between RAM")
def two() -> None:
    same(devices(q.example()), BOTH, "devices")


@case("qemu: pieces of any size")
def sizes() -> None:
    for size in (1, 2, 7, 8, 279, 280, 281):
        same(devices(q.example(size=size)), BOTH, f"pieces of {size} bytes")


@case("qemu: guest memory that looks like a device's section")
def forged() -> None:
    for forged_section in (q.part(5, q.data(b"forged") + q.vfio(q.STOP)),
                           q.end(5, q.data(b"forged") + q.vfio(q.STOP)),
                           q.start(7, "0000:00:06.0/vfio", q.vfio(q.SETUP) + q.vfio(q.STOP))):
        page = (bytes(100) + forged_section).ljust(4096, b"\xee")
        same(devices(q.example(page=page)), BOTH, "in a page")
        same(devices(q.example().replace(q.SERIAL, q.full(9, "serial", forged_section))), BOTH,
             "in another device's state")
    same(devices(q.example() + q.part(5, q.data(b"forged") + q.vfio(q.STOP))), BOTH,
         "behind the end")


@case("qemu: RAM that is mapped in the file")
def mapped() -> None:
    setup = q.vfio(q.SETUP) + q.vfio(q.STOP)
    fake = q.start(5, "0000:00:09.0/vfio", setup) + q.end(5, q.data(b"forged") + q.vfio(q.STOP))
    blocks = {"pc.ram": fake.ljust(8192, b"\xee"), "vga": bytes(4096)}
    begin = len(q.container()) - 1
    ram = q.start(2, "ram", q.mapped_ram_setup(begin + 17, blocks))
    data = q.container(ram, q.start(5, "0000:00:04.0/vfio", setup),
                       q.part(2, q.ram_end()),
                       q.end(2, q.ram_end()), q.end(5, q.data(e.pulse()) + q.vfio(q.STOP)),
                       q.SERIAL)
    same(devices(data), BOTH[:1], "devices")


@case("qemu: what is unknown in between is passed over")
def unknown() -> None:
    stream = e.pulse()
    between = q.start(3, "slirp", b"\x77" * 333)
    data = q.container(between, q.start(5, "0000:00:04.0/vfio", q.vfio(q.SETUP) + q.vfio(q.STOP)),
                       between, q.part(5, q.data(stream[:100]) + q.vfio(q.STOP)),
                       q.part(3, b"\x02" * 9), b"\x55" * (3 << 20),
                       q.end(5, q.data(stream[100:]) + q.vfio(q.STOP)), q.SERIAL, q.PCI)
    same(devices(data), BOTH[:1], "devices")
    # Where the way is lost, what looks like the start of a device that is known is none.
    again = q.start(5, "0000:00:09.0/vfio", q.vfio(q.SETUP) + q.vfio(q.STOP))
    data = q.container(q.start(5, "0000:00:04.0/vfio", q.vfio(q.SETUP) + q.vfio(q.STOP)),
                       q.part(5, q.data(stream[:100]) + q.vfio(q.STOP)),
                       q.start(3, "slirp", again),
                       q.end(5, q.data(stream[100:]) + q.vfio(q.STOP)))
    same(devices(data), BOTH[:1], "one device that seems to start twice")
    # The section may lie across what is searched at once.
    for shift in range(24):
        data = q.container(q.start(5, "vfio", q.vfio(q.SETUP) + q.vfio(q.STOP)),
                           b"\x55" * ((1 << 20) - shift),
                           q.end(5, q.data(stream) + q.vfio(q.STOP)))
        same(devices(data)[0][1:], (stream, ""), f"shifted by {shift}")


@case("qemu: nothing of a device behind its end")
def ended() -> None:
    setup = q.vfio(q.SETUP) + q.vfio(q.STOP)
    more = q.part(5, q.data(b"more") + q.vfio(q.STOP))
    for between in (more, b"\x77" * 99 + more, q.end(5, q.data(b"more") + q.vfio(q.STOP))):
        data = q.container(q.start(5, "0000:00:04.0/vfio", setup),
                           q.start(6, "0000:00:05.0/vfio", setup),
                           q.end(5, q.data(e.pulse()) + q.vfio(q.STOP)), between,
                           q.end(6, q.data(e.card()) + q.vfio(q.STOP)), q.SERIAL)
        same(devices(data), BOTH, "devices")


@case("qemu: without footers, as old machines write it")
def no_footers() -> None:
    stream = e.pulse()
    data = q.container(q.start(5, "0000:00:04.0/vfio", q.vfio(q.SETUP) + q.vfio(q.STOP))[:-5],
                       q.part(5, q.data(stream[:9]) + q.vfio(q.STOP))[:-5],
                       q.end(5, q.data(stream[9:]) + q.vfio(q.STOP))[:-5])
    same(devices(data), BOTH[:1], "devices")


@case("qemu: devices of one name are told apart")
def instances() -> None:
    def setup(number: int) -> bytes:
        return q.start(number, "vfio", q.vfio(q.SETUP) + q.vfio(q.STOP), number)

    def rest(number: int) -> bytes:
        return q.end(number, q.data(b"%d" % number) + q.vfio(q.STOP))
    data = q.container(setup(1), setup(2), setup(3), rest(3), rest(2), rest(1))
    same(devices(data), [("vfio", b"1", ""), ("vfio#2", b"2", ""), ("vfio#3", b"3", "")],
         "devices")


@case("qemu: cut at every byte")
def truncated() -> None:
    whole = q.example(size=100, other=e.pulse())
    last = whole.index(q.SERIAL)
    for length in range(8, last):
        with File(whole[:length]) as path:
            try:
                found = inputs.open_inputs(path)
            except inputs.Unusable as error:
                check("no VFIO device" in str(error), str(error))
                continue
            for one in found:
                there = one.stream.read(0, one.stream.size)
                check(e.pulse().startswith(there), f"cut after {length} bytes, {one.name} has "
                                                   "other bytes")
                check(one.problem or there == e.pulse(),
                      f"cut after {length} bytes, nothing is wrong with {one.name}")
    with File(whole[:last]) as path:
        same([one.problem for one in inputs.open_inputs(path)], ["", ""], "all of both")


@case("qemu: a damaged record of QEMU's is told")
def damaged() -> None:
    whole = bytearray(q.example())
    at = whole.rindex(q.vfio(q.DATA))
    whole[at + 7] ^= 0x40
    with File(bytes(whole)) as path:
        status, out, err = run("show", path)
    same(status, 1, "exit status")
    check("device 0000:00:04.0" in out and "complete" in out, out)
    check(f"0000:00:05.0: at byte {at} of the file there is a record of QEMU's that is not "
          "known" in err, err)


@case("qemu: show, by name and number")
def show() -> None:
    with File(q.example()) as path:
        status, out, err = run("show", path)
        same((status, err), (0, ""), "status, stderr")
        check(out.index("device 0000:00:04.0") < out.index("model: vfiokit/pulse") <
              out.index("device 0000:00:05.0") < out.index("model: vfiokit/card"), out)
        one = run("show", "--device", "1", path)
        same(one, run("show", "--device", "0000:00:05.0", path), "by number and by name")
        check("vfiokit/card" in one[1] and "vfiokit/pulse" not in one[1], one[1])
        status, out, err = run("show", "--device", "2", path)
        same((status, out), (2, ""), "a number too large")
        check("no device 2 (0: 0000:00:04.0, 1: 0000:00:05.0)" in err, err)


@case("qemu: show as JSON, where in the file a damage is")
def show_json() -> None:
    stream = bytearray(e.pulse())
    stream[0xdd] ^= 1
    whole = q.example(stream=bytes(stream))
    with File(whole) as path:
        status, out, err = run("show", "--json", path)
    same(status, 1, "exit status")
    document = json.loads(out)
    first, second = document["devices"]
    same((document["container"], first["name"], second["error"]),
         ("qemu", "0000:00:04.0", None), "the document")
    place = whole.index(bytes(stream[180:240])) + 197 - 180
    same((first["error"]["offset"], first["error"]["file_offset"]), (197, place), "the damage")
    check(f"byte 197 (byte {place} of the file)" in err, err)


@case("qemu: extract")
def extract() -> None:
    with File(q.example()) as path, File() as out:
        same(run("extract", "--device", "0000:00:05.0", path, "-o", out), (0, "", ""), "result")
        with open(out, "rb") as file:
            same(file.read(), e.card(), "extracted")
        status, _, err = run("extract", path, "-o", out)
        same(status, 2, "exit status without --device")
        check("several devices, choose one" in err, err)
        status, _, err = run("extract", "--device", "0", path, "-o", path)
        same(status, 2, "exit status where both are one file")
        same(run("show", path)[0], 0, "the file afterwards")


@case("qemu: a file without devices, and with a device of another kind")
def others() -> None:
    with File(q.container(q.SERIAL)) as path:
        status, _, err = run("show", path)
        same(status, 2, "exit status")
        check("no VFIO device in it" in err, err)
    with File(q.example(other=b"\x99\0\0\0")) as path:
        status, out, err = run("show", path)
        same(status, 1, "exit status")
        check("0000:00:05.0: byte 0" in err and "the magic is 99" in err, err)
        check("complete" in out, out)
