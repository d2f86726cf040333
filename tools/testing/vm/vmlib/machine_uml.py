# SPDX-License-Identifier: GPL-2.0-only
"""The UML lane: the kernel is a process, the root a directory, mounts hostfs."""

import os
import subprocess
import time

from . import archive, modules, roots
from .run import kill, start

MEMORY = "2G"       # sparse: costs what is touched


def _mounts(run, kernel):
    """Everything beside the root, see Run.write_plan()."""
    places = {f"/opt/qemu/{version}": roots.qemu_root(version).ensure()
              for version in roots.QEMU_SUITE}
    places["/opt/vfiokit/kernel-modules"] = kernel.modules
    places["/vfiokit"] = modules.TREE
    mounts = [("hostfs", "none", place, f"ro,{path}") for place, path in places.items()]
    mounts.append(("none", "/run/vfiokit/modules", "/lib/modules", "bind"))
    if (run.shared / "selftests").exists():
        mounts.append(("none", "/run/vfiokit/selftests", "/opt/vfiokit/selftests", "bind"))
    if run.options.share:
        mounts.append(("hostfs", "none", "/share", str(run.options.share)))
    return mounts


def execute(run, kernel):
    """Run COMMAND; False if the machine had to be killed."""
    archive.need_tools()
    root = roots.run_root().ensure()
    run.write_plan(_mounts(run, kernel), "/dev/tty1")
    if run.options.shell:
        reading, channel, terminal = None, os.dup(0), "fd:{0},fd:{0}"
    else:
        reading, channel = os.pipe()
        terminal = "null,fd:{0}"
    command = [
        kernel.image, f"mem={MEMORY}", "root=/dev/root", "rootfstype=hostfs",
        f"rootflags={root}", "ro", "init=/opt/vfiokit/init",
        "con0=fd:0,fd:1", f"con1={terminal.format(channel)}", "con=null",
        "kasan_multi_shot", "slab_debug=F", "iommufd.allow_unsafe_interrupts=1",
        "panic=-1", f"vfiokit.run=hostfs:{run.shared}", *run.options.append.split(),
    ]
    environment = {"HOME": str(run.folder), "TMPDIR": "/dev/shm", "PATH": os.environ["PATH"],
                   "TERM": os.environ.get("TERM", "dumb")}
    with open(run.console, "wb") as console:
        machine = start(command, session=not run.options.shell, stdin=subprocess.DEVNULL,
                        stdout=console, stderr=console, env=environment, pass_fds=[channel])
    os.close(channel)
    try:
        return run.watch(machine, reading, time.monotonic() + run.options.timeout)
    finally:
        kill(machine)
