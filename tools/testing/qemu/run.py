#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the devices with real QEMUs.

Runs as root on a machine with our modules and with qemu-7.2, qemu-10.0 and
qemu-11.1 on PATH. Writes KTAP; the last line is "N passed, N failed, N skipped"
and the exit status 0 when nothing failed.
"""

import argparse
import fnmatch
import importlib
import itertools
import os
import signal
import subprocess
import sys
import time
import traceback

from case import CASES, Case, Setting
from ktap import Ktap
from mdev import loaded
from surroundings import KernelLog, pace
from variant import VERSIONS, Variant, variants

TEST_MODULES = ["test_config", "test_uart", "test_irq", "test_reset", "test_hotplug",
                "test_express", "test_msix", "test_memory", "test_dma", "test_conventional",
                "test_replug", "test_iommu", "test_migrate", "test_migrate_device",
                "test_guest", "test_migrate_guest"]

ENVIRONMENT = """environment:
  VFIOKIT_LINUX_GUEST=1        run the Linux guest also where that takes minutes
  VFIOKIT_GUEST_KERNEL=PATH    its kernel"""

CLOSE_TIMEOUT = 90
# Without the second, its tests are skipped.
MODULES = ["mtty", "vdev_test"]

CLEAN_UP_CASE = "every card could be taken away again"
KERNEL_CASE = "the kernel kept quiet"
UNLOAD_CASE = "{} unloads when nobody needs it"


class TimedOut(Exception):
    """A case used up its time."""


class TimeLimit:
    """Interrupt whatever runs after some seconds."""

    def __init__(self, seconds: float):
        self.seconds = seconds * pace()

    def __enter__(self):
        signal.signal(signal.SIGALRM, self._expire)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_):
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _expire(self, *_):
        raise TimedOut(f"timed out after {self.seconds:.0f} s")


class Group:
    """Runs the cases of one setting with one variant."""

    # What went wrong while cleaning up, in any group.
    troubles: list[str] = []

    def __init__(self, variant: Variant, setting: type[Setting], log: Ktap):
        self._variant = variant
        self._make = setting
        self._log = log
        self._setting: Setting | None = None

    def run(self, cases: list[Case]) -> None:
        why = self._make.unwanted()
        try:
            for case in cases:
                if why:
                    self._log.skip(full_name(self._variant, case), why)
                else:
                    self._run_case(case)
        finally:
            self._close()

    def _run_case(self, case: Case) -> None:
        name = full_name(self._variant, case)
        start = time.monotonic()
        try:
            seconds = case.timeout + (0 if self._setting else self._make.start_timeout)
            with TimeLimit(seconds):
                opened = self._opened()
                opened.prepare()
                case.function(opened)
        except Exception as error:
            self._log.not_ok(name, self._describe(error))
            if self._make.reopen_after_failure:
                self._close()
        else:
            self._log.ok(name, time.monotonic() - start)

    def _opened(self) -> Setting:
        if not self._setting:
            self._setting = self._make(self._variant)
            try:
                self._setting.open()
            except Exception:
                self._close()
                raise
        return self._setting

    def _describe(self, error: Exception) -> str:
        where = [frame for frame in traceback.extract_tb(error.__traceback__)
                 if os.path.basename(frame.filename).startswith("test_")]
        place = f" ({os.path.basename(where[0].filename)}:{where[0].lineno})" if where else ""
        evidence = self._setting.evidence() if self._setting else ""
        notes = getattr(error, "__notes__", [])
        return "\n".join([evidence, *notes, f"{type(error).__name__}{place}: {error}"])

    def _close(self) -> None:
        if not self._setting:
            return
        try:
            with TimeLimit(CLOSE_TIMEOUT):
                self._setting.close()
        except Exception as error:
            self.troubles.append(f"{self._variant.name}: {error}")
        self._setting = None


def full_name(variant: Variant, case: Case) -> str:
    return f"{variant.name}: {case.name}"


def run_variant(variant: Variant, cases: list[Case], log: Ktap) -> None:
    for setting, group in itertools.groupby(cases, lambda case: case.setting):
        Group(variant, setting, log).run(list(group))


def load_modules() -> list[str]:
    """Load what is not there yet and return what that was."""
    done = []
    for module in MODULES:
        if not loaded(module):
            subprocess.run(["modprobe", module], check=False)
            done += [module] if loaded(module) else []
    return done


def unload(module: str) -> str:
    """Return what rmmod complains of."""
    result = subprocess.run(["rmmod", module], capture_output=True, text=True, check=False)
    return result.stderr if result.returncode else ""


def conclude(log: Ktap, name: str, complaints: str) -> None:
    if complaints:
        log.not_ok(name, complaints)
    else:
        log.ok(name)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qemu", choices=VERSIONS, help="only this version of QEMU")
    parser.add_argument("--binding", choices=["container", "iommufd"], help="only this way to bind")
    parser.add_argument("--variant", action="append", choices=[v.name for v in variants()],
                        help="only this one; may be given more than once")
    parser.add_argument("--only", metavar="PATTERN", default="*",
                        help="only cases whose name matches, such as '*MSI*'")
    parser.add_argument("--list", action="store_true", help="list the tests and end")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    for module in TEST_MODULES:
        importlib.import_module(module)
    plan = [(variant, [case for case in CASES if case.applies_to(variant)
                       and fnmatch.fnmatch(case.name, arguments.only)])
            for variant in variants(arguments.qemu, arguments.binding)
            if not arguments.variant or variant.name in arguments.variant]
    plan = [(variant, cases) for variant, cases in plan if cases]
    if arguments.list:
        for variant, cases in plan:
            print("\n".join(full_name(variant, case) for case in cases))
        return 0

    loaded_here = load_modules()
    if not loaded(MODULES[0]):
        print(f"Bail out! modprobe {MODULES[0]} failed")
        return 1

    kernel = KernelLog()
    missing = {variant: variant.missing() for variant, _ in plan}
    planned = sum(1 if missing[variant] else len(cases) for variant, cases in plan)
    log = Ktap(planned + 2 + len(loaded_here))
    for variant, cases in plan:
        if missing[variant]:
            log.skip(f"{variant.name}: all {len(cases)} tests", missing[variant])
        else:
            run_variant(variant, cases, log)
    conclude(log, CLEAN_UP_CASE, "\n".join(Group.troubles))
    for module in loaded_here:
        conclude(log, UNLOAD_CASE.format(module), unload(module))
    conclude(log, KERNEL_CASE, kernel.complaints())
    return 0 if log.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
