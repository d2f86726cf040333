# SPDX-License-Identifier: GPL-2.0-only
"""Test programs that report in KTAP themselves; what they report becomes ours."""

import contextlib
import os
import re
import signal
import subprocess

from ktap import Ktap

TIMEOUT = 300

PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
RESULT = re.compile(r"^(ok|not ok) \d+ (\S+)(?: # SKIP ?(.*))?$")


def output(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Its exit status and what it said; what it has started ends with it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=os.environ | environment,
                          start_new_session=True) as process:
        try:
            said = process.communicate(timeout=TIMEOUT)[0]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, said


class Program:
    """One of them. "plan" is a command that tells how many tests there are."""

    def __init__(self, name: str, command: list[str], plan: list[str],
                 environment: dict[str, str] | None = None,
                 excluded: dict[str, str] | None = None):
        self.name = name
        self._command = command
        self._plan = plan
        self._environment = environment or {}
        self._excluded = excluded or {}

    @property
    def built(self) -> bool:
        return os.path.exists(self._command[0])

    def planned(self) -> int:
        """How many results it will have; the excluded ones count as one each."""
        if not self.built:
            return 1
        plan = PLAN.search(output(self._plan, {})[1])
        return (int(plan.group(1)) if plan else 0) + len(self._excluded)

    def run(self, log: Ktap) -> None:
        if not self.built:
            log.skip(self.name, "not built, see what make said")
            return
        for test, why in self._excluded.items():
            log.skip(f"{self.name}: {test}", why)
        try:
            status, said = output(self._command, self._environment)
        except subprocess.TimeoutExpired as expired:
            log.not_ok(self.name, str(expired))
            return
        self._relay(status, said, log)

    def _relay(self, status: int, said: str, log: Ktap) -> None:
        """What it said is shown where something failed."""
        failed = 0
        for line in said.splitlines():
            result = RESULT.match(line)
            if not result:
                continue
            verdict, test, reason = result.groups()
            name = f"{self.name}: {test}"
            if reason is not None:
                log.skip(name, reason)
            elif verdict == "ok":
                log.ok(name)
            else:
                failed += 1
                log.not_ok(name, said if failed == 1 else "see above")
        if status and not failed:
            log.not_ok(self.name, f"status {status}\n{said}")
