# SPDX-License-Identifier: GPL-2.0-only
"""The QEMUs to test with, and the ways each can bind a device."""

import dataclasses
import os
import shutil

from mdev import Mdev

VERSIONS = ["7.2", "10.0", "11.1"]

# QEMU learned iommufd in 9.0.
BINDINGS = [("7.2", "container"),
            ("10.0", "container"), ("10.0", "iommufd"),
            ("11.1", "container"), ("11.1", "iommufd")]


@dataclasses.dataclass(frozen=True)
class Variant:
    version: str
    binding: str

    @property
    def name(self) -> str:
        return f"qemu-{self.version}/{self.binding}"

    @property
    def binary(self) -> str:
        return f"qemu-{self.version}"

    def global_arguments(self) -> list[str]:
        return ["-object", "iommufd,id=i0"] if self.binding == "iommufd" else []

    def device(self, mdev: Mdev, name: str, slot: int) -> dict[str, str]:
        """The properties of a device, for the command line and for device_add."""
        properties = {"driver": "vfio-pci", "id": name, "addr": f"{slot:x}",
                      "sysfsdev": mdev.path}
        if self.binding == "iommufd":
            properties["iommufd"] = "i0"
        return properties

    def missing(self) -> str | None:
        """Say what this machine lacks to run the variant."""
        if not shutil.which(self.binary):
            return f"no {self.binary} on PATH"
        if self.binding == "container":
            return None if os.path.exists("/dev/vfio/vfio") else "no /dev/vfio/vfio"
        if not os.path.exists("/dev/iommu"):
            return "the kernel has no /dev/iommu"
        probe = Mdev("mtty-1")
        try:
            return None if probe.has_cdev() else "the kernel has no VFIO character devices"
        finally:
            probe.remove()


def variants(version: str | None = None, binding: str | None = None) -> list[Variant]:
    return [Variant(v, b) for v, b in BINDINGS
            if version in (None, v) and binding in (None, b)]
