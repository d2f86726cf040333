# SPDX-License-Identifier: GPL-2.0-only
"""Reports of the test kernels about themselves, which no module can help."""

import re

FIRST = re.compile(r"WARNING: suspicious RCU usage")
TRACE = re.compile(r"Call Trace:")
FRAME = re.compile(r"\[<[0-9a-f]+>\]")

# User Mode Linux walks the VMAs of an address space here with no lock, which
# is called when two threads take pages out of it at once, from wherever.
UNLOCKED_WALK = re.compile(r"\] flush_tlb_mm\+")


def _end_of_report(lines, first):
    """Where the report that begins at @first is over, its stack included."""
    traced = False
    for number in range(first, len(lines)):
        if traced and not FRAME.search(lines[number]):
            return number
        traced = traced or bool(TRACE.search(lines[number]))
    return len(lines)


def without_known(lines):
    """The lines of a kernel log less the reports that are known."""
    kept, number = [], 0
    while number < len(lines):
        end = number + 1
        if FIRST.search(lines[number]):
            end = _end_of_report(lines, number)
            if any(UNLOCKED_WALK.search(line) for line in lines[number:end]):
                number = end
                continue
        kept += lines[number:end]
        number = end
    return kept
