# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's view of a VFIO device holds over vfio-user: the kselftests of
tools/testing/selftests/vfio, with servers in the place of mdevs."""

import os

from programs import Program
from server import program

NAMES = ["info", "region", "config", "decode", "uart", "uart_line", "uart_irq", "intx", "msi",
         "set_irqs", "err_req", "lifecycle", "timer", "express", "mmap", "dma", "reset",
         "error", "level", "msix"]

# What the protocol cannot carry, by suite.
EXCLUDED = {
    "info": {
        "no_mmap": "is about mmap() of a device file",
        "unknown_ioctls": "is about ioctl() of a device file",
        "any_order": "is about pread() of a device file",
    },
    "error": {
        "removal_asks": "a server that is told to end asks nobody",
    },
    "intx": {
        "unmask_eventfd_closed": "a server has a descriptor of its own, and cannot see this",
    },
    "mmap": {
        "info_sparse": "QEMU wants to be told where capabilities will be, test_memory.py checks it",
        "not_these_parts": "a file has no areas that can be mapped, and others",
    },
    "set_irqs": {
        "descriptors": "a descriptor that is not open cannot be sent",
        "sequence": "a descriptor that is not open cannot be sent",
    },
}


def binary(suite: str) -> str:
    return os.path.join(os.environ["VFIO_USER_PROGRAMS"], "selftests", f"{suite}_test")


def suite(name: str) -> Program:
    excluded = EXCLUDED.get(name, {})
    command = [binary(name)]
    for test in excluded:
        command += ["-T", test]
    # without a server they all skip at once, after the plan
    return Program(f"kselftest: {name}", command, command,
                   {"VFIO_TEST_SERVER": program("vdevd-test")}, excluded)


def suites() -> list[Program]:
    return [suite(name) for name in NAMES]
