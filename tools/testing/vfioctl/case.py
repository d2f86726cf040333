# SPDX-License-Identifier: GPL-2.0-only
"""Test cases: functions that raise if vfioctl is wrong."""

import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable

TREE = pathlib.Path(__file__).resolve().parents[3]
VFIOCTL = TREE / "tools/vfioctl/vfioctl"
sys.path.insert(1, str(TREE / "tools/vfioctl"))

# pylint: disable=wrong-import-position
from vfioctl_lib import inputs, stream
from vfioctl_lib.fields import Damaged


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    function: Callable


CASES: list[Case] = []


def case(name: str):
    """Declare a test."""
    def declare(function: Callable) -> Callable:
        CASES.append(Case(name, function))
        return function
    return declare


class Mismatch(AssertionError):
    """An expectation did not hold."""


class Skip(Exception):
    """The case cannot be run here."""


def check(condition, what: str) -> None:
    if not condition:
        raise Mismatch(what)


def same(got, expected, what: str) -> None:
    if got != expected:
        raise Mismatch(f"{what}: expected {expected!r}, got {got!r}")


class File:
    """A temporary file with these bytes."""

    def __init__(self, data: bytes = b""):
        self._data = data
        self.path = ""

    def __enter__(self) -> str:
        handle, self.path = tempfile.mkstemp(prefix="vfioctl-test-")
        with os.fdopen(handle, "wb") as file:
            file.write(self._data)
        return self.path

    def __exit__(self, *_):
        os.unlink(self.path)


def run(*arguments: str, data: bytes = b"", **more) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the program; a traceback is a failure."""
    done = subprocess.run([str(VFIOCTL), "mig", *arguments], input=data, capture_output=True,
                          check=False, timeout=100, **more)
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    check("Traceback" not in err, f"vfioctl {' '.join(arguments)}: {err}")
    return done.returncode, out, err


def decode(data: bytes) -> tuple[list, Damaged | None]:
    """What can be read of a stream, and what is wrong with it."""
    with File(data) as path:
        decoder = stream.Decoder(inputs.open_inputs(path)[0].stream)
        records = []
        try:
            for record in decoder.records():
                records.append(record)
        except Damaged as damage:
            return records, damage
    return records, None


def refused(data: bytes, offset: int, words: str) -> None:
    """The stream is damaged there, and a sentence with these words says so."""
    _, damage = decode(data)
    if not damage:
        raise Mismatch(f"accepted what should be refused: {words}")
    check(words in damage.reason, f'expected "{words}", got "{damage.reason}"')
    same(damage.offset, offset, f'offset of "{damage.reason}"')


def accepted(data: bytes) -> list:
    records, damage = decode(data)
    if damage:
        raise Mismatch(f"refused at {damage.offset}: {damage.reason}")
    return records
