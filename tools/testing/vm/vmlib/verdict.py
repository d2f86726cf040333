# SPDX-License-Identifier: GPL-2.0-only
"""Reads what the kernel left behind: was it content?"""

import re

from .known import without_known

# What the kernel prints when it found something wrong. KASAN, KFENCE and SLUB
# reports begin with BUG; UBSAN has its own word; lockdep prints INFO, WARNING
# or, for a lock graph, "possible".
REPORTS = re.compile("|".join([
    r"BUG:? ", r"\bWARNING: ", r"\bOops\b", r"Kernel panic", r"general protection fault",
    r"UBSAN: ", r"KASAN: ", r"KFENCE: ", r"KCSAN: ", r"INFO: (task|possible|trying|rcu|lockdep)",
    r"possible (circular|recursive|irq lock|unsafe|deadlock)", r"inconsistent lock state",
    r"suspicious RCU usage", r"lock held when returning", r"held lock freed",
    r"bad unlock balance", r"sleeping function called", r"scheduling while atomic",
    r"ODEBUG: ", r"refcount_t: ", r"list_(add|del) corruption", r"corrupted stack end",
    r"soft lockup", r"hard LOCKUP", r"detected stalls?", r"self-detected stall",
    r"stack-protector", r"Unable to handle", r"Objects remaining",
    r"still has .* inodes", r"unchecked MSR", r"DMA-API: ", r"pagealloc: ",
]))

# bits 12 and 13 of the taint: out-of-tree and unsigned modules, which ours are
TAINTS = "PFSRMBUDAWCIOELKXTNJ"
EXPECTED_TAINTS = "OE"

AROUND = 60     # lines of log shown from the first report on
TAIL = 12       # lines of console shown when the machine did not end well


def _excerpt(lines, first):
    start = max(first - 2, 0)
    shown = lines[start:start + AROUND]
    if len(lines) > start + AROUND:
        shown.append(f"... and {len(lines) - start - AROUND} more lines")
    return "\n".join(shown)


def _read(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None


def _log_findings(log):
    lines = without_known(log.splitlines())
    for number, line in enumerate(lines):
        if REPORTS.search(line):
            return [f"the kernel reported:\n{_excerpt(lines, number)}"]
    return []


def _taint_findings(text):
    letters = [letter for bit, letter in enumerate(TAINTS) if int(text) >> bit & 1]
    odd = [letter for letter in letters if letter not in EXPECTED_TAINTS]
    return [f"the kernel is tainted: {''.join(odd)} (all: {text.strip()})"] if odd else []


def findings(report, console):
    """All that is wrong with a run, as texts; an empty list is a clean run."""
    if _read(report / "status") is None:
        log = _read(console) or ""
        tail = "\n".join(log.splitlines()[-TAIL:])
        return [f"the machine died before its end; the end of its console:\n{tail}",
                *_log_findings(log)]
    found = _log_findings(_read(report / "dmesg"))
    found += _taint_findings(_read(report / "taint"))
    lockdep = _read(report / "lockdep")
    if lockdep and not re.search(r"debug_locks:\s+1", lockdep):
        found.append("lockdep turned itself off (debug_locks: 0), so it found something")
    leaks = _read(report / "kmemleak")
    if leaks:
        found.append(f"kmemleak found:\n{_excerpt(leaks.splitlines(), 0)}")
    return found


def command_status(report):
    """COMMAND's own exit status, None if it never ended."""
    text = _read(report / "command-status")
    return int(text) if text and text.strip() else None
