# SPDX-License-Identifier: GPL-2.0-only
"""Results in KTAP, the kernel's test output format."""

import sys


class Ktap:
    def __init__(self, planned: int):
        self._number = 0
        self.passed = self.failed = self.skipped = 0
        self._say("KTAP version 1")
        self._say(f"1..{planned}")

    def ok(self, name: str, seconds: float | None = None) -> None:
        self.passed += 1
        self._result("ok", name if seconds is None else f"{name} # {seconds:.2f} s")

    def not_ok(self, name: str, why: str) -> None:
        self.failed += 1
        self.note(why)      # KTAP wants it before the result
        self._result("not ok", name)

    def skip(self, name: str, why: str) -> None:
        self.skipped += 1
        self._result("ok", f"{name} # SKIP {why}")

    def note(self, text: str) -> None:
        for line in text.splitlines():
            self._say(f"# {line}")

    def finish(self) -> bool:
        self._say(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return self.failed == 0

    def _result(self, verdict: str, text: str) -> None:
        self._number += 1
        self._say(f"{verdict} {self._number} {text}")

    @staticmethod
    def _say(line: str) -> None:
        print(line)
        sys.stdout.flush()
