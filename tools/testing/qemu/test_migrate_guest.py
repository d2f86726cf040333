# SPDX-License-Identifier: GPL-2.0-only
"""Linux does not notice that it moves: not a byte of its serial ports is lost."""

import time

from case import check
from guest import BOOT_TIMEOUT, COMMAND_LINE, KERNEL, Console, guest_image, guest_unwanted
from migration import Device, Movable
from moving import moving_case, mtty

CARD_SLOT = 4

# Of 16 bytes each. As many as this are to be heard in each QEMU, by each port.
LINES = 100
STREAM_TIMEOUT = 100


class MovingGuest(Movable):
    """A machine in which Linux sends numbered lines from port to port, both ways.

    What it does is in guest/stream.
    """

    start_timeout = BOOT_TIMEOUT
    memory = "128M"

    def __init__(self, variant):
        super().__init__(variant)
        self.console: Console | None = None
        self.heard = {"there": 0, "back": 0}

    @classmethod
    def unwanted(cls) -> str | None:
        return guest_unwanted()

    def devices(self) -> list[Device]:
        return [mtty("crossed", CARD_SLOT, 2, "cross")]

    def board(self) -> list[str]:
        return ["-serial", "stdio", "-kernel", KERNEL, "-append", f"{COMMAND_LINE} job=stream"]

    def initrd(self) -> bytes:
        return guest_image("stream")

    def find_cards(self) -> None:
        lines = self.console.lines if self.console else []
        self.console = Console(self.machine.console)
        self.console.lines = lines

    def prepare(self) -> None:
        pass

    def conversation(self) -> list[str]:
        return ["guest's console:", *self.console.lines]

    def listen(self, lines: int) -> None:
        """Wait until each port has heard so many lines more, all as they were sent."""
        wanted = {name: heard + lines for name, heard in self.heard.items()}
        end = time.monotonic() + STREAM_TIMEOUT
        while any(self.heard[name] < wanted[name] for name in wanted):
            check(time.monotonic() < end, f"heard {self.heard}, waited for {wanted}")
            words = (self.console.next_line(1) or "").split(maxsplit=2)
            if words[:1] == ["STREAM"]:
                check(words[1] != "failed", f"the guest says: {words[2]}")
                self.heard[words[1]] = int(words[2])


@moving_case("migration: Linux moves four times, and its ports lose and repeat nothing",
             MovingGuest, timeout=300, versions=("10.0",), everywhere=False)
def stream(guest: MovingGuest) -> None:
    guest.listen(LINES)
    for version in ("10.0", "11.1", "11.1", "10.0"):
        guest.move(version=version)
        guest.listen(LINES)
