# SPDX-License-Identifier: GPL-2.0-only
"""Cards of servers instead of mdevs, for the cases of tools/testing/qemu."""

import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import time

import cards
import mdev

START_TIMEOUT = 30
END_TIMEOUT = 30

SHARED_MEMORY = ["-object", "memory-backend-memfd,id=m,size=64M,share=on",
                 "-machine", "memory-backend=m"]


class Vdevd:
    """A server program with one card; what an Mdev is to the kernel."""

    def __init__(self, model: str, wiring: str | None = "loopback", program: str | None = None):
        self._dir = tempfile.mkdtemp(prefix="vdevd-")
        self.path = os.path.join(self._dir, "socket")
        self._log = os.path.join(self._dir, "log")
        program = program or ("VDEVD_TEST" if model.startswith("vdev_test-") else "VDEVD")
        self._command = [os.environ[program], "--model", model, "--socket", self.path, "--log"]
        if wiring:
            self._command += ["--set", f"wiring={wiring}"]
        self._start()

    def _start(self) -> None:
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                self._command, stderr=log)
        end = time.monotonic() + START_TIMEOUT
        while not os.path.exists(self.path):
            if self._process.poll() is not None or time.monotonic() > end:
                raise OSError(f"vdevd does not start: {self.log()}")
            time.sleep(0.005)

    def log(self) -> str:
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def restart(self, *options: str) -> None:
        """Have it run with more options."""
        self._process.terminate()
        self._process.wait(END_TIMEOUT)
        self._command += options
        self._start()

    def exists(self) -> bool:
        return os.path.exists(self._dir)

    def remove(self) -> None:
        """End it. That it got on with its clients until then is part of the test."""
        self._process.terminate()
        status = self._process.wait(END_TIMEOUT)
        log = self.log()
        shutil.rmtree(self._dir)
        if status:
            raise OSError(f"vdevd ended with status {status}: {log[-2000:]}")
        bad = [line for line in log.splitlines() if "cut off" in line or "Sanitizer" in line]
        if bad:
            raise OSError(f"vdevd said: {bad}")


@dataclasses.dataclass(frozen=True)
class SocketVariant:
    """How QEMU gets at a card; see Variant in tools/testing/qemu.

    With shared memory, which is that of a machine of 64 MiB, servers map the
    guest's memory; else they ask QEMU for every access.
    """

    version: str = "11.1"
    shared: bool = False

    @property
    def name(self) -> str:
        return f"qemu-{self.version}/vfio-user" + ("/shared" if self.shared else "")

    @property
    def binary(self) -> str:
        return f"qemu-{self.version}"

    def global_arguments(self) -> list[str]:
        return SHARED_MEMORY if self.shared else []

    def device(self, server: Vdevd, name: str, slot: int) -> dict:
        """The properties of a device, for the command line and for device_add."""
        return {"driver": "vfio-user-pci", "id": name, "addr": f"{slot:x}",
                "socket": {"type": "unix", "path": server.path}}

    def missing(self) -> str | None:
        if not shutil.which(self.binary):
            return f"no {self.binary} on PATH"
        for program in ("VDEVD", "VDEVD_TEST", "TIMER_CARD"):
            if not os.access(os.environ.get(program, ""), os.X_OK):
                return f"{program} does not name a server program"
        return None


def device_arguments(setting: cards.CardSetting, server: Vdevd, name: str, slot: int,
                     **more) -> list[str]:
    """As CardSetting.device_arguments(). QEMU has no x-no-mmap here, the server has."""
    if more.pop("x-no-mmap", False):
        server.restart("--no-mmap")
    return ["-device", json.dumps(setting.variant.device(server, name, slot) | more)]


def replace_mdevs() -> None:
    """From now on the settings of tools/testing/qemu make servers.

    To be called before they are imported.
    """
    cards.Mdev = Vdevd
    cards.CardSetting.device_arguments = device_arguments
    mdev.loaded = lambda family: True
