#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test mtty behind vdevd with a real QEMU, 10.1 or newer.

The cases are those of tools/testing/qemu, so a guest must not be able to tell a
server's card from an mdev. Runs on a machine with qemu-11.1 on PATH and vdevd
named by VDEVD; no module is needed. Writes KTAP; the last line is "N passed,
N failed, N skipped" and the exit status 0 when nothing failed.
"""

import argparse
import fnmatch
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "..", "qemu"))
# run.py is the name of both runners, and this one is being imported already
sys.path.remove(HERE)

# pylint: disable=wrong-import-position
import run as mdev_run
from case import CASES
from ktap import Ktap

sys.path.append(HERE)
import over_socket
import test_guest

# Hotplug there is about mdevs; test_server has its own.
TEST_MODULES = ["test_config", "test_uart", "test_irq", "test_reset", "test_guest", "test_server"]

BRIEF = ["Linux guest: " + test_guest.CHECKS[name] for name in ("driver_binds", "loopback_first")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", default="*",
                        help="only cases whose name matches, such as '*MSI*'")
    parser.add_argument("--brief", action="store_true",
                        help="no more of the Linux guest than that a port works")
    arguments = parser.parse_args()
    for module in TEST_MODULES:
        importlib.import_module(module)
    over_socket.replace_mdevs()
    variant = over_socket.SocketVariant()
    cases = [case for case in CASES if case.applies_to(variant)
             and fnmatch.fnmatch(case.name, arguments.only)
             and not (arguments.brief and case.name.startswith("Linux guest: ")
                      and case.name not in BRIEF)]
    why = variant.missing()
    log = Ktap(1 if why else len(cases) + 1)
    if why:
        log.skip(f"{variant.name}: all {len(cases)} tests", why)
        return 0 if log.finish() else 1
    mdev_run.run_variant(variant, cases, log)
    mdev_run.conclude(log, "every server ended well", "\n".join(mdev_run.Group.troubles))
    return 0 if log.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
