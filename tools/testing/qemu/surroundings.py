# SPDX-License-Identifier: GPL-2.0-only
"""The machine the tests run on: how fast it is, what its kernel complains of."""

import functools
import os
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "vm"))

from vmlib.known import without_known

COMPLAINT = re.compile(r"BUG|WARNING|KASAN|UBSAN|KCSAN|Oops|general protection|possible circular"
                       r"|suspicious RCU|possible deadlock|inconsistent lock state|hung task"
                       r"|blocked for more than|refcount_t|list_(add|del) corruption|Call Trace")
TAINTED = "/proc/sys/kernel/tainted"
LOCKDEP = "/proc/lockdep_stats"


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


@functools.cache
def emulated() -> bool:
    """Is this machine itself emulated, instruction by instruction?"""
    return "QEMU TCG" in _read("/proc/cpuinfo")


def pace() -> int:
    """How many times longer things may take here."""
    return 4 if emulated() else 1


class KernelLog:
    """What the kernel complains of from now on."""

    def __init__(self):
        self._records = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self._records, 0, os.SEEK_END)
        self._taint = int(_read(TAINTED))

    def complaints(self) -> str:
        found = [line for line in without_known(self._new_lines())
                 if COMPLAINT.search(line)]
        taint = int(_read(TAINTED)) & ~self._taint
        if taint:
            found.append(f"the kernel became tainted: {taint:#x}")
        if os.path.exists(LOCKDEP) and re.search(r"debug_locks:\s+0", _read(LOCKDEP)):
            found.append("lockdep switched itself off")
        return "\n".join(found)

    def _new_lines(self) -> list[str]:
        lines = []
        while True:
            try:
                record = os.read(self._records, 8192)
            except BlockingIOError:
                return lines
            except BrokenPipeError:     # overrun: the oldest records are lost
                continue
            text = record.decode(errors="replace").split(";", 1)[1]
            lines.append(text.splitlines()[0])
