# SPDX-License-Identifier: GPL-2.0-only
"""What is different in two streams: identity, sections, memory.

Compared is what a device would become of each: sections and memory from before a
RESTART, and bytes of a page that a later record replaces, do not count. How memory
is cut into records, schemas, and unknown records do not count either.
"""

import dataclasses
from collections.abc import Iterator

from .fields import BOOL, BYTES, ELEMENT, TEXT, Damaged, Field, SectionSchema, type_name
from .inputs import Input
from .memory import CHUNK, Pages
from .stream import PAGE, Decoder, Identity, Memory, Restart, Section

ZERO_PAGE = bytes(PAGE)


class Broken(Exception):
    """One of both is damaged: nothing can be said."""

    def __init__(self, one: Input, damage: Damaged):
        super().__init__(damage.reason)
        self.one = one
        self.damage = damage


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One of them. What does not apply is None; old or new is None where it is absent."""
    what: str                   # identity, section, field, or memory
    old: object = None
    new: object = None
    section: int | None = None
    section_name: str | None = None
    instance: int | None = None
    field: int | None = None    # of a section
    name: str | None = None     # of a field, or of what differs
    index: int | None = None    # of an element, if there can be several
    type: str | None = None     # of the element
    area: int | None = None
    start: int | None = None    # in the area
    size: int | None = None     # of a range of pages that all differ
    bytes: int | None = None    # how many of these differ


class State:
    """What a device becomes of a stream."""

    def __init__(self, one: Input):
        self.identity: Identity | None = None
        self.areas: dict[int, Pages] = {}
        self._stream = one.stream
        self._sections: dict[tuple[int, int], int] = {}
        self._decoder = Decoder(one.stream)
        try:
            for record in self._decoder.records():
                self._take(record)
        except Damaged as damage:
            raise Broken(one, damage) from damage
        if one.problem:
            raise Broken(one, Damaged(one.stream.size, one.problem))

    def _take(self, record) -> None:
        if isinstance(record, Identity):
            self.identity = record
            self.areas = {area: Pages(self._stream) for area in record.areas}
        elif isinstance(record, Section):
            self._sections[record.section, record.instance] = record.offset
        elif isinstance(record, Memory):
            self.areas[record.area].put(record)
        elif isinstance(record, Restart):
            self._sections.clear()
            self.areas = {area: Pages(self._stream) for area in self.areas}

    def sections(self) -> set[tuple[int, int]]:
        return set(self._sections)

    def section(self, key: tuple[int, int]) -> Section | None:
        offset = self._sections.get(key)
        return None if offset is None else self._decoder.section_at(offset)

    def schema(self, section: int) -> SectionSchema | None:
        return self._decoder.schemas.get(section)


def identities(old: Identity, new: Identity) -> Iterator[Difference]:
    for name in ("model", "version"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Difference("identity", before, after, name=name)
    for line in old.parameters:
        if line not in new.parameters:
            yield Difference("identity", line, None, name="parameter")
    for line in new.parameters:
        if line not in old.parameters:
            yield Difference("identity", None, line, name="parameter")
    for area in sorted(old.areas.keys() | new.areas.keys()):
        before, after = old.areas.get(area), new.areas.get(area)
        if before != after:
            yield Difference("identity", before, after, name="area", area=area)


def element(field: Field, index: int) -> object:
    if field.type == BOOL:
        return bool(field.data[index])
    if not field.known or field.type == BYTES:
        return field.data[index]
    size = ELEMENT[field.type]
    return int.from_bytes(field.data[index * size:(index + 1) * size], "little")


def whole(field: Field | None) -> object:
    """A field where its elements are not looked at one by one."""
    if field is None:
        return None
    if field.type == TEXT:
        return field.text()
    return [element(field, index) for index in range(field.count)]


def fields(base: Difference, old: Field | None, new: Field | None,
           several: bool) -> Iterator[Difference]:
    if old and new and (old.type, old.data) == (new.type, new.data):
        return
    field = old or new
    base = dataclasses.replace(base, what="field", field=field.id, type=type_name(field.type))
    if not old or not new or old.type != new.type or old.type == TEXT:
        yield dataclasses.replace(base, old=whole(old), new=whole(new))
        return
    for index in range(max(old.count, new.count)):
        before = element(old, index) if index < old.count else None
        after = element(new, index) if index < new.count else None
        if before != after:
            yield dataclasses.replace(base, old=before, new=after,
                                      index=index if several else None)


def sections(old: State, new: State) -> Iterator[Difference]:
    for key in sorted(old.sections() | new.sections()):
        before, after = old.section(key), new.section(key)
        schema = old.schema(key[0]) or new.schema(key[0])
        base = Difference("section", section=key[0], instance=key[1],
                          section_name=schema.name if schema else None)
        if not before or not after:
            yield dataclasses.replace(base, old="present" if before else None,
                                      new="present" if after else None)
            continue
        if before.version != after.version:
            yield dataclasses.replace(base, old=before.version, new=after.version,
                                      name="version")
        in_old = {field.id: field for field in before.fields}
        in_new = {field.id: field for field in after.fields}
        for field in sorted(in_old.keys() | in_new.keys()):
            known = schema.fields.get(field) if schema else None
            yield from fields(dataclasses.replace(base, name=known.name if known else None),
                              in_old.get(field), in_new.get(field),
                              not known or known.count > 1)


def differing(old: bytes, new: bytes) -> int:
    """How many bytes of two pages differ."""
    mixed = int.from_bytes(old, "little") ^ int.from_bytes(new, "little")
    return PAGE - mixed.to_bytes(PAGE, "little").count(0)


def pages(old: Pages, new: Pages) -> Iterator[tuple[int, int]]:
    """The number of each page that differs, and in how many bytes."""
    for chunk in sorted(old.chunks() | new.chunks()):
        for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            before, after = old.page(number), new.page(number)
            if before is after:
                continue
            before, after = before or ZERO_PAGE, after or ZERO_PAGE
            if before != after:
                yield number, differing(before, after)


def memory(area: int, old: Pages, new: Pages) -> Iterator[Difference]:
    start = end = count = 0
    for number, changed in pages(old, new):
        if number != end and count:
            yield Difference("memory", area=area, start=start * PAGE, size=(end - start) * PAGE,
                             bytes=count)
            count = 0
        if not count:
            start = number
        end, count = number + 1, count + changed
    if count:
        yield Difference("memory", area=area, start=start * PAGE, size=(end - start) * PAGE,
                         bytes=count)


def differences(old_input: Input, new_input: Input) -> Iterator[Difference]:
    """All of them, or Broken before the first one."""
    old, new = State(old_input), State(new_input)
    yield from identities(old.identity, new.identity)
    yield from sections(old, new)
    for area in sorted(old.areas.keys() & new.areas.keys()):
        yield from memory(area, old.areas[area], new.areas[area])
