# SPDX-License-Identifier: GPL-2.0-only
"""Start server programs, and see that they end well."""

import dataclasses
import functools
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from vfio_user import Client

START_TIMEOUT = 20
END_TIMEOUT = 20


def program(name: str) -> str:
    return os.path.join(os.environ["VFIO_USER_PROGRAMS"], name)


def limit_fds(soft: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


@dataclasses.dataclass(frozen=True)
class Model:
    """A model, and what tests that work with any model must know of it."""

    name: str
    ids: bytes
    config_size: int


MTTY = Model("mtty-2", bytes.fromhex("48435332"), 256)
TEST = Model("vdev_test-pcie", bytes.fromhex("361bfeff"), 4096)


class ServerFailed(Exception):
    """It crashed, or a sanitizer has found something."""


class Server:
    """A server program of its own. Leaving the context is a test, too."""

    def __init__(self, *arguments: str, name: str = "vdevd", socket: bool = True,
                 pass_fds: tuple[int, ...] = (), expect: int = 0, max_fds: int | None = None):
        self._dir = tempfile.mkdtemp(prefix="vfio-user-")
        self.path = os.path.join(self._dir, "socket")
        self.model = MTTY
        self._expect = expect
        self._stderr = open(os.path.join(self._dir, "stderr"), "w+b")  # pylint: disable=consider-using-with
        if socket:
            arguments = (*arguments, "--socket", self.path)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [program(name), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self._stderr, pass_fds=pass_fds,
            preexec_fn=functools.partial(limit_fds, max_fds) if max_fds else None)
        if socket:
            self._wait_for_socket()

    def _wait_for_socket(self) -> None:
        end = time.monotonic() + START_TIMEOUT
        while not os.path.exists(self.path):
            if self.process.poll() is not None or time.monotonic() > end:
                raise ServerFailed(f"no socket; stderr: {self.stderr()}")
            time.sleep(0.001)

    @classmethod
    def of(cls, model: Model):
        """A server of one of the models above."""
        server = cls("--model", model.name, name="vdevd" if model is MTTY else "vdevd-test")
        server.model = model
        return server

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.end(check=kind is None)

    @property
    def pid(self) -> int:
        return self.process.pid

    def stderr(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def wait(self) -> int:
        return self.process.wait(END_TIMEOUT)

    def end(self, check: bool = True) -> None:
        """SIGTERM, unless it has ended already."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.wait()
        text = self.stderr()
        left = os.path.exists(self.path)
        self._stderr.close()
        shutil.rmtree(self._dir, ignore_errors=True)
        if check and status != self._expect:
            raise ServerFailed(f"status {status}, expected {self._expect}; stderr: {text}")
        if check and left:
            raise ServerFailed("it left its socket behind")

    # -- clients --------------------------------------------------------------

    def connect(self) -> Client:
        return Client(self.path)

    def client(self) -> Client:
        """A client that has agreed on the protocol."""
        client = self.connect()
        client.negotiate()
        return client

    # -- what it holds --------------------------------------------------------

    def fds(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def shared_files(self) -> int:
        """Files of clients that it has mapped."""
        with open(f"/proc/{self.pid}/maps", encoding="ascii") as maps:
            return sum("memfd:vfio-user" in line for line in maps)

    def resident_kib(self) -> int:
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def alive(self) -> bool:
        return self.process.poll() is None

    def settle(self, fds: int) -> None:
        """Wait until nothing of a client is left."""
        end = time.monotonic() + END_TIMEOUT
        while self.alive() and (self.fds() != fds or self.shared_files()):
            if time.monotonic() > end:
                names = [os.readlink(f"/proc/{self.pid}/fd/{fd}")
                         for fd in os.listdir(f"/proc/{self.pid}/fd")]
                raise ServerFailed(f"{self.fds()} fds instead of {fds}, "
                                   f"{self.shared_files()} mappings left: {names}")
            time.sleep(0.002)
        if not self.alive():
            raise ServerFailed(f"it ended, status {self.wait()}; stderr: {self.stderr()}")

    def stop(self) -> None:
        """Let it do nothing until cont(): what is sent now it finds all at once."""
        self.process.send_signal(signal.SIGSTOP)
        while True:
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "T":
                    return
            time.sleep(0.001)

    def cont(self) -> None:
        self.process.send_signal(signal.SIGCONT)
