# SPDX-License-Identifier: GPL-2.0-only
"""Memory of a device: records put together, and what is where in the end."""

import array
import dataclasses
from collections.abc import Iterable, Iterator

from .source import Stream
from .stream import PAGE, Memory, Record

CHUNK = 64      # pages


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """Records of adjoining memory that follow each other."""
    offset: int         # of the first record, in the stream
    area: int
    start: int          # in the area
    size: int
    zero: bool
    records: int


def runs(records: Iterable[Record]) -> Iterator[Record | Run]:
    """The same records, but memory as runs."""
    run: Run | None = None
    try:
        for record in records:
            if not isinstance(record, Memory):
                if run:
                    yield run
                run = None
                yield record
                continue
            zero = record.data is None
            if run and (run.area, run.start + run.size, run.zero) == \
                    (record.area, record.start, zero):
                run = dataclasses.replace(run, size=run.size + record.size,
                                          records=run.records + 1)
                continue
            if run:
                yield run
            run = Run(record.offset, record.area, record.start, record.size, zero, 1)
    except Exception:
        # What was good before a damage is still to be shown.
        if run:
            yield run
        raise
    if run:
        yield run


class Pages:
    """Where the bytes of each page of an area are, of those that are not zero."""

    def __init__(self, stream: Stream):
        self._stream = stream
        self._chunks: dict[int, array.array] = {}

    def put(self, record: Memory) -> None:
        first, count = record.start // PAGE, record.size // PAGE
        if record.data is None:
            self._forget(first, first + count)
            return
        for number in range(count):
            chunk, page = divmod(first + number, CHUNK)
            if chunk not in self._chunks:
                self._chunks[chunk] = array.array("Q", bytes(8 * CHUNK))
            self._chunks[chunk][page] = record.data + number * PAGE

    def _forget(self, first: int, end: int) -> None:
        span = range(first // CHUNK, (end - 1) // CHUNK + 1)
        if len(span) > len(self._chunks):
            touched = [chunk for chunk in self._chunks if chunk in span]
        else:
            touched = [chunk for chunk in span if chunk in self._chunks]
        for chunk in touched:
            if first <= chunk * CHUNK and (chunk + 1) * CHUNK <= end:
                del self._chunks[chunk]
                continue
            for page in range(max(first, chunk * CHUNK), min(end, (chunk + 1) * CHUNK)):
                self._chunks[chunk][page % CHUNK] = 0

    def chunks(self) -> set[int]:
        return set(self._chunks)

    def page(self, number: int) -> bytes | None:
        """Its bytes, or None for a page that no record has filled."""
        chunk = self._chunks.get(number // CHUNK)
        offset = chunk[number % CHUNK] if chunk else 0
        return self._stream.read(offset, PAGE) if offset else None
