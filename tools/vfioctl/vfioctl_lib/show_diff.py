# SPDX-License-Identifier: GPL-2.0-only
"""Print differences, for people and for programs."""

import dataclasses
import json
from collections.abc import Iterable
from typing import TextIO

from .diff import Difference
from .fields import BOOL, BYTES, TEXT, TYPES
from .show import element_text, quoted, size_text

LAYOUT = 1
NUMBERS = {name: number for number, name in TYPES.items()}


def value_text(value: object, type_of: str | None) -> str:
    """An element, or all elements, or what is said instead of them."""
    number = NUMBERS.get(type_of, BYTES)
    if value is None:
        return "absent"
    if isinstance(value, list):
        return "[" + " ".join(value_text(one, type_of) for one in value) + "]"
    if isinstance(value, str):
        return quoted(value) if number == TEXT else value
    if number == BYTES:
        return f"{value:02x}"
    return element_text(number, int(value)) if number != BOOL else str(value).lower()


def line(one: Difference) -> str:
    if one.what == "memory":
        return (f"memory of area {one.area}: {one.start:#x} to {one.start + one.size - 1:#x}, "
                f"{one.bytes} of {size_text(one.size)} differ")
    if one.what == "identity":
        name = f"area {one.area}" if one.area is not None else one.name
        old, new = ("absent" if value is None else
                    size_text(value) if isinstance(value, int) else value
                    for value in (one.old, one.new))
        return f"identity {name}: {old} -> {new}"
    section = f"section {one.section}" + (f" ({one.section_name})" if one.section_name else "")
    place = f"{section} instance {one.instance}"
    if one.what == "section":
        old, new = ("absent" if value is None else value for value in (one.old, one.new))
        return f"{place}{' ' + one.name if one.name else ''}: {old} -> {new}"
    name = one.name or f"field {one.field}"
    index = "" if one.index is None else f"[{one.index}]"
    return (f"{place} {name}{index}: {value_text(one.old, one.type)} -> "
            f"{value_text(one.new, one.type)}")


def write_text(out: TextIO, found: Iterable[Difference]) -> bool:
    """Whether there are any."""
    there = False
    for one in found:
        out.write(line(one) + "\n")
        there = True
    return there


def write_json(out: TextIO, found: Iterable[Difference], old: str, new: str) -> bool:
    """Whether there are any."""
    there = False
    for one in found:
        out.write("," if there else
                  f'{{"layout": {LAYOUT}, "old": {json.dumps(old)}, "new": {json.dumps(new)}, '
                  '"differences": [')
        values = {key: value for key, value in dataclasses.asdict(one).items()
                  if value is not None or key in ("old", "new")}
        if one.what == "memory":
            del values["old"], values["new"]
        out.write("\n " + json.dumps(values))
        there = True
    if not there:
        out.write(f'{{"layout": {LAYOUT}, "old": {json.dumps(old)}, "new": {json.dumps(new)}, '
                  '"differences": [')
    out.write("\n]}\n")
    return there
