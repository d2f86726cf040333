# SPDX-License-Identifier: GPL-2.0-only
"""Client of QEMU's qtest protocol: touch the guest's buses from outside.

A qtest socket takes one command per line ("inb 0x60", "writel 0x1000 0x5") and
answers each with "OK ..." or "FAIL ...". Once interrupts are intercepted, lines
"IRQ raise N" and "IRQ lower N" come in between, whenever a pin changes.

A round trip through QEMU's main loop costs about a millisecond; a pipelined
command costs a twentieth of that. So the batch is the basic operation here.
"""

import collections
import select
import socket
import time

# More commands than this in flight could fill the socket in both directions at
# once, QEMU blocked on its answers and we on our commands.
BATCH = 256

TRANSCRIPT_LINES = 400
TRANSCRIPT_WIDTH = 100      # of a command, and of its answer


class QtestError(Exception):
    """QEMU refused a command, or went away."""


class Qtest:
    def __init__(self, path: str):
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.connect(path)
        self._input = b""
        self.levels: dict[int, bool] = {}
        self._changes: dict[int, list[str]] = {}
        self.transcript: collections.deque[str] = collections.deque(maxlen=TRANSCRIPT_LINES)

    def close(self) -> None:
        self._sock.close()

    # -- commands ---------------------------------------------------------

    def run(self, commands: list[str]) -> list[str]:
        """Send commands, pipelined, and return what follows "OK" in each answer."""
        answers = []
        for start in range(0, len(commands), BATCH):
            part = commands[start:start + BATCH]
            self._sock.sendall("".join(c + "\n" for c in part).encode())
            answers += [self._answer(command) for command in part]
        return answers

    def read_many(self, commands: list[str]) -> list[int]:
        """Run commands, return the values of those among them that read."""
        return [int(a, 16) for a in self.run(commands) if a]

    def read(self, command: str) -> int:
        return self.read_many([command])[0]

    def inb(self, port: int) -> int:
        return self.read(f"inb {port:#x}")

    def inw(self, port: int) -> int:
        return self.read(f"inw {port:#x}")

    def inl(self, port: int) -> int:
        return self.read(f"inl {port:#x}")

    def outb(self, port: int, value: int) -> None:
        self.run([f"outb {port:#x} {value:#x}"])

    def outw(self, port: int, value: int) -> None:
        self.run([f"outw {port:#x} {value:#x}"])

    def outl(self, port: int, value: int) -> None:
        self.run([f"outl {port:#x} {value:#x}"])

    def readl(self, address: int) -> int:
        return self.read(f"readl {address:#x}")

    def writel(self, address: int, value: int) -> None:
        self.run([f"writel {address:#x} {value:#x}"])

    def read_bytes(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self.run([f"read {address:#x} {size:#x}"])[0][2:])

    def write_bytes(self, address: int, data: bytes) -> None:
        self.run([f"write {address:#x} {len(data):#x} 0x{data.hex()}"])

    # -- interrupts -------------------------------------------------------

    def intercept_ioapic(self) -> None:
        """From now on learn of every level change at the I/O APIC's pins."""
        self.run(["irq_intercept_in ioapic"])

    def wait_irq(self, pin: int, level: bool, timeout: float) -> bool:
        """Wait until pin has level; False when it does not in time."""
        end = time.monotonic() + timeout
        self._note_all()
        while self.levels.get(pin, False) != level:
            left = end - time.monotonic()
            if left <= 0 or not self._receive(left):
                return False
        return True

    def settle(self, quiet: float = 0.05) -> None:
        """Let everything that is on its way arrive.

        The device signals eventfds, QEMU's main loop turns them into level
        changes: give the kernel's threads a moment, then QEMU's main loop a few
        rounds.
        """
        time.sleep(quiet)
        for _ in range(3):
            self.run(["readb 0x0"])

    def tend(self) -> None:
        """Take in what has come. QEMU waits for us when it has told some hundred changes
        of levels, of the timer's line too, and then answers nobody.
        """
        while select.select([self._sock], [], [], 0)[0]:
            self._receive(1)

    def take_changes(self, pin: int) -> list[str]:
        """Return ["raise", "lower", ...] seen at pin since the last call."""
        return self._changes.pop(pin, [])

    # -- the wire ---------------------------------------------------------

    def _answer(self, command: str) -> str:
        while True:
            line = self._line()
            if line is None:
                self._receive(None)
                continue
            command = command[:TRANSCRIPT_WIDTH]
            self.transcript.append(f"{command} -> {line[:TRANSCRIPT_WIDTH]}")
            if line == "OK" or line.startswith("OK "):
                return line[3:]
            raise QtestError(f"{command}: {line}")

    def _line(self) -> str | None:
        """Take the next answer out of the input; interrupts are noted on the way."""
        while b"\n" in self._input:
            raw, self._input = self._input.split(b"\n", 1)
            line = raw.decode().strip()
            if not line.startswith("IRQ "):
                return line
            self._note_irq(line)
        return None

    def _note_irq(self, line: str) -> None:
        self.transcript.append(line)
        _, change, pin = line.split()
        self.levels[int(pin)] = change == "raise"
        self._changes.setdefault(int(pin), []).append(change)

    def _receive(self, timeout: float | None) -> bool:
        """Read what is there; False when nothing comes in time.

        Called without a command in flight, all that can arrive is interrupts.
        """
        self._sock.settimeout(timeout)
        try:
            data = self._sock.recv(65536)
        except TimeoutError:
            return False
        finally:
            self._sock.settimeout(None)
        if not data:
            raise QtestError("QEMU closed the qtest socket")
        self._input += data
        if timeout is not None:
            self._note_all()
        return True

    def _note_all(self) -> None:
        """Without a command in flight, all that has arrived is interrupts."""
        if (line := self._line()) is not None:
            raise QtestError(f"unexpected line: {line}")
