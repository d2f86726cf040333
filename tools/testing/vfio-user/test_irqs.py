# SPDX-License-Identifier: GPL-2.0-only
"""Interrupts: eventfds that travel with messages."""

import dataclasses
import errno
import os
import random
import re
import socket
import tempfile
import time

import vfio_user as vu
from case import case, check, refused, same
from server import Server
from vfio_user import Event

IER, IIR, FCR, LCR = 1, 2, 2, 3
THRI = b"\x02"
BIND = vu.DATA_EVENTFD | vu.ACTION_TRIGGER
LOOPBACK = vu.DATA_NONE | vu.ACTION_TRIGGER


def ready(client: vu.Client) -> None:
    """The card decodes and may send messages."""
    client.set_config(4, 2, 5)


def raise_irq(client: vu.Client, port: int = 0) -> None:
    client.write(port, IER, b"\0")
    client.write(port, IER, THRI)


def lower_irq(client: vu.Client, port: int = 0) -> None:
    client.write(port, IER, b"\0")


def unmask(client: vu.Client) -> None:
    client.set_irqs(vu.DATA_NONE | vu.ACTION_UNMASK, vu.INTX)


@case("irqs: INTx, signalled once until it is unmasked")
def intx(server: Server) -> None:
    with server.client() as client, Event() as event:
        ready(client)
        client.bind(vu.INTX, event.fd)
        for port in (0, 1):
            raise_irq(client, port)
            same(event.wait(), 1, "signals")
            client.read(port, 5, 1)
            same(event.take(), 0, "signals while masked")
            unmask(client)
            same(event.wait(), 1, "signals after unmasking")
            lower_irq(client, port)
            unmask(client)
            same(event.take(), 0, "signals after the level has fallen")


@case("irqs: INTx, unmasked through an eventfd")
def unmask_eventfd(server: Server) -> None:
    with server.client() as client, Event() as event, Event() as unmasker:
        ready(client)
        client.bind(vu.INTX, event.fd)
        client.set_irqs(vu.DATA_EVENTFD | vu.ACTION_UNMASK, vu.INTX, fds=[unmasker.fd])
        raise_irq(client)
        for _ in range(100):
            same(event.wait(), 1, "signals")
            unmasker.signal()
        same(event.wait(), 1, "signals")
        refused(errno.EBUSY, "a second one", client.set_irqs,
                vu.DATA_EVENTFD | vu.ACTION_UNMASK, vu.INTX, fds=[event.fd])
        client.set_irqs(vu.DATA_EVENTFD | vu.ACTION_UNMASK, vu.INTX)
        unmasker.signal()
        client.reset()
        same((event.take(), unmasker.take()), (0, 1), "signals once it is taken away")


def count_of(event: Event) -> int:
    with open(f"/proc/self/fdinfo/{event.fd}", encoding="ascii") as info:
        return int(re.search(r"eventfd-count:\s*(\w+)", info.read()).group(1), 16)


@case("irqs: INTx, unmasked through a semaphore that counts high")
def unmask_semaphore(server: Server) -> None:
    high = (1 << 64) - 100
    with server.client() as client, Event() as event, \
            Event(os.EFD_NONBLOCK | os.EFD_SEMAPHORE) as unmasking:
        ready(client)
        client.bind(vu.INTX, event.fd)
        os.eventfd_write(unmasking.fd, high)
        client.set_irqs(vu.DATA_EVENTFD | vu.ACTION_UNMASK, vu.INTX, fds=[unmasking.fd])
        raise_irq(client)
        for turn in range(1, 6):
            same(event.wait(), 1, f"signals, turn {turn}")
            os.eventfd_write(unmasking.fd, 1)
        for _ in range(100):
            client.config(0, 4)
        check(count_of(unmasking) > high - 10, "the server is busy with it")


@case("irqs: MSI, one message for each rise")
def msi(server: Server) -> None:
    with server.client() as client, Event() as event:
        ready(client)
        client.bind(vu.MSI, event.fd)
        for count in range(1, 6):
            raise_irq(client)
            same(event.wait(), 1, f"messages, rise {count}")
            client.read(0, 5, 1)
            same(event.take(), 0, "more messages")


@case("irqs: a bound eventfd is let go by count 0 and by no fd at all")
def unbinding(server: Server) -> None:
    with server.client() as client, Event() as event:
        ready(client)
        for index in (vu.INTX, vu.MSI):
            client.bind(index, event.fd)
            client.set_irqs(LOOPBACK, index)
            same(event.wait(), 1, "loopback")
            client.set_irqs(BIND, index)    # no fd: it stands for -1
            client.set_irqs(LOOPBACK, index)
            client.set_irqs(LOOPBACK, index, 0, 0)
            refused(errno.EINVAL, "loopback when all is off", client.set_irqs, LOOPBACK, index)
        same(event.take(), 0, "signals of what is not bound")


@case("irqs: as many fds as interrupts, or none")
def fd_counts(server: Server) -> None:
    with server.client() as client, Event() as event:
        for index in (vu.INTX, vu.MSI, vu.ERR, vu.REQ):
            for number in (2, 3, 16):
                refused(errno.EINVAL, f"{number} fds for one interrupt", client.set_irqs, BIND,
                        index, fds=[event.fd] * number)
            refused(errno.EINVAL, "an fd for no interrupt", client.set_irqs, BIND, index, 0, 0,
                    fds=[event.fd])
            for kind in (vu.DATA_NONE, vu.DATA_BOOL):
                for data in (b"", b"\0"):
                    refused(errno.EINVAL, "an fd with other data", client.set_irqs,
                            kind | vu.ACTION_TRIGGER, index, data=data, fds=[event.fd])
            for count in (2, 16, 2048, 0xffffffff):
                refused(errno.EINVAL, f"{count} interrupts", client.set_irqs, BIND, index, 0,
                        count)


@case("irqs: only an eventfd will do")
def not_eventfds(server: Server) -> None:
    reader, writer = os.pipe()
    left, right = socket.socketpair()
    with server.client() as client, tempfile.TemporaryFile() as file, Event() as event:
        ready(client)
        client.bind(vu.INTX, event.fd)
        for index, action in ((vu.INTX, vu.ACTION_TRIGGER), (vu.INTX, vu.ACTION_UNMASK),
                              (vu.ERR, vu.ACTION_TRIGGER), (vu.REQ, vu.ACTION_TRIGGER)):
            for fd in (file.fileno(), reader, writer, left.fileno(), os.memfd_create("x"),
                       os.open("/", os.O_RDONLY), os.open("/dev/null", os.O_RDWR)):
                refused(errno.EINVAL, "not an eventfd", client.set_irqs,
                        vu.DATA_EVENTFD | action, index, fds=[fd])
        raise_irq(client)
        same(event.wait(), 1, "signals of what is still bound")
        same(file.read(), b"", "what was written to the file")
    os.close(reader)
    os.close(writer)
    left.close()
    right.close()


@case("irqs: the server's eventfd is its own")
def closed_by_client(server: Server) -> None:
    with server.client() as client, Event() as event:
        ready(client)
        with Event() as gone:
            client.bind(vu.INTX, gone.fd)
        raise_irq(client)
        client.bind(vu.INTX, event.fd)
        unmask(client)
        same(event.wait(), 1, "signals after another was bound")


@case("irqs: a counter that is full does not stop the server")
def full_counter(server: Server) -> None:
    for flags, change in ((0, False), (os.EFD_NONBLOCK, False), (os.EFD_NONBLOCK, True)):
        with server.client() as client, Event(flags) as event:
            ready(client)
            os.eventfd_write(event.fd, (1 << 64) - 2)
            client.bind(vu.MSI, event.fd)
            if change:
                os.set_blocking(event.fd, True)
            for _ in range(3):
                client.set_irqs(LOOPBACK, vu.MSI)
                raise_irq(client)
            same(client.config(0, 4), 0x32534348, "ids")
            same(os.eventfd_read(event.fd), (1 << 64) - 2, "counter")
            client.set_irqs(LOOPBACK, vu.MSI)
            same(os.eventfd_read(event.fd), 1, "counter once there is room")


@case("irqs: data of the BOOL kind")
def bools(server: Server) -> None:
    with server.client() as client, Event() as event:
        ready(client)
        client.bind(vu.INTX, event.fd)
        trigger = vu.DATA_BOOL | vu.ACTION_TRIGGER
        client.set_irqs(trigger, vu.INTX, data=b"\0")
        same(event.take(), 0, "signals, false")
        for true in (b"\1", b"\2", b"\xff"):
            client.set_irqs(trigger, vu.INTX, data=true)
            same(event.wait(), 1, "signals, true")
        refused(errno.EINVAL, "no byte", client.set_irqs, trigger, vu.INTX)
        # argsz says less than came, or more
        head = vu.IRQ_SET.pack(20, trigger, vu.INTX, 0, 1)
        refused(errno.EINVAL, "argsz without the byte", client.call, vu.DEVICE_SET_IRQS,
                head + b"\1")
        head = vu.IRQ_SET.pack(22, trigger, vu.INTX, 0, 1)
        refused(errno.EINVAL, "argsz with a byte more", client.call, vu.DEVICE_SET_IRQS,
                head + b"\1")
        for argsz in (0, 19, 0xffffffff):
            head = vu.IRQ_SET.pack(argsz, vu.DATA_NONE | vu.ACTION_TRIGGER, vu.INTX, 0, 1)
            refused(errno.EINVAL, f"argsz {argsz}", client.call, vu.DEVICE_SET_IRQS, head)
        same(event.take(), 0, "signals of refused requests")


@case("irqs: the time-out of a character that nobody reads")
def character_timeout(server: Server) -> None:
    with server.client() as client, Event() as event:
        ready(client)
        client.bind(vu.INTX, event.fd)
        client.write(0, LCR, b"\x83")
        client.write(0, 0, bytes([288 & 0xff, 288 >> 8]))   # 400 baud
        client.write(0, LCR, b"\x03")
        client.write(0, FCR, b"\xc1")
        client.write(0, IER, b"\x01")
        wait = 4 * 10 * 288 / 115200
        start = time.monotonic()
        client.write(0, 0, b"x")
        same(event.wait(), 1, "signals")
        took = time.monotonic() - start
        check(took >= wait, f"after {took:.3f} s, expected {wait:.3f} s")
        same(client.read(0, IIR, 1), b"\xcc", "IIR")
        same(client.read(0, 0, 1), b"x", "the character")
        # each character puts it off
        unmask(client)
        start = time.monotonic()
        for _ in range(10):
            client.write(0, 0, b"y")
            client.read(0, 0, 1)
            time.sleep(wait / 20)
        client.write(0, 0, b"z")
        last = time.monotonic()
        same(event.wait(), 1, "signals")
        check(time.monotonic() - last >= wait * 0.9, "earlier than it was put off to")


@case("irqs: nothing reaches a client that has gone")
def gone(server: Server) -> None:
    with Event() as event, Event() as unmasker:
        for index in (vu.INTX, vu.MSI):
            with server.client() as client:
                ready(client)
                client.bind(index, event.fd)
                if index == vu.INTX:
                    client.set_irqs(vu.DATA_EVENTFD | vu.ACTION_UNMASK, index,
                                    fds=[unmasker.fd])
                client.write(0, FCR, b"\xc1")
                client.write(0, IER, b"\x01")
                client.write(0, 0, b"x")
            with server.client() as client:
                event.take()
                ready(client)
                unmasker.signal()
                raise_irq(client)
                time.sleep(0.02)
                same((event.take(), unmasker.take()), (0, 1), "signals")


@dataclasses.dataclass
class Model:
    """What SET_IRQS answers, worked out from vfio-pci's rules."""

    mode: int | None = None
    unmask: bool = False
    bound: set = dataclasses.field(default_factory=set)

    def answer(self, kind: int, action: int, index: int, count: int, fd: str) -> int:
        if index > vu.REQ or index == vu.MSIX or count > 1:
            return errno.EINVAL
        if fd != "none" and count == 0:
            return errno.EINVAL
        if index in (vu.ERR, vu.REQ):
            return self._single(kind, action, index, count, fd)
        if action == vu.ACTION_MASK:
            if index != vu.INTX:
                return errno.ENOTTY
            if self.mode != vu.INTX or count != 1:
                return errno.EINVAL
            return errno.ENOTTY if kind == vu.DATA_EVENTFD else 0
        if action == vu.ACTION_UNMASK:
            return self._unmask(kind, count, fd) if index == vu.INTX else errno.ENOTTY
        return self._trigger(kind, index, count, fd)

    def _single(self, kind: int, action: int, index: int, count: int, fd: str) -> int:
        if action != vu.ACTION_TRIGGER:
            return errno.ENOTTY
        if kind == vu.DATA_NONE and index not in self.bound:
            return errno.EINVAL
        if kind == vu.DATA_NONE:
            if not count:
                self.bound.discard(index)
            return 0
        if not count or fd == "file":
            return errno.EINVAL
        if kind == vu.DATA_EVENTFD:
            (self.bound.discard if fd == "none" else self.bound.add)(index)
        return 0

    def _unmask(self, kind: int, count: int, fd: str) -> int:
        if self.mode != vu.INTX or count != 1:
            return errno.EINVAL
        if kind != vu.DATA_EVENTFD:
            return 0
        if fd == "none":
            self.unmask = False
            return 0
        if fd == "file":
            return errno.EINVAL
        if self.unmask:
            return errno.EBUSY
        self.unmask = True
        return 0

    def _trigger(self, kind: int, index: int, count: int, fd: str) -> int:
        if self.mode == index and not count and kind == vu.DATA_NONE:
            self.mode = None
            self.unmask = False
            return 0
        if self.mode not in (None, index) or (index == vu.INTX and count != 1):
            return errno.EINVAL
        if kind != vu.DATA_EVENTFD:
            return 0 if self.mode == index else errno.EINVAL
        if fd == "file":
            return errno.EINVAL
        if self.mode is None and not count:
            return errno.ERANGE
        self.mode = index
        return 0


@case("irqs: random requests, one after the other, against a model")
def sequence(server: Server) -> None:
    source = random.Random(4)
    model = Model()
    with server.client() as client, Event() as event, tempfile.TemporaryFile() as file:
        fds = {"event": [event.fd], "none": [], "file": [file.fileno()]}
        for turn in range(6000):
            kind = source.choice((vu.DATA_NONE, vu.DATA_BOOL, vu.DATA_EVENTFD, vu.DATA_EVENTFD))
            action = source.choice((vu.ACTION_MASK, vu.ACTION_UNMASK, vu.ACTION_TRIGGER,
                                    vu.ACTION_TRIGGER))
            index = source.choice((0, 0, 0, 1, 1, 1, 2, 3, 4, 5))
            count = source.choice((0, 1, 1, 1, 1, 2))
            fd = source.choice(("event", "event", "none", "file")) if kind == vu.DATA_EVENTFD \
                else "none"
            data = bytes(source.randrange(2) for _ in range(count)) if kind == vu.DATA_BOOL else b""
            expected = model.answer(kind, action, index, count, fd)
            body = vu.IRQ_SET.pack(20 + len(data), kind | action, index, 0, count) + data
            got = client.reply_to(client.send(vu.DEVICE_SET_IRQS, body, fds[fd]),
                                  vu.DEVICE_SET_IRQS)
            same(got.error, expected, f"turn {turn}: kind {kind} action {action} index {index} "
                 f"count {count} fd {fd}, model {model}")
            if not source.randrange(50):
                client.reset()
