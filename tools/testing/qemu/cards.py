# SPDX-License-Identifier: GPL-2.0-only
"""What all settings have in common: a QEMU, and cards for it."""

import json

from case import Setting
from machine import Machine
from mdev import Mdev


class CardSetting(Setting):
    """Owns one QEMU and the mdevs behind its cards."""

    def __init__(self, variant):
        super().__init__(variant)
        self.machine: Machine | None = None
        self._mdevs: list[Mdev] = []

    def new_mdev(self, mdev_type: str = "mtty-2", wiring: str | None = "loopback") -> Mdev:
        mdev = Mdev(mdev_type, wiring)
        self._mdevs.append(mdev)
        return mdev

    def card_arguments(self, plan: list[tuple[str, int, str, str]]) -> list[str]:
        """Make the cards of a plan: (name, slot, type, wiring); return QEMU's arguments."""
        arguments = []
        for name, slot, mdev_type, wiring in plan:
            mdev = self.new_mdev(mdev_type, wiring)
            arguments += self.device_arguments(mdev, name, slot)
        return arguments

    def device_arguments(self, mdev: Mdev, name: str, slot: int, **more) -> list[str]:
        """A card on the command line, with more properties than it takes."""
        return ["-device", json.dumps(self.variant.device(mdev, name, slot) | more)]

    def start(self, arguments: list[str], initrd: bytes | None = None) -> Machine:
        return Machine(self.variant.binary, [*self.variant.global_arguments(), *arguments], initrd)

    def remove_mdevs(self) -> None:
        while self._mdevs:
            mdev = self._mdevs.pop()
            if mdev.exists():
                mdev.remove()

    def close(self) -> None:
        try:
            if self.machine:
                self.machine.kill()
                self.machine = None
        finally:
            self.remove_mdevs()

    def evidence(self) -> str:
        if not self.machine:
            return ""
        return "\n".join(["command: " + " ".join(self.machine.command),
                          f"QEMU {self.machine.fate()}",
                          "QEMU's stderr:", self.machine.stderr(), *self.conversation()])

    def conversation(self) -> list[str]:
        """What was said to and by the machine lately."""
        return ["qtest transcript:", *self.machine.qtest.transcript]
