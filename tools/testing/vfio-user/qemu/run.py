#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test devices behind vdevd with a real QEMU, 10.1 or newer.

The cases are those of tools/testing/qemu, so a guest must not be able to tell a
server's card from an mdev. Runs on a machine with qemu-11.1 on PATH, vdevd named
by VDEVD and one with the test device by VDEVD_TEST; no module is needed. Writes
KTAP; the last line is "N passed, N failed, N skipped" and the exit status 0 when
nothing failed.
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
from case import CASES, Case
from ktap import Ktap

sys.path.append(HERE)
import over_socket
import test_guest

# Hotplug there is about mdevs; test_server has its own.
MTTY_MODULES = ["test_config", "test_uart", "test_irq", "test_reset", "test_guest", "test_server"]
SHARED_MODULES = ["test_dma", "test_msix"]
CARD_MODULES = ["test_express", "test_msix", "test_memory", "test_dma", "test_conventional"]

# QEMU shows guests the server's pending bits, and not its own.
NOT_SHOWN = "QEMU does not show a vfio-user device's guest what QEMU itself holds back"
EXCLUDED = {"MSI-X: a masked vector is pending, and sent when unmasked": NOT_SHOWN,
            "MSI-X: the function mask holds all back": NOT_SHOWN,
            "memory: the same bytes mapped and trapped, across an INTx":
            "QEMU never maps a vfio-user device's memory again once there was an INTx"}

# Of what takes long where a message does, a few are enough.
LONG = ("Linux guest: ", "memory: ", "DMA: ")
BRIEF = ["Linux guest: " + test_guest.CHECKS[name] for name in ("driver_binds", "loopback_first")]
BRIEF += ["memory: what can be mapped is mapped, nothing with x-no-mmap",
          "memory: a sparse BAR is registers around memory",
          "memory: a function level reset clears it, mapped or not",
          "DMA: refused without bus mastering, memory untouched",
          "DMA: a vector tells that it is done"]


def cases(variant: over_socket.SocketVariant, modules: list[str],
          arguments: argparse.Namespace) -> list[Case]:
    """Those of some modules that are wanted."""
    for module in modules:
        importlib.import_module(module)
    return [case for case in CASES
            if case.function.__module__ in modules and case.applies_to(variant)
            and fnmatch.fnmatch(case.name, arguments.only)
            and not (arguments.brief and case.name.startswith(LONG)
                     and case.name not in BRIEF)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", default="*",
                        help="only cases whose name matches, such as '*MSI*'")
    parser.add_argument("--brief", action="store_true",
                        help="less of what takes long, such as the Linux guest")
    arguments = parser.parse_args()
    over_socket.replace_mdevs()
    variant = over_socket.SocketVariant()
    shared = over_socket.SocketVariant(shared=True)
    plan = [(variant, cases(variant, MTTY_MODULES + CARD_MODULES, arguments)),
            (shared, cases(shared, SHARED_MODULES, arguments))]
    why = variant.missing()
    total = sum(len(some) for _, some in plan)
    log = Ktap(1 if why else total + 1)
    if why:
        log.skip(f"{variant.name}: all {total} tests", why)
        return 0 if log.finish() else 1
    for one, some in plan:
        for case in some:
            if case.name in EXCLUDED:
                log.skip(mdev_run.full_name(one, case), EXCLUDED[case.name])
        mdev_run.run_variant(one, [case for case in some if case.name not in EXCLUDED], log)
    mdev_run.conclude(log, "every server ended well", "\n".join(mdev_run.Group.troubles))
    return 0 if log.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
