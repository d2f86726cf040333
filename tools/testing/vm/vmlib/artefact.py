# SPDX-License-Identifier: GPL-2.0-only
"""Things that are made once and kept in the cache: roots, kernels, sources.

An artefact is a directory named after what it is and a hash of its recipe, so
that a changed recipe makes a new one and never meets an old one. It is
believed only when its marker is there; the marker is written last.
"""

import fcntl
import hashlib
import os
import shutil
import time
from pathlib import Path

from .progress import say

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "vfiokit"
MARKER = "complete"
UNUSED_DAYS = 30

_held = []      # locks that live as long as this process


def lock(path, shared=False, wait=True):
    """Lock the file at path; None if it is taken and we shall not wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = open(path, "w", encoding="ascii")
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        if not wait:
            handle.close()
            return None
        say(f"waiting for another vm that works on {path.parent.name}/{path.name}")
        fcntl.flock(handle, kind)
    return handle


class Artefact:
    """One cached directory; make() is called with its path when it is missing."""

    def __init__(self, name, recipe, make, resumable=False):
        digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
        self.name = name
        self.path = CACHE / f"{name}-{digest}"
        self._make = make
        # A kernel's O= directory cannot be renamed (its path is compiled into
        # it) and make picks up an interrupted build where it stopped.
        self._resumable = resumable

    @property
    def complete(self):
        return (self.path / MARKER).exists()

    def ensure(self):
        """Make it if need be, keep others from removing it, give its path."""
        guard = self.path.with_name(self.path.name + ".lock")
        if not self.complete:
            with lock(guard):
                if not self.complete:   # somebody else may have just made it
                    self._build()
        _held.append(lock(guard, shared=True))
        os.utime(self.path / MARKER)
        return self.path

    def _build(self):
        if self._resumable:
            self.path.mkdir(parents=True, exist_ok=True)
            self._make(self.path)
            (self.path / MARKER).touch()
        else:
            draft = self.path.with_name(self.path.name + ".making")
            remove(draft)
            draft.mkdir(parents=True)
            self._make(draft)
            (draft / MARKER).touch()
            remove(self.path)
            draft.rename(self.path)
        self._forget_unused()

    def _forget_unused(self):
        """Remove other versions of this artefact that nobody used lately."""
        for other in CACHE.glob(f"{self.name}-????????????"):
            marker = other / MARKER
            if other == self.path or not marker.exists():
                continue
            if time.time() - marker.stat().st_mtime < UNUSED_DAYS * 86400:
                continue
            guard = lock(other.with_name(other.name + ".lock"), wait=False)
            if guard:
                with guard:
                    remove(other)


def remove(path):
    """Remove a directory tree that need not exist."""
    if path.exists():
        shutil.rmtree(path)
