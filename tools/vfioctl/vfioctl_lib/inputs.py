# SPDX-License-Identifier: GPL-2.0-only
"""The streams in what a user names: a file of one device, or a migration file of QEMU."""

import dataclasses

from . import qemu
from .source import Source, Stream


class Unusable(Exception):
    """What the user has asked for cannot be done; the sentence tells why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Input:
    """One device's stream."""
    path: str
    name: str           # of the device, "" in a file that is its stream
    container: str      # "stream" or "qemu"
    stream: Stream
    problem: str        # what is wrong with the container, or ""

    def where(self, offset: int) -> str:
        """An offset in the stream, for people."""
        if self.container == "stream":
            return f"byte {offset}"
        return f"byte {offset} (byte {self.stream.place(offset)} of the file)"


def open_inputs(path: str) -> list[Input]:
    try:
        source = Source(path)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    if not qemu.is_migration(source):
        return [Input(source.name, "", "stream", Stream.whole(source), "")]
    found = qemu.devices(source)
    if not found:
        raise Unusable(f"{source.name}: a migration file of QEMU with no VFIO device in it")
    return [Input(source.name, name, "qemu", device.stream, device.problem)
            for name, device in zip(qemu.names(found), found)]


def choose(inputs: list[Input], wanted: str, path: str) -> Input:
    """The device that is called so, or has that number from 0; "" if there is one only."""
    if not wanted and len(inputs) == 1:
        return inputs[0]
    matches = [one for one in inputs if one.name == wanted]
    if not matches and wanted.isdecimal() and wanted.isascii() and int(wanted) < len(inputs):
        matches = [inputs[int(wanted)]]
    if len(matches) == 1:
        return matches[0]
    there = ", ".join(f"{number}: {one.name or 'unnamed'}" for number, one in enumerate(inputs))
    what = f"no device {wanted}" if wanted else "several devices, choose one by --device"
    raise Unusable(f"{path}: {what} ({there})")
