# SPDX-License-Identifier: GPL-2.0-only
"""Test cases and the settings they run in."""

import dataclasses
from collections.abc import Callable

from variant import Variant

CASE_TIMEOUT = 30

# Of long bytes, a message shows so many from where they begin to differ.
SHOWN = 32


class Setting:
    """What a group of cases needs around it, usually one running QEMU.

    It is opened before the first case of the group and closed after the last.
    A case that fails may leave anything behind, so the setting is closed then
    too, and opened afresh for the next case.
    """

    # On top of the case's own timeout when the case is the one that opens it.
    start_timeout = 60
    reopen_after_failure = True

    def __init__(self, variant: Variant):
        self.variant = variant

    def open(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Undo open(), also a half of it."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Bring the setting to its starting point before each case."""

    def evidence(self) -> str:
        """What to show when a case failed."""
        return ""

    @classmethod
    def unwanted(cls) -> str | None:
        """Say why this group should not run on this machine."""
        return None


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    setting: type[Setting]
    function: Callable
    timeout: int
    versions: tuple[str, ...] | None
    everywhere: bool

    def applies_to(self, variant: Variant) -> bool:
        if not self.everywhere and variant.binding != "iommufd":
            return False
        return self.versions is None or variant.version in self.versions


CASES: list[Case] = []


def case(name: str, setting: type[Setting], timeout: int = CASE_TIMEOUT,
         versions: tuple[str, ...] | None = None, everywhere: bool = True):
    """Declare a test: a function that takes the opened setting and asserts.

    versions are those of QEMU that it is for. A test that is not for everywhere takes
    long and learns little from a second way to bind: it runs with iommufd only, and so
    on debug kernels, which are not emulated.
    """
    def declare(function: Callable) -> Callable:
        CASES.append(Case(name, setting, function, timeout, versions, everywhere))
        return function
    return declare


class Mismatch(AssertionError):
    """A case's expectation did not hold."""


def check(condition, what: str) -> None:
    if not condition:
        raise Mismatch(what)


def same(got, expected, what: str) -> None:
    """Compare numbers, bytes or lists; the message shows numbers in hex."""
    if got == expected:
        return
    if isinstance(got, bytes) and len(got) > SHOWN and len(got) == len(expected):
        start = next(i for i, (g, e) in enumerate(zip(got, expected)) if g != e)
        part = slice(start, start + SHOWN)
        what, got, expected = f"{what}, from {start:#x}", got[part], expected[part]
    raise Mismatch(f"{what}: expected {_show(expected)}, got {_show(got)}")


def _show(value) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:#x}"
    if isinstance(value, (bytes, bytearray)):
        return value.hex(" ")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_show(v) for v in value) + "]"
    return repr(value)
