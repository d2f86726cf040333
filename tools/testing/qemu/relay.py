# SPDX-License-Identifier: GPL-2.0-only
"""Stands between the two ends of a migration, and does what a network may do to it."""

import contextlib
import os
import socket
import threading

PIECE = 65536


class Relay:
    """A socket that leads to another socket, for one connection.

    The stream ends early if told so: some bytes after a marker. Replies of the
    far end can be made wait until they are let through.
    """

    def __init__(self, path: str, to: str, marker: bytes | None = None, more: int = 0,
                 hold_replies: bool = False):
        self.path = path
        self._to = to
        self._marker, self._more = marker, more
        self._seen = b""
        self._left: int | None = None       # how many bytes still get through, if limited
        self._replies = threading.Event()
        if not hold_replies:
            self._replies.set()
        self._cut = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def let_replies_through(self) -> None:
        self._replies.set()

    def was_cut(self, timeout: float = 0) -> bool:
        return self._cut.wait(timeout)

    def close(self) -> None:
        """No more connections; one that there is ends when an end of it does."""
        self._replies.set()
        # accept() returns only if the socket is shut down first
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            near, _ = self._listener.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._to)
            back = threading.Thread(target=self._send_back, args=(far, near), daemon=True)
            back.start()
            self._send_on(near, far)
            back.join()
            near.close()
            far.close()

    def _send_on(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while self._left != 0 and (data := near.recv(PIECE)):
                far.sendall(self._allowed(data))
        if self._left == 0:
            self._cut.set()
        self._replies.set()
        for end in (near, far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _allowed(self, data: bytes) -> bytes:
        """What of the next piece still gets through."""
        if self._marker and self._left is None:
            # the marker may lie across two pieces
            self._seen = self._seen[1 - len(self._marker):] + data
            at = self._seen.find(self._marker)
            if at >= 0:
                end = at + len(self._marker) + self._more
                self._left = end - (len(self._seen) - len(data))
        if self._left is None:
            return data
        part = data[:self._left]
        self._left -= len(part)
        return part

    def _send_back(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(PIECE):
                self._replies.wait()
                near.sendall(data)
