# SPDX-License-Identifier: GPL-2.0-only
"""A tiny initrd for a kernel that cannot mount its root without a module."""

import re
import subprocess
from pathlib import Path

# What a kernel needs before it has a root, in the order of loading.
NEEDED = ("virtio_pci", "virtio_console", "virtiofs")

INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in {modules}; do
	/bin/busybox insmod /$module
done
/bin/busybox mount -t virtiofs -o ro root /root
exec /bin/busybox switch_root /root /opt/vfiokit/init
"""


def _order(modules):
    """The files to load for NEEDED, dependencies first; empty if all is built in."""
    files, order = {}, []
    for path in (modules / "kernel").rglob("*.ko*"):
        files[path.name.partition(".")[0].replace("-", "_")] = path

    def add(name):
        path = files.get(name.replace("-", "_"))
        if path is None or path in order:       # built in, or done
            return
        shown = subprocess.run(["modinfo", "-F", "depends", path], stdout=subprocess.PIPE,
                               text=True, check=True).stdout
        for other in filter(None, shown.strip().split(",")):
            add(other)
        order.append(path)

    for name in NEEDED:
        add(name)
    return order


def _member(name, mode, data=b"", device=(0, 0)):
    """One member of a cpio archive in the newc format."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def build(modules, busybox):
    """The initrd as bytes, None if this kernel needs none."""
    order = _order(modules)
    if not order:
        return None
    members = [_member(name, 0o040755) for name in ("bin", "dev", "root")]
    members.append(_member("dev/console", 0o020600, device=(5, 1)))
    members.append(_member("bin/busybox", 0o100755, Path(busybox).read_bytes()))
    names = " ".join(re.sub(r"\.ko.*", ".ko", path.name) for path in order)
    members.append(_member("init", 0o100755, INIT.format(modules=names).encode()))
    members += [_member(path.name, 0o100644, path.read_bytes()) for path in order]
    return b"".join(members) + _member("TRAILER!!!", 0)
