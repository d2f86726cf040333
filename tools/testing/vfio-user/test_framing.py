# SPDX-License-Identifier: GPL-2.0-only
"""Messages on a stream: in pieces, in heaps, and what is no message."""

import errno
import os
import random
import socket
import time

import vfio_user as vu
from case import case, check, refused, same
from server import Server

SCR = 7     # a register that keeps what is written
VERSION = vu.message(vu.VERSION, vu.version_body(0, 0, vu.CAPABILITIES), 1)
GET_INFO = vu.message(vu.DEVICE_GET_INFO, vu.DEVICE_INFO.pack(16, 0, 0, 0), 2)
READ_ID = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, vu.CONFIG_REGION, 4), 3)


def write_message(message_id: int, offset: int, data: bytes, flags: int = 0,
                  region: int = vu.CONFIG_REGION) -> bytes:
    return vu.message(vu.REGION_WRITE, vu.ACCESS.pack(offset, region, len(data)) + data,
                      message_id, flags)


@case("framing: one byte at a time")
def dribble(server: Server) -> None:
    with server.connect() as client:
        for byte in VERSION + GET_INFO + write_message(9, 0x3c, b"\x77") + READ_ID:
            client.send_raw(bytes([byte]))
        client.reply_to(1, vu.VERSION)
        client.reply_to(2, vu.DEVICE_GET_INFO)
        client.reply_to(9, vu.REGION_WRITE)
        same(client.reply_to(3, vu.REGION_READ).body[16:], server.model.ids, "ids")
        same(client.config(0x3c, 1), 0x77, "what was written")


@case("framing: cut in two at every byte")
def two_pieces(server: Server) -> None:
    with server.client() as client:
        text = write_message(7, 0x3c, b"\x12") + READ_ID
        for cut in range(1, len(text)):
            client.send_raw(text[:cut])
            time.sleep(0.0005)
            client.send_raw(text[cut:])
            client.reply_to(7, vu.REGION_WRITE)
            client.reply_to(3, vu.REGION_READ)


@case("framing: a conversation in one piece")
def one_piece(server: Server) -> None:
    with server.connect() as client:
        client.send_raw(VERSION + GET_INFO * 100 + READ_ID)
        client.reply_to(1, vu.VERSION)
        for _ in range(100):
            client.reply_to(2, vu.DEVICE_GET_INFO)
        client.reply_to(3, vu.REGION_READ)


@case("framing: in pieces of any size")
def any_pieces(server: Server) -> None:
    source = random.Random(1)
    with server.client() as client:
        for turn in range(40):
            values = [source.randrange(256) for _ in range(50)]
            text = b"".join(
                write_message(number, 0x3c, bytes([value]), vu.NO_REPLY) +
                vu.message(vu.REGION_READ, vu.ACCESS.pack(0x3c, 7, 1), number)
                for number, value in enumerate(values))
            while text:
                size = source.choice((1, 2, 15, 16, 17, 33, 100, 1000, 5000))
                client.send_raw(text[:size])
                text = text[size:]
            same([client.reply_to(number, vu.REGION_READ).body[16] for number in range(50)],
                 values, f"what the reads of turn {turn} saw, each after its write")


@case("framing: commands without a reply get none, and come first")
def no_reply(server: Server) -> None:
    with server.client() as client:
        for value in range(256):
            client.post(vu.CONFIG_REGION, 0x3c, bytes([value]))
        same(client.config(0x3c, 1), 255, "the last of the writes")
        # neither do those that fail, nor those that want something
        client.post(vu.NUM_REGIONS, 0, b"x")
        client.post(3, 0, b"x")
        client.send(vu.REGION_READ, vu.ACCESS.pack(0, 7, 4), flags=vu.NO_REPLY)
        client.send(vu.DEVICE_GET_INFO, vu.DEVICE_INFO.pack(16, 0, 0, 0), flags=vu.NO_REPLY)
        client.send(vu.DEVICE_GET_INFO, flags=vu.NO_REPLY)
        client.send(77, flags=vu.NO_REPLY)
        client.send(vu.DEVICE_RESET, flags=vu.NO_REPLY)
        same(client.config(0x3c, 1), 0, "after the reset")
        check(client.idle(), "a reply to a command that wants none")


@case("framing: the reply has the command's id, whatever it is")
def message_ids(server: Server) -> None:
    with server.client() as client:
        for message_id in (0, 1, 1, 1, 0xffff, 0x8000, 0, 0):
            client.send_raw(vu.message(vu.DEVICE_RESET, b"", message_id))
            client.reply_to(message_id, vu.DEVICE_RESET)
            client.send_raw(vu.message(99, b"", message_id))
            client.reply_to(message_id, 99)


@case("framing: a size that is none cuts the connection")
def bad_sizes(server: Server) -> None:
    for size in (0, 1, 8, 15, vu.MAX_MESSAGE + 1, 1 << 24, 1 << 31, (1 << 32) - 1):
        for command in (vu.VERSION, vu.REGION_WRITE, 0xffff):
            with server.client() as client:
                client.send_raw(GET_INFO + vu.header(command, size) + bytes(100))
                client.reply_to(2, vu.DEVICE_GET_INFO)
                client.wait_cut()
        with server.connect() as client:
            client.send_raw(vu.header(vu.VERSION, size))
            client.wait_cut()


@case("framing: the largest message, in one piece and in many")
def largest(server: Server) -> None:
    body = vu.ACCESS.pack(0x3c, vu.CONFIG_REGION, vu.MAX_DATA) + b"\x99" * vu.MAX_DATA
    text = vu.message(vu.REGION_WRITE, body, 5)
    same(len(text), vu.MAX_MESSAGE, "size of the message")
    with server.client() as client:
        client.send_raw(text)
        same(vu.ACCESS.unpack(client.reply_to(5, vu.REGION_WRITE).body),
             (0x3c, 7, server.model.config_size - 0x3c),
             "write of 1 MiB to the end of config space")
        for piece in (1 << 10, 4095, 65536):
            client.send_raw(READ_ID)
            for start in range(0, len(text), piece):
                client.send_raw(text[start:start + piece])
            client.send_raw(READ_ID)
            client.reply_to(3, vu.REGION_READ)
            client.reply_to(5, vu.REGION_WRITE)
            client.reply_to(3, vu.REGION_READ)
        # a message too large for its command alone does no harm
        for command in (vu.DEVICE_RESET, vu.REGION_READ, vu.DEVICE_SET_IRQS, 0x1234):
            client.send_raw(vu.message(command, bytes(vu.MAX_DATA + 16), 6))
            got = client.reply_to(6, command)
            check(got.flags & vu.ERROR, f"command {command} of 1 MiB was done")
        same(client.read(vu.CONFIG_REGION, 0, 4), server.model.ids, "ids")


@case("framing: neither command nor reply cuts the connection")
def types(server: Server) -> None:
    for kind in range(2, 16):
        with server.client() as client:
            client.send_raw(vu.header(vu.DEVICE_RESET, 16, flags=kind))
            client.wait_cut()


@case("framing: replies to nothing cut the connection")
def unasked_replies(server: Server) -> None:
    for command in (*range(0, 20), 0xffff):
        for size in (0, 16):
            with server.client() as client:
                client.send_raw(vu.message(command, bytes(size), flags=vu.TYPE_REPLY))
                client.wait_cut()
    with server.connect() as client:
        client.send_raw(vu.message(vu.VERSION, bytes(4), flags=vu.TYPE_REPLY | vu.ERROR))
        client.wait_cut()


@case("framing: flags that nobody has defined are refused")
def unknown_flags(server: Server) -> None:
    with server.client() as client:
        for bit in range(5, 32):
            client.send_raw(vu.header(vu.DEVICE_RESET, 16, 4, 1 << bit))
            got = client.reply_to(4, vu.DEVICE_RESET)
            same(got.error, errno.EINVAL, f"flag {1 << bit:#x}")
        # the error field means nothing in a command
        client.send_raw(vu.header(vu.DEVICE_RESET, 16, 4, 0, 0xffffffff))
        same(client.reply_to(4, vu.DEVICE_RESET).flags, vu.TYPE_REPLY, "flags of the reply")


@case("framing: a client that does not read stops only itself")
def backpressure(server: Server) -> None:
    before = server.resident_kib()
    message = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, vu.CONFIG_REGION, 256), 8)
    with server.client() as client:
        client.sock.settimeout(0.3)
        sent = 0
        rest = b""
        while sent < 100000:
            rest = rest or message * 100
            try:
                done = client.sock.send(rest)
            except TimeoutError:
                break
            rest = rest[done:]
            sent += done
        check(len(rest) or sent, "nothing was taken")
        check(server.resident_kib() < before + 8192, "the server hoards replies")
        whole = sent // len(message)
        client.sock.settimeout(vu.TIMEOUT)
        for _ in range(whole):
            same(len(client.reply_to(8, vu.REGION_READ).body), 272, "size of a reply")
        check(sent > 100000 or whole > 50, "little was taken")


@case("framing: a client that does not read, and goes")
def backpressure_and_close(server: Server) -> None:
    message = vu.message(vu.REGION_READ, vu.ACCESS.pack(0, vu.CONFIG_REGION, 256), 8)
    for _ in range(5):
        with server.client() as client:
            client.sock.setblocking(False)
            try:
                while True:
                    client.sock.send(message * 100)
            except BlockingIOError:
                pass
    with server.client() as client:
        same(client.read(vu.CONFIG_REGION, 0, 4), server.model.ids, "ids")


@case("framing: half a connection is one, until all is answered")
def half_close(server: Server) -> None:
    with server.client() as client:
        client.send_raw(GET_INFO * 10)
        client.sock.shutdown(socket.SHUT_WR)
        for _ in range(10):
            client.reply_to(2, vu.DEVICE_GET_INFO)
        client.wait_cut()


@case("framing: gone at every byte of a conversation")
def gone_at_every_byte(server: Server) -> None:
    text = (VERSION + GET_INFO + write_message(4, 0x3c, b"x") +
            vu.message(vu.DMA_MAP, vu.MAP.pack(32, 3, 0, 0, 4096), 5) +
            vu.message(vu.DEVICE_SET_IRQS, vu.IRQ_SET.pack(20, 0x24, 0, 0, 1), 6))
    with open("/dev/null", "rb") as null:
        for size in range(len(text)):
            with server.connect() as client:
                client.send_raw(text[:size], [null.fileno()] if size and size % 3 == 0 else None)
    with server.client() as client:
        same(client.config(0x3c, 1), 0, "what the last client wrote")


@case("framing: random bytes")
def noise(server: Server) -> None:
    source = random.Random(2)
    for _ in range(300):
        client = server.connect() if source.randrange(2) else server.client()
        with client:
            try:
                client.send_raw(source.randbytes(source.choice((1, 15, 16, 17, 64, 4096))))
            except vu.Cut:
                pass
    with server.client() as client:
        same(client.read(vu.CONFIG_REGION, 0, 4), server.model.ids, "ids")


@case("framing: messages in form, with random content")
def random_messages(server: Server) -> None:
    source = random.Random(3)
    client = server.client()
    for _ in range(3000):
        command = source.choice((*range(0, 20), 0xffff))
        body = bytearray(source.randbytes(source.choice((0, 4, 8, 16, 20, 24, 32, 40))))
        for start in range(0, len(body) - 3, 4):
            if source.randrange(3):
                value = source.choice((0, 0, 1, 2, 7, 8, 16, 20, 24, 32, 4096, 0xffffffff))
                body[start:start + 4] = value.to_bytes(4, "little")
        message_id = client.send(command, bytes(body))
        client.reply_to(message_id, command)
    same(client.read(vu.CONFIG_REGION, 0, 4), server.model.ids, "ids")
    client.close()
    check(os.path.exists(server.path), "the socket is gone")


@case("framing: commands of a newer protocol are refused as unknown")
def unknown_commands(server: Server) -> None:
    with server.client() as client:
        for command in (0, vu.DEVICE_GET_REGION_IO_FDS, vu.DMA_READ, vu.DMA_WRITE, vu.DIRTY_PAGES,
                        vu.MIG_DATA_READ, vu.MIG_DATA_WRITE, 19, 20, 255, 256, 0x7fff, 0xffff):
            for size in (0, 16, 4096):
                refused(errno.ENOTTY, f"command {command}", client.call, command, bytes(size))
