# SPDX-License-Identifier: GPL-2.0-only
"""Make and remove mediated devices through sysfs, as a user does."""

import os
import subprocess
import uuid

PARENTS = "/sys/class/mdev_bus"
DEVICES = "/sys/bus/mdev/devices"

# Removing a device that is open waits for its user. Nothing here does that
# unless the test is about it, so a wait this long is a bug.
REMOVE_TIMEOUT = 30


def loaded(family: str) -> bool:
    """Is the module there whose device types are called family-something?"""
    return os.path.exists(os.path.join(PARENTS, family))


class Mdev:
    def __init__(self, mdev_type: str, wiring: str | None = None):
        self.uuid = str(uuid.uuid4())
        self.type = mdev_type
        self.path = os.path.join(DEVICES, self.uuid)
        family = mdev_type.rpartition("-")[0]
        with open(os.path.join(PARENTS, family, "mdev_supported_types", mdev_type, "create"),
                  "w", encoding="ascii") as create:
            create.write(self.uuid)
        try:
            if wiring and self.wiring() != wiring:
                self.set_wiring(wiring)
        except BaseException:
            self.remove()
            raise

    def attribute(self, name: str) -> str:
        """What a file in the device's directory says."""
        with open(os.path.join(self.path, name), encoding="ascii") as file:
            return file.read().strip()

    def set_attribute(self, name: str, word: str) -> None:
        with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
            file.write(word)

    def wiring(self) -> str:
        return self.attribute("params/wiring")

    def set_wiring(self, word: str) -> None:
        self.set_attribute("params/wiring", word)

    def exists(self) -> bool:
        return os.path.exists(self.path)

    def has_cdev(self) -> bool:
        """Can the device be opened by itself, through /dev/vfio/devices?"""
        try:
            return any(os.path.exists(os.path.join("/dev/vfio/devices", name))
                       for name in os.listdir(os.path.join(self.path, "vfio-dev")))
        except FileNotFoundError:
            return False

    def start_removing(self) -> subprocess.Popen:
        """Begin to remove the device, in a process of its own.

        A write that waits inside the kernel cannot be interrupted: it must not
        be the test that waits.
        """
        return subprocess.Popen(["sh", "-c", f"echo 1 > {self.path}/remove"],
                                stderr=subprocess.PIPE)

    def remove(self) -> None:
        removal = self.start_removing()
        try:
            status = removal.wait(REMOVE_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"removing the unused mdev {self.uuid} hangs") from None
        if status:
            raise OSError(f"removing mdev {self.uuid}: {removal.stderr.read().decode()}")
