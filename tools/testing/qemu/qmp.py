# SPDX-License-Identifier: GPL-2.0-only
"""Client of QEMU's monitor protocol (QMP)."""

import json
import socket
import time


class QmpError(Exception):
    """QEMU answered with an error, or went away."""


class Qmp:
    def __init__(self, path: str):
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.connect(path)
        self._input = b""
        self._events: list[dict] = []
        # Every event since drop_events(), those that were waited for included.
        self.history: list[dict] = []
        self._receive(None)     # the greeting
        self.execute("qmp_capabilities")

    def close(self) -> None:
        self._sock.close()

    def execute(self, command: str, **arguments):
        """Run a command and return its result. In names, "_" stands for "-"."""
        request: dict = {"execute": command}
        if arguments:
            request["arguments"] = {k.replace("_", "-"): v for k, v in arguments.items()}
        self._sock.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self._receive(None)
            if message is None:
                continue
            if "event" in message:
                self._note(message)
            elif "error" in message:
                raise QmpError(f"{command}: {message['error']['desc']}")
            elif "return" in message:
                return message["return"]

    def drop_events(self) -> None:
        self._events.clear()
        self.history.clear()

    def wait_event(self, name: str, timeout: float, **data) -> bool:
        """Wait for an event that carries data; False when it does not come in time."""
        end = time.monotonic() + timeout
        while True:
            while self._events:
                event = self._events.pop(0)
                got = event.get("data", {})
                if event["event"] == name and all(got.get(k) == v for k, v in data.items()):
                    return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            message = self._receive(left)
            if message and "event" in message:
                self._note(message)

    def _note(self, event: dict) -> None:
        self._events.append(event)
        self.history.append(event)

    def _receive(self, timeout: float | None) -> dict | None:
        """Read one message; None when none comes in time."""
        while b"\n" not in self._input:
            self._sock.settimeout(timeout)
            try:
                data = self._sock.recv(65536)
            except TimeoutError:
                return None
            finally:
                self._sock.settimeout(None)
            if not data:
                raise QmpError("QEMU closed the monitor")
            self._input += data
        line, self._input = self._input.split(b"\n", 1)
        return json.loads(line)
