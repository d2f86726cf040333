# SPDX-License-Identifier: GPL-2.0-only
"""Bytes of a file, or of parts of it, without having all of them in memory.

Files are read, not mapped: one that is cut meanwhile must not end the program.
"""

import array
import bisect
import errno
import os
import shutil
import stat
import sys
import tempfile

WINDOW = 1 << 18
MAX_PIECES = 1 << 22        # of a stream; 16 bytes of memory each


class Limit(Exception):
    """The file is no wrong one, but more than this program does."""


class Source:
    """A regular file, or a copy of what is none."""

    def __init__(self, path: str):
        self.name = "standard input" if path == "-" else path
        self._file = self._open(path)
        self.size = os.fstat(self._file.fileno()).st_size
        self._window, self._start = b"", 0

    @staticmethod
    def _open(path: str):
        file = sys.stdin.buffer if path == "-" else open(path, "rb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            # Standard input may have been read from already: the whole file counts.
            return file
        copy = tempfile.TemporaryFile(prefix="vfioctl-")
        with file:
            shutil.copyfileobj(file, copy, WINDOW)
        copy.flush()
        return copy

    def read(self, offset: int, length: int) -> bytes:
        """Fewer bytes at the end of the file only."""
        if length > WINDOW:
            return self._pread(offset, length)
        start = offset - self._start
        if start < 0 or start + length > len(self._window):
            self._window, self._start, start = self._pread(offset, WINDOW), offset, 0
        return self._window[start:start + length]

    def _pread(self, offset: int, length: int) -> bytes:
        parts = []
        while length > 0 and offset < self.size:
            part = os.pread(self._file.fileno(), length, offset)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def _skip_hole(self, start: int) -> int:
        """Where there is something other than zero, at the earliest."""
        try:
            return os.lseek(self._file.fileno(), start, os.SEEK_DATA)
        except OSError as error:
            # ENXIO: all the rest is a hole; others: nobody knows where holes are
            return self.size if error.errno == errno.ENXIO else start

    def find(self, wanted: bytes, start: int) -> int:
        """Where the bytes, which are not zero, are next; or -1."""
        overlap = len(wanted) - 1
        while (start := self._skip_hole(start)) < self.size:
            chunk = self._pread(start, 1 << 20)
            found = chunk.find(wanted)
            if found >= 0:
                return start + found
            if len(chunk) <= overlap:
                break
            start += len(chunk) - overlap
        return -1


class Stream:
    """Bytes of a device that lie in one or many pieces of a file."""

    def __init__(self, source: Source):
        self._source = source
        self._starts = array.array("Q")     # in the stream
        self._places = array.array("Q")     # in the file
        self.size = 0

    @classmethod
    def whole(cls, source: Source) -> "Stream":
        stream = cls(source)
        stream.add(0, source.size)
        return stream

    def add(self, place: int, length: int) -> None:
        """The next bytes of it are there in the file."""
        if not length:
            return
        if len(self._starts) >= MAX_PIECES:
            raise Limit(f"a stream in more than {MAX_PIECES} pieces")
        self._starts.append(self.size)
        self._places.append(place)
        self.size += length

    def place(self, offset: int) -> int:
        """Where a byte is in the file; for the end, where the last one ends."""
        if not self._starts:
            return 0
        piece = bisect.bisect_right(self._starts, offset) - 1
        return self._places[piece] + offset - self._starts[piece]

    def read(self, offset: int, length: int) -> bytes:
        """Fewer bytes at the end only."""
        parts = []
        length = min(length, self.size - offset)
        piece = bisect.bisect_right(self._starts, offset) - 1
        while length > 0:
            end = self._starts[piece + 1] if piece + 1 < len(self._starts) else self.size
            there = min(length, end - offset)
            part = self._source.read(self._places[piece] + offset - self._starts[piece], there)
            parts.append(part)
            if len(part) < there:
                break
            offset += there
            length -= there
            piece += 1
        return b"".join(parts)
