# SPDX-License-Identifier: GPL-2.0-only
"""File descriptors with messages: too many, unwanted, at odd places."""

import contextlib
import errno
import os
import socket

import vfio_user as vu
from case import case, check, refused, same
from server import Server
from vfio_user import Event

BIND = vu.DATA_EVENTFD | vu.ACTION_TRIGGER
TAKES = {vu.DMA_MAP: 1, vu.DEVICE_SET_IRQS: 16}


def bind_message(index: int, message_id: int = 1, count: int = 1) -> bytes:
    return vu.message(vu.DEVICE_SET_IRQS, vu.IRQ_SET.pack(20, BIND, index, 0, count), message_id)


@contextlib.contextmanager
def many_fds(number: int):
    fds = [os.eventfd(0) for _ in range(number)]
    try:
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


@case("fds: commands that take none refuse them")
def unwanted(server: Server) -> None:
    bodies = {vu.DEVICE_GET_INFO: vu.DEVICE_INFO.pack(16, 0, 0, 0),
              vu.DEVICE_GET_REGION_INFO: vu.REGION_INFO.pack(32, 0, 0, 0, 0, 0),
              vu.DEVICE_GET_IRQ_INFO: vu.IRQ_INFO.pack(16, 0, 0, 0),
              vu.DMA_UNMAP: vu.UNMAP.pack(24, 0, 0, 4096),
              vu.REGION_READ: vu.ACCESS.pack(0, 7, 4),
              vu.REGION_WRITE: vu.ACCESS.pack(0x3c, 7, 1) + b"x",
              vu.REGION_WRITE_MULTI: bytes(8), vu.DEVICE_RESET: b"",
              vu.DEVICE_FEATURE: bytes(8)}
    with server.client() as client, many_fds(253) as fds:
        client.set_config(0x3c, 1, 0x11)
        for command, body in bodies.items():
            for number in (1, 2, 16, 17, 20, 21, 22, 100, 253):
                refused(errno.EINVAL, f"command {command} with {number} fds", client.call,
                        command, body, fds[:number])
        same(client.config(0x3c, 1), 0x11, "what was written before")


@case("fds: VERSION takes none")
def with_version(server: Server) -> None:
    with many_fds(1) as fds, server.connect() as client:
        refused(errno.EINVAL, "VERSION with an fd", client.call, vu.VERSION,
                vu.version_body(0, 0, vu.CAPABILITIES), fds)
        client.wait_cut()


@case("fds: more than a command takes are refused")
def too_many(server: Server) -> None:
    with server.client() as client, many_fds(253) as fds:
        for number in (2, 3, 16, 17, 253):
            refused(errno.EINVAL, f"DMA_MAP with {number} fds", client.call, vu.DMA_MAP,
                    vu.MAP.pack(32, 3, 0, 0, 4096), fds[:number])
        for number in (2, 16, 17, 18, 20, 21, 22, 40, 253):
            refused(errno.EINVAL, f"SET_IRQS with {number} fds", client.call, vu.DEVICE_SET_IRQS,
                    vu.IRQ_SET.pack(20, BIND, vu.INTX, 0, 1), fds[:number])


@case("fds: with unknown commands, errors, and commands without a reply")
def lost_causes(server: Server) -> None:
    with server.client() as client, many_fds(253) as fds:
        for number in (1, 16, 17, 253):
            refused(errno.ENOTTY, "unknown command", client.call, 99, b"", fds[:number])
            client.send(99, b"", fds[:number], vu.NO_REPLY)
            client.send(vu.DEVICE_SET_IRQS, bytes(3), fds[:number], vu.NO_REPLY)
            client.send(vu.REGION_WRITE, bytes(40), fds[:number], vu.NO_REPLY)
        client.reset()


@case("fds: with messages that never end")
def unfinished(server: Server) -> None:
    with many_fds(253) as fds:
        for number in (1, 17, 253):
            with server.client() as client:
                client.send_raw(vu.header(vu.DEVICE_SET_IRQS, 36)[:5], fds[:number])
                client.send_raw(vu.header(vu.DEVICE_SET_IRQS, 36)[5:], fds[:number])
            with server.client() as client:
                for byte in vu.header(vu.REGION_WRITE, 1000) + bytes(14):
                    client.send_raw(bytes([byte]), fds[:number])
            with server.connect() as client:
                client.send_raw(b"\1", fds[:number])


@case("fds: with any byte of a message")
def any_byte(server: Server) -> None:
    with server.client() as client, Event() as event:
        text = bind_message(vu.INTX)
        for place in range(len(text)):
            for last in (text[place:], text[place:place + 1]):
                if place:
                    client.send_raw(text[:place])
                client.send_raw(last, [event.fd])
                client.send_raw(text[place + len(last):])
                same(client.reply_to(1, vu.DEVICE_SET_IRQS).flags, vu.TYPE_REPLY,
                     f"reply, fd with byte {place}")
                client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, vu.INTX)
                same(event.wait(), 1, "signals")
                client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, vu.INTX, 0, 0)


@case("fds: with several bytes of a message")
def several_bytes(server: Server) -> None:
    text = vu.message(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 4096), 1)
    with server.client() as client, many_fds(2) as fds:
        client.send_raw(text[:3], fds[:1])
        client.send_raw(text[3:], fds[1:])
        got = client.reply_to(1, vu.DMA_MAP)
        same(got.error, errno.EINVAL, "two fds, of which it takes one")
        for place in range(len(text)):
            client.send_raw(text[place:place + 1], fds)
        got = client.reply_to(1, vu.DMA_MAP)
        same(got.error, errno.EINVAL, "two fds with each byte")


@case("fds: stay with their message, whatever waits before and behind it")
def attribution(server: Server) -> None:
    plain = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, 7, 4), 2)
    with server.client() as client, Event() as intx, Event() as err, Event() as req:
        server.stop()
        client.send_raw(plain * 3)
        client.send_raw(bind_message(vu.INTX), [intx.fd])
        client.send_raw(plain)
        client.send_raw(bind_message(vu.ERR), [err.fd])
        client.send_raw(bind_message(vu.REQ), [req.fd])
        client.send_raw(bind_message(vu.MSI))
        client.send_raw(plain)
        server.cont()
        replies = [client.receive() for _ in range(9)]
        same([reply.command for reply in replies],
             [9, 9, 9, 8, 9, 8, 8, 8, 9], "order of the replies")
        same([reply.error for reply in replies], [0, 0, 0, 0, 0, 0, 0, errno.EINVAL, 0],
             "errors: MSI while INTx is on")
        for index, event in ((vu.INTX, intx), (vu.ERR, err), (vu.REQ, req)):
            client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, index)
            same([event.wait(), intx.take(), err.take(), req.take()], [1, 0, 0, 0],
                 f"signals of index {index}")


@case("fds: of a message behind the start of a large one")
def behind_a_large_one(server: Server) -> None:
    large = vu.message(vu.REGION_WRITE, vu.ACCESS.pack(0, 7, 5000) + bytes(5000), 3)
    with server.client() as client, Event() as event:
        for cut in (1, 15, 16, 17, 4000, 5015):
            client.send_raw(large[:cut])
            server.stop()
            client.send_raw(large[cut:])
            client.send_raw(bind_message(vu.INTX), [event.fd])
            server.cont()
            client.reply_to(3, vu.REGION_WRITE)
            same(client.reply_to(1, vu.DEVICE_SET_IRQS).flags, vu.TYPE_REPLY, "reply")
            client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, vu.INTX)
            same(event.wait(), 1, "signals")
            client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, vu.INTX, 0, 0)


@case("fds: the connection itself")
def itself(server: Server) -> None:
    for _ in range(3):
        client = server.client()
        refused(errno.EINVAL, "its own connection", client.bind, vu.INTX, client.sock.fileno())
        client.send_raw(b"\0", [client.sock.fileno()])
        client.close()
        ours, theirs = socket.socketpair()
        with server.client() as other:
            other.send_raw(b"\0", [theirs.fileno()])
            theirs.close()
        # the server's copy of the other end must not live on
        ours.settimeout(vu.TIMEOUT)
        check(not ours.recv(1), "the server keeps a socket it was given")
        ours.close()
