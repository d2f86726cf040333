# SPDX-License-Identifier: GPL-2.0-only
"""The Intel IOMMU of a q35 machine, driven as a guest's kernel does.

Names are those of the VT-d specification. QEMU tells VFIO of what the guest
maps only if it announces caching mode, in which a guest invalidates after every
change of its tables.
"""

import time

from case import check
from qtest import Qtest

ARGUMENTS = ["-device", "intel-iommu,caching-mode=on"]

BASE = 0xfed90000
GCMD = 0x18
GSTS = 0x1c
RTADDR = 0x20
CCMD = 0x28
IOTLB = 0xf8

TRANSLATION = 1 << 31
SET_ROOT_TABLE = 1 << 30
INVALIDATE = 1 << 63
CCMD_GLOBAL = 1 << 61
IOTLB_GLOBAL = 1 << 60

# The tables' places in guest memory.
ROOT_TABLE = 0x400000
CONTEXT_TABLE = 0x401000
PAGE_TABLES = 0x402000
PAGE_TABLES_END = 0x410000

PRESENT = 1
ADDRESS_WIDTH_39 = 1        # three levels of page tables
DOMAIN = 1 << 8

READ, WRITE = 1, 2
PAGE = 4096
TIMEOUT = 10


class Vtd:
    """The IOMMU, with one domain for the functions given to it."""

    def __init__(self, qtest: Qtest):
        self._qtest = qtest
        self._free = PAGE_TABLES

    def set_up(self, slots: list[int]) -> None:
        """Lay out tables that map nothing for functions of bus 0, and translate."""
        self._free = PAGE_TABLES
        self._qtest.run([f"memset {ROOT_TABLE:#x} {PAGE_TABLES_END - ROOT_TABLE:#x} 0"])
        top = self._new_table()
        self._put(ROOT_TABLE, CONTEXT_TABLE | PRESENT)
        for slot in slots:
            entry = CONTEXT_TABLE + 16 * (slot << 3)
            self._put(entry, top | PRESENT)
            self._put(entry + 8, DOMAIN | ADDRESS_WIDTH_39)
        self._put(BASE + RTADDR, ROOT_TABLE)
        self._command(SET_ROOT_TABLE, SET_ROOT_TABLE)
        self._put(BASE + CCMD, INVALIDATE | CCMD_GLOBAL)
        self.invalidate()
        self._command(TRANSLATION, TRANSLATION)

    def switch_off(self) -> None:
        self._command(0, 0)

    def map(self, iova: int, address: int, access: int = READ | WRITE) -> None:
        """Map a page, or with no access unmap it; in force after invalidate()."""
        table = PAGE_TABLES
        for shift in (30, 21):
            entry = table + 8 * (iova >> shift & 0x1ff)
            table = self._qtest.read(f"readq {entry:#x}") & ~0xfff
            if not table:
                table = self._new_table()
                self._put(entry, table | READ | WRITE)
        self._put(table + 8 * (iova >> 12 & 0x1ff), address | access if access else 0)

    def invalidate(self) -> None:
        """Have everything that was read from the tables forgotten."""
        self._put(BASE + IOTLB, INVALIDATE | IOTLB_GLOBAL)

    def _new_table(self) -> int:
        table, self._free = self._free, self._free + PAGE
        check(self._free <= PAGE_TABLES_END, "no room for another page table")
        return table

    def _put(self, address: int, value: int) -> None:
        self._qtest.run([f"writeq {address:#x} {value:#x}"])

    def _command(self, command: int, wanted: int) -> None:
        """Give a command, and wait for the status to show what is wanted."""
        self._qtest.writel(BASE + GCMD, command)
        end = time.monotonic() + TIMEOUT
        while self._qtest.readl(BASE + GSTS) & (TRANSLATION | SET_ROOT_TABLE) & wanted != wanted:
            check(time.monotonic() < end, f"the IOMMU does not do {command:#x}")
