# SPDX-License-Identifier: GPL-2.0-only
"""Start and stop one QEMU process."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

from qmp import Qmp
from qtest import Qtest

START_TIMEOUT = 60

# The firmware of a machine whose processor shall do nothing: at the reset
# vector, 16 bytes below the end of the ROM, "cli; hlt; jmp back to hlt".
HALT_ROM_SIZE = 64 * 1024
HALT_CODE = bytes([0xfa, 0xf4, 0xeb, 0xfd])


class QemuDied(Exception):
    """QEMU ended although nobody asked it to."""


def halt_rom() -> bytes:
    rom = bytearray(b"\xf4" * HALT_ROM_SIZE)
    rom[-16:-16 + len(HALT_CODE)] = HALT_CODE
    return bytes(rom)


class Machine:
    """A QEMU process with a monitor, and with a qtest socket if it is halted.

    A halted machine has no guest: its processor sleeps, and the test drives the
    buses itself. (QEMU's own accelerator for this, "-accel qtest", is missing
    from Debian's builds before 11.1; a ROM that halts does the same everywhere.)
    """

    def __init__(self, qemu: str, arguments: list[str], initrd: bytes | None = None):
        """Start QEMU; with an initrd (and -kernel among arguments) it is a real guest."""
        halted = initrd is None
        self.dir = tempfile.mkdtemp(prefix="qemu-")
        self._complaints = ""
        self.command = [qemu, "-nodefaults", "-no-user-config", "-display", "none",
                        "-accel", "tcg",
                        "-qmp", f"unix:{self.path('qmp')},server=on,wait=off"]
        if initrd:
            self._write("initrd", initrd)
            self.command += ["-initrd", self.path("initrd")]
        else:
            self._write("halt.bin", halt_rom())
            self.command += ["-bios", self.path("halt.bin"), "-qtest-log", "none",
                             "-qtest", f"unix:{self.path('qtest')},server=on,wait=off"]
        self.command += arguments
        self.qmp: Qmp | None = None
        self.qtest: Qtest | None = None
        with open(self.path("stderr"), "ab") as stderr:
            # A session of its own, so that a wrapper script dies with its QEMU.
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=stderr, start_new_session=True)
        self.console = self._process.stdout
        try:
            self.qmp = self._connect(Qmp, "qmp")
            if halted:
                self.qtest = self._connect(Qtest, "qtest")
        except BaseException as error:
            error.add_note(f"command: {' '.join(self.command)}\nQEMU's stderr: {self.stderr()}")
            self.kill()
            raise

    def _write(self, name: str, content: bytes) -> None:
        with open(self.path(name), "wb") as file:
            file.write(content)

    def path(self, name: str) -> str:
        return os.path.join(self.dir, name)

    def alive(self) -> bool:
        return self._process.poll() is None

    def fate(self) -> str:
        """How QEMU ended, if it did. It may be about to, so wait a little."""
        try:
            return f"ended, status {self._process.wait(1)}"
        except subprocess.TimeoutExpired:
            return "runs"

    def stderr(self) -> str:
        """What QEMU has complained of, also once it is gone."""
        if os.path.exists(self.path("stderr")):
            with open(self.path("stderr"), encoding="utf-8", errors="replace") as file:
                self._complaints = file.read()
        return self._complaints

    def reset(self, timeout: float = 30) -> None:
        """Reset the machine as its reset button would."""
        self.qmp.drop_events()
        self.qmp.execute("system_reset")
        if not self.qmp.wait_event("RESET", timeout):
            raise TimeoutError("no RESET event after system_reset")

    def quit(self, timeout: float = 30) -> None:
        """End QEMU in the orderly way."""
        if self.alive():
            self.qmp.execute("quit")
        self._process.wait(timeout)
        self._forget()

    def kill(self, timeout: float = 30) -> None:
        """End QEMU whatever state it is in."""
        if self.alive():
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout)
        self._forget()

    def _forget(self) -> None:
        self.stderr()       # for later: the file goes now
        for channel in (self.qmp, self.qtest, self.console):
            if channel:
                channel.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _connect(self, client, name: str):
        end = time.monotonic() + START_TIMEOUT
        while True:
            if not self.alive():
                raise QemuDied(f"QEMU ended at start, status {self._process.returncode}")
            try:
                return client(self.path(name))
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
