# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's view of a VFIO device holds over vfio-user: the kselftests of
tools/testing/selftests/vfio, built with another way to the device."""

import os
import re
import subprocess

from ktap import Ktap
from server import program

NAMES = ["info", "region", "config", "decode", "uart", "uart_line", "uart_irq", "intx", "msi",
         "set_irqs", "err_req", "lifecycle"]
SUITE_TIMEOUT = 300

# What the protocol cannot carry, by suite.
EXCLUDED = {
    "info": {
        "no_mmap": "is about mmap() of a device file",
        "unknown_ioctls": "is about ioctl() of a device file",
        "any_order": "is about pread() of a device file",
    },
    "intx": {
        "unmask_eventfd_closed": "a server has a descriptor of its own, and cannot see this",
    },
    "set_irqs": {
        "descriptors": "a descriptor that is not open cannot be sent",
        "sequence": "a descriptor that is not open cannot be sent",
    },
}

PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
RESULT = re.compile(r"^(ok|not ok) \d+ (\S+)(?: # SKIP ?(.*))?$")


def binary(suite: str) -> str:
    return os.path.join(os.environ["VFIO_USER_PROGRAMS"], "selftests", suite)


class Suite:
    """One test program."""

    def __init__(self, name: str):
        self.name = name
        self._excluded = EXCLUDED.get(name, {})
        self._command = [binary(name)]
        for test in self._excluded:
            self._command += ["-T", test]

    @property
    def built(self) -> bool:
        return os.path.exists(binary(self.name))

    def planned(self) -> int:
        """How many results it will have; the excluded ones count as one each."""
        if not self.built:
            return 1
        # without a server they all skip at once, after the plan
        idle = subprocess.run(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return int(PLAN.search(idle.stdout).group(1)) + len(self._excluded)

    def run(self, log: Ktap) -> None:
        if not self.built:
            log.skip(f"kselftest: {self.name}", "not built, see what make said")
            return
        for test, why in self._excluded.items():
            log.skip(f"kselftest: {self.name}: {test}", why)
        environment = os.environ | {"VDEVD": program("vdevd")}
        try:
            done = subprocess.run(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors="replace", timeout=SUITE_TIMEOUT,
                                  env=environment, check=False)
        except subprocess.TimeoutExpired as expired:
            log.not_ok(f"kselftest: {self.name}", str(expired))
            return
        self._relay(done, log)

    def _relay(self, done: subprocess.CompletedProcess, log: Ktap) -> None:
        """Its results become ours; what it said is shown where something failed."""
        failed = 0
        for line in done.stdout.splitlines():
            result = RESULT.match(line)
            if not result:
                continue
            verdict, test, reason = result.groups()
            name = f"kselftest: {self.name}: {test}"
            if reason is not None:
                log.skip(name, reason)
            elif verdict == "ok":
                log.ok(name)
            else:
                failed += 1
                log.not_ok(name, done.stdout if failed == 1 else "see above")
        if done.returncode and not failed:
            log.not_ok(f"kselftest: {self.name}", f"status {done.returncode}\n{done.stdout}")


SUITES = [Suite(name) for name in NAMES]
