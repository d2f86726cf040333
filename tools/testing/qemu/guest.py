# SPDX-License-Identifier: GPL-2.0-only
"""A real Linux guest: stock kernel, our initrd, verdicts on its console."""

import os
import selectors
import time

import initrd
from cards import CardSetting
from case import check
from surroundings import emulated

KERNEL = os.environ.get("VFIOKIT_GUEST_KERNEL", "/opt/vfiokit/guest/vmlinuz")
GUEST_FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest")

# mitigations=off and the like: each saves emulated instructions, none matters
# to a serial port. nr_uarts: the stock default has room for four ports only.
COMMAND_LINE = ("console=ttyS0 quiet panic=-1 mitigations=off no_timer_check tsc=reliable "
                "random.trust_bootloader=on 8250.nr_uarts=10")

BOOT_TIMEOUT = 120
CONSOLE_LINES = 200


def guest_image(job: str) -> bytes:
    """An initrd with that script in it."""
    return initrd.build(os.path.join(GUEST_FILES, "init"),
                        [os.path.join(GUEST_FILES, name) for name in (job, "ports")])


def guest_unwanted() -> str | None:
    """Say why no Linux guest should run on this machine."""
    if not os.path.exists(KERNEL):
        return f"no guest kernel at {KERNEL}"
    if emulated() and not os.environ.get("VFIOKIT_LINUX_GUEST"):
        return "takes minutes on an emulated machine; VFIOKIT_LINUX_GUEST=1 runs it"
    return None


class Console:
    """Reads what the guest prints, line by line, without ever hanging."""

    def __init__(self, stream):
        self._stream = stream
        self._rest = b""
        self.lines: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(stream, selectors.EVENT_READ)

    def next_line(self, timeout: float) -> str | None:
        end = time.monotonic() + timeout
        while b"\n" not in self._rest:
            if not self._selector.select(max(0, end - time.monotonic())):
                return None
            data = os.read(self._stream.fileno(), 65536)
            if not data:
                raise EOFError("QEMU closed the guest's console")
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        self.lines.append(line.decode(errors="replace").rstrip())
        del self.lines[:-CONSOLE_LINES]
        return self.lines[-1]


class LinuxGuest(CardSetting):
    """One boot of Linux with three cards; its checks run by themselves."""

    start_timeout = BOOT_TIMEOUT
    # A guest that fell silent would, booted again, fall silent again.
    reopen_after_failure = False

    def __init__(self, variant):
        super().__init__(variant)
        self.console: Console | None = None
        self._verdicts: dict[str, str | None] = {}
        self._silent = False

    @classmethod
    def unwanted(cls) -> str | None:
        return guest_unwanted()

    def open(self) -> None:
        image = guest_image("checks")
        cards = self.card_arguments([("loopback", 4, "mtty-2", "loopback"),
                                     ("crossed", 5, "mtty-2", "cross"),
                                     ("single", 6, "mtty-1", "loopback")])
        self.machine = self.start(["-machine", "q35", "-m", "256M", "-serial", "stdio",
                                   "-kernel", KERNEL, "-append", COMMAND_LINE, *cards],
                                  initrd=image)
        self.console = Console(self.machine.console)

    def conversation(self) -> list[str]:
        return ["guest's console:", *self.console.lines]

    def verdict(self, name: str) -> None:
        """Wait for the guest's verdict on one of its checks and adopt it."""
        check(not self._silent, "the guest fell silent at an earlier check")
        self._silent = True
        while name not in self._verdicts:
            self._note(self.console.next_line(timeout=10))
        self._silent = False
        why = self._verdicts[name]
        check(why is None, f"the guest says: {why}")

    def restart(self) -> None:
        """Reset the machine: the guest boots and runs its checks again."""
        self.machine.reset()
        self._verdicts.clear()

    def _note(self, line: str | None) -> None:
        """Remember a verdict: None as its reason when all was well."""
        words = (line or "").split(maxsplit=2)
        if len(words) == 3 and words[0] == "VERDICT":
            name, _, why = words[2].partition(": ")
            self._verdicts[name] = None if words[1] == "ok" else why or "no reason"
