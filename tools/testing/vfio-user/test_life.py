# SPDX-License-Identifier: GPL-2.0-only
"""Clients that come and go, and servers that start and end."""

import contextlib
import errno
import os
import signal
import socket
import time

import vfio_user as vu
from case import case, check, refused, same
from server import Server
from test_dma import PAGE, Memory
from vfio_user import Client, Event

ID = 0x32534348


def make_a_mess(client: Client, memory: Memory, event: Event) -> None:
    """Leave something in every place that keeps something."""
    client.set_config(4, 2, 0x5)
    client.dma_map(0, PAGE, fd=memory.fd)
    client.dma_map(PAGE, PAGE, 3 | vu.FILE_IO, fd=memory.fd)
    client.bind(vu.ERR, event.fd)
    client.bind(vu.INTX, event.fd)
    client.set_irqs(vu.DATA_EVENTFD | vu.ACTION_UNMASK, vu.INTX, fds=[event.fd])
    client.write(0, 2, b"\xc1")
    client.write(0, 1, b"\x0f")
    client.write(0, 0, b"x")


@contextlib.contextmanager
def child(function):
    """A process that runs function, keeps what it returns, and is killed in the end."""
    ready_r, ready_w = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            kept = function()
            os.write(ready_w, b"r")
            while kept is not function:     # that is, for ever
                signal.pause()
        finally:
            os._exit(1)                     # pylint: disable=protected-access
    os.close(ready_w)
    try:
        same(os.read(ready_r, 1), b"r", "the child's sign")
        yield
    finally:
        os.close(ready_r)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def messy_client(server: Server, memory: Memory, event: Event) -> Client:
    client = server.client()
    make_a_mess(client, memory, event)
    return client


def wait_for_refusals(server: Server, number: int) -> None:
    """Wait until the server has seen that many clients too many."""
    end = time.monotonic() + vu.TIMEOUT
    while server.stderr().count("second client") < number:
        check(time.monotonic() < end, "a second client was not noticed")
        time.sleep(0.002)


@case("life: a second client is told, the first not disturbed")
def second_client(server: Server) -> None:
    with server.client() as client:
        for _ in range(10):
            with server.connect() as second:
                refused(errno.EBUSY, "second client", second.negotiate)
                second.wait_cut()
            same(client.config(0, 4), ID, "ids")
    with server.client() as client:
        same(client.config(0, 4), ID, "ids")


@case("life: many second clients, talkative and silent")
def many_second_clients(server: Server) -> None:
    with server.client() as client:
        others = [server.connect() for _ in range(50)]
        for number, other in enumerate(others):
            if number % 3 == 0:
                try:
                    other.send_raw(vu.message(vu.VERSION, vu.version_body(), number))
                except vu.Cut:
                    pass
            elif number % 3 == 1:
                try:
                    other.send_raw(b"x")
                except vu.Cut:
                    pass
            same(client.config(0, 4), ID, "ids")
        for other in others:
            other.close()
        same(client.config(0, 4), ID, "ids")


@case("life: a second client that waits is still refused when the first goes")
def patient_second_client(server: Server) -> None:
    seen = server.stderr().count("second client")
    with server.client() as client, server.connect() as second:
        wait_for_refusals(server, seen + 1)
        client.close()
        refused(errno.EBUSY, "second client", second.negotiate)
    with server.client() as client:
        same(client.config(0, 4), ID, "ids")


@case("life: a second client is told, while the first neither sends nor reads")
def first_is_stuck(server: Server) -> None:
    with server.client() as client:
        client.sock.settimeout(0.2)
        read = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, vu.CONFIG_REGION, 256))
        try:
            while True:
                client.send_raw(read * 100)
        except TimeoutError:
            client.sock.shutdown(socket.SHUT_WR)
        with server.connect() as second:
            refused(errno.EBUSY, "second client", second.negotiate)


@case("life: who comes when the first has gone is no second client")
def in_turn(server: Server) -> None:
    for _ in range(200):
        client = server.client()
        client.post(vu.CONFIG_REGION, 0x3c, b"x" * 100)
        client.close()
    server.stop()
    client = server.connect()
    client.send_raw(vu.message(vu.VERSION, vu.version_body()))
    client.close()
    with server.connect() as after:
        after.send_raw(vu.message(vu.VERSION, vu.version_body(), 3))
        server.cont()
        same(after.reply_to(3, vu.VERSION).flags, vu.TYPE_REPLY, "reply to the next")


@case("life: a client that is killed leaves a clean device")
def killed(server: Server) -> None:
    with Memory() as memory, Event() as event:
        for _ in range(5):
            with child(lambda: messy_client(server, memory, event)), server.connect() as second:
                refused(errno.EBUSY, "second client", second.negotiate)
            with server.client() as client:
                event.take()
                same(client.config(4, 2), 0, "COMMAND")
                same(server.shared_files(), 0, "mapped files")
                refused(errno.EINVAL, "loopback", client.set_irqs,
                        vu.DATA_NONE | vu.ACTION_TRIGGER, vu.INTX)
                same(event.take(), 0, "signals")


@case("life: a connection lives until its last descriptor is closed")
def inherited(server: Server) -> None:
    client = server.client()
    client.set_config(0x3c, 1, 0x42)
    with child(lambda: None):
        same(client.config(0x3c, 1), 0x42, "register")
        client.close()
        with server.connect() as second:
            refused(errno.EBUSY, "while the child has it", second.negotiate)
    with server.client() as after:
        same(after.config(0x3c, 1), 0, "register")


@case("life: --once ends with the first client")
def once(_) -> None:
    with Server("--model", "mtty-1", "--once") as server:
        with server.client() as client:
            same(client.config(0, 4), ID, "ids")
            with server.connect() as second:
                refused(errno.EBUSY, "second client", second.negotiate)
            check(server.alive(), "it ended with the second client")
        same(server.wait(), 0, "exit status")
    with Server("--model", "mtty-1", "--once") as server:
        with server.connect() as client:
            client.send_raw(vu.header(1, 3))
            client.wait_cut()
        same(server.wait(), 0, "exit status after a client was cut off")


@case("life: --fd with a connected socket")
def connected_fd(_) -> None:
    ours, theirs = socket.socketpair()
    number = theirs.fileno()
    with Server("--model", "mtty-2", "--fd", str(number), socket=False,
                pass_fds=(number,)) as server:
        theirs.close()
        with Client(sock=ours) as client:
            client.negotiate()
            same(client.config(0, 4), ID, "ids")
        same(server.wait(), 0, "exit status")


@case("life: --fd with a listening socket")
def listening_fd(_) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("")       # a name of the kernel's choice
        listener.listen()
        name = listener.getsockname()
        number = listener.fileno()
        with Server("--model", "mtty-2", "--fd", str(number), socket=False,
                    pass_fds=(number,)) as server:
            for _turn in range(3):
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.connect(name)
                    client = Client(sock=sock)
                    client.negotiate()
                    same(client.config(0, 4), ID, "ids")
            check(server.alive(), "it ended with a client")


@case("life: SIGTERM and SIGINT end it, whatever it does")
def signals(_) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server("--model", "mtty-2") as server:
            server.process.send_signal(number)
            same(server.wait(), 0, "exit status, idle")
        with Server("--model", "mtty-2") as server, Memory() as memory, Event() as event:
            with server.client() as client:
                make_a_mess(client, memory, event)
                server.process.send_signal(number)
                client.wait_cut()
            same(server.wait(), 0, "exit status, with a client")
        with Server("--model", "mtty-2") as server:
            with server.client() as client:
                client.sock.setblocking(False)
                text = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, 7, 256)) * 100
                try:
                    while True:
                        client.sock.send(text)
                except BlockingIOError:
                    pass
                server.process.send_signal(number)
                same(server.wait(), 0, "exit status, with a client that does not read")


@case("life: a socket that a dead server left is replaced")
def stale_socket(_) -> None:
    with Server("--model", "mtty-1", expect=-signal.SIGKILL) as dead:
        dead.process.kill()
        dead.wait()
        check(os.path.exists(dead.path), "the socket went with it")
        again = Server("--model", "mtty-1", "--socket", dead.path, socket=False)
        with again:
            end = time.monotonic() + vu.TIMEOUT
            while True:
                try:
                    client = Client(dead.path)
                    break
                except ConnectionRefusedError:
                    check(time.monotonic() < end and again.alive(), again.stderr())
                    time.sleep(0.005)
            with client:
                client.negotiate()
        check(not os.path.exists(dead.path), "the socket was left behind")


@case("life: a server's socket is left alone by others")
def busy_socket(server: Server) -> None:
    with Server("--model", "mtty-1", "--socket", server.path, socket=False, expect=1) as other:
        same(other.wait(), 1, "exit status")
        check("listens" in other.stderr(), f"it says: {other.stderr()}")
    with server.client() as client:
        same(client.config(0, 4), ID, "ids")
        with Server("--model", "mtty-1", "--socket", server.path, socket=False,
                    expect=1) as other:
            same(other.wait(), 1, "exit status")
        same(client.config(0, 4), ID, "ids")


@case("life: two servers, two devices")
def two_servers(server: Server) -> None:
    with Server("--model", "mtty-2") as other:
        with server.client() as client, other.client() as second:
            client.set_config(0x3c, 1, 1)
            second.set_config(0x3c, 1, 2)
            same((client.config(0x3c, 1), second.config(0x3c, 1)), (1, 2), "registers")


@case("life: --log tells of every message")
def logging(_) -> None:
    with Server("--model", "mtty-2", "--log") as server:
        with server.client() as client:
            client.config(0, 4)
            refused(errno.EINVAL, "short message", client.call, vu.DMA_MAP, b"")
            refused(errno.ENOTTY, "unknown command", client.call, 77, b"")
        end = time.monotonic() + vu.TIMEOUT
        while "client gone" not in server.stderr() and time.monotonic() < end:
            time.sleep(0.01)
        for text in ("client connected", "VERSION (1)", "REGION_READ (9), 16 bytes, 0 fds: done",
                     "DMA_MAP (2), 0 bytes, 0 fds: Invalid argument", "unknown command (77)",
                     "client gone"):
            check(text in server.stderr(), f"no \"{text}\" in: {server.stderr()}")
