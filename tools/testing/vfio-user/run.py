#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test vdevd and libvdev over sockets, without any machine.

"make check" in this directory builds what is needed and runs this. Writes KTAP;
the last line is "N passed, N failed, N skipped" and the exit status 0 when
nothing failed.
"""

import argparse
import fnmatch
import importlib
import os
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "qemu"))

# pylint: disable=wrong-import-position
from case import CASES, Case, Skip
from ktap import Ktap
from programs import Program
from server import MTTY, TEST, Model, Server, program
import kselftests

TEST_MODULES = ["test_handshake", "test_framing", "test_table", "test_fds", "test_device",
                "test_irqs", "test_dma", "test_transfers", "test_memory", "test_jobs", "test_msix",
                "test_life", "test_program", "test_library"]
# What these are about is the same for any device.
ANY_MODEL = ["test_handshake", "test_framing", "test_table", "test_fds"]
CASE_TIMEOUT = 120


class TimedOut(Exception):
    """A case used up its time."""


def expire(*_):
    raise TimedOut(f"timed out after {CASE_TIMEOUT} s")


class Runner:
    """Runs cases on one server, for as long as it behaves."""

    def __init__(self, log: Ktap, model: Model):
        self._log = log
        self._model = model
        self._server: Server | None = None
        self._fds = 0

    def run(self, case: Case) -> None:
        start = time.monotonic()
        signal.alarm(CASE_TIMEOUT)
        try:
            if not self._server:
                self._server = Server.of(self._model)
                self._fds = self._server.fds()
            case.function(self._server)
            self._server.settle(self._fds)
        except Skip as reason:
            self._log.skip(self._name(case), str(reason))
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._log.not_ok(self._name(case), describe(error))
            self._drop()
        else:
            self._log.ok(self._name(case), time.monotonic() - start)
        signal.alarm(0)

    def _name(self, case: Case) -> str:
        return case.name if self._model is MTTY else f"{self._model.name}: {case.name}"

    def _drop(self) -> None:
        if self._server:
            self._log.note("the server's stderr: " + self._server.stderr()[-4000:])
            self._server.end(check=False)
        self._server = None

    def finish(self) -> None:
        """The end of the server, which is when leaks are found."""
        if not self._server:
            return
        try:
            self._server.end()
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._log.not_ok(f"{self._model.name}: its server ends without a leak", str(error))
        else:
            self._log.ok(f"{self._model.name}: its server ends without a leak", 0)


def library_test() -> Program:
    binary = program("library-test")
    return Program("functions", [binary], [binary, "plan"])


def describe(error: Exception) -> str:
    where = [frame for frame in traceback.extract_tb(error.__traceback__)
             if os.path.basename(frame.filename).startswith("test_")]
    place = f" ({os.path.basename(where[-1].filename)}:{where[-1].lineno})" if where else ""
    return f"{type(error).__name__}{place}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", default="*",
                        help="only cases whose name matches, such as 'dma*'")
    parser.add_argument("--list", action="store_true", help="list the tests and end")
    arguments = parser.parse_args()
    os.environ.setdefault("VFIO_USER_PROGRAMS",
                          os.path.join(HERE, "..", "..", "..", "build", "vfio-user"))
    for module in TEST_MODULES:
        importlib.import_module(module)
    cases = [case for case in CASES if fnmatch.fnmatch(case.name, arguments.only)]
    suites = [suite for suite in [library_test(), *kselftests.suites()]
              if fnmatch.fnmatch(suite.name, arguments.only)]
    if arguments.list:
        print("\n".join(item.name for item in [*cases, *suites]))
        return 0

    signal.signal(signal.SIGALRM, expire)
    plan = [(MTTY, cases),
            (TEST, [case for case in cases if case.function.__module__ in ANY_MODEL])]
    log = Ktap(sum(len(some) + bool(some) for _, some in plan) +
               sum(suite.planned() for suite in suites))
    for model, some in plan:
        runner = Runner(log, model)
        for case in some:
            runner.run(case)
        runner.finish()
    for suite in suites:
        suite.run(log)
    return 0 if log.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
