# SPDX-License-Identifier: GPL-2.0-only
"""Test cases: functions that take a running vdevd and raise if it is wrong."""

import dataclasses
from collections.abc import Callable

from vfio_user import Refused


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    function: Callable


CASES: list[Case] = []


def case(name: str):
    """Declare a test. The server it gets has no client; in the end it must hold nothing."""
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


def refused(number: int, what: str, call: Callable, *arguments, **more) -> None:
    """The server must answer the call with this errno."""
    try:
        got = call(*arguments, **more)
    except Refused as refusal:
        same(refusal.errno, number, f"{what}: errno")
        return
    raise Mismatch(f"{what}: expected errno {number}, got {got!r}")
