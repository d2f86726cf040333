#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test vfioctl, and what the documentation says of streams and of it.

Writes KTAP; the last line is "N passed, N failed, N skipped" and the exit status
0 when nothing failed.
"""

import argparse
import fnmatch
import importlib
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "qemu"))

# pylint: disable=wrong-import-position
from ktap import Ktap

# Not from ../qemu, where there is a module of that name, too.
from case import CASES, Skip

TEST_MODULES = ["test_crc", "test_stream", "test_refusals", "test_damage", "test_qemu",
                "test_diff", "test_json", "test_program", "test_pages", "test_golden",
                "test_readers"]
CASE_TIMEOUT = 120


class TimedOut(Exception):
    """A case used up its time."""


def expire(*_):
    raise TimedOut(f"timed out after {CASE_TIMEOUT} s")


def describe(error: Exception) -> str:
    where = [frame for frame in traceback.extract_tb(error.__traceback__)
             if os.path.basename(frame.filename).startswith("test_")]
    place = f" ({os.path.basename(where[-1].filename)}:{where[-1].lineno})" if where else ""
    return f"{type(error).__name__}{place}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", default="*",
                        help="only cases whose name matches, such as 'diff*'")
    parser.add_argument("--list", action="store_true", help="list the tests and end")
    arguments = parser.parse_args()
    for module in TEST_MODULES:
        importlib.import_module(module)
    cases = [case for case in CASES if fnmatch.fnmatch(case.name, arguments.only)]
    if arguments.list:
        print("\n".join(case.name for case in cases))
        return 0

    signal.signal(signal.SIGALRM, expire)
    log = Ktap(len(cases))
    for case in cases:
        start = time.monotonic()
        signal.alarm(CASE_TIMEOUT)
        try:
            case.function()
        except Skip as reason:
            log.skip(case.name, str(reason))
        except Exception as error:  # pylint: disable=broad-exception-caught
            log.not_ok(case.name, describe(error))
        else:
            log.ok(case.name, time.monotonic() - start)
        signal.alarm(0)
    return 0 if log.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
