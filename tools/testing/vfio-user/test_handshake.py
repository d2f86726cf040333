# SPDX-License-Identifier: GPL-2.0-only
"""VERSION: agreeing on the protocol, or not."""

import errno
import json
import struct

import vfio_user as vu
from case import case, refused, same, check
from server import Server


def version_of(body: bytes) -> tuple[int, int]:
    return struct.unpack_from("=HH", body)


def capabilities_of(body: bytes) -> dict:
    same(body[-1], 0, "last byte of the version data")
    return json.loads(body[4:-1])["capabilities"]


def rejected(server: Server, what: str, body: bytes, flags: int = 0) -> None:
    """The server must say EINVAL to this VERSION, and close the connection."""
    with server.connect() as client:
        got = client.reply_to(client.send(vu.VERSION, body, flags=flags), vu.VERSION)
        same((got.flags, got.error), (vu.TYPE_REPLY | vu.ERROR, errno.EINVAL), what)
        client.wait_cut()


@case("handshake: QEMU's, and the reply is no longer than the request")
def as_qemu(server: Server) -> None:
    with server.connect() as client:
        body = client.negotiate()
        same(version_of(body), (0, 0), "version")
        same(capabilities_of(body),
             {"max_msg_fds": 16, "max_data_xfer_size": 1048576, "pgsizes": 4096,
              "max_dma_maps": 65535, "write_multiple": True}, "capabilities")
        check(len(body) <= len(vu.version_body(0, 0, vu.CAPABILITIES)),
              "QEMU takes no reply longer than its request")
        same(client.get_info(), (16, 3, 9, 5), "device info")


@case("handshake: the lower minor version of both")
def minor_versions(server: Server) -> None:
    for offered, expected in ((0, 0), (1, 1), (2, 2), (3, 2), (0xffff, 2)):
        with server.connect() as client:
            body = client.call(vu.VERSION, vu.version_body(0, offered, vu.CAPABILITIES))
            same(version_of(body), (0, expected), f"answer to 0.{offered}")
            same(client.get_info()[2], 9, "regions")


@case("handshake: no capabilities offered, none answered")
def no_capabilities(server: Server) -> None:
    with server.connect() as client:
        same(client.negotiate(None), struct.pack("=HH", 0, 0), "reply")
        same(client.get_info()[2], 9, "regions")


@case("handshake: what is not offered is not answered")
def subset(server: Server) -> None:
    for offered in ({}, {"capabilities": {}}, {"capabilities": {"write_multiple": False}},
                    {"future": [1, {"deep": None}]}):
        with server.connect() as client:
            got = capabilities_of(client.negotiate(offered))
            check("write_multiple" not in got, f"write_multiple in the answer to {offered}")
            same(got["max_data_xfer_size"], 1048576, "max_data_xfer_size")


@case("handshake: unknown capabilities are none of our business")
def unknown_capabilities(server: Server) -> None:
    offered = {"capabilities": {"x": 1, "twin_socket": {"supported": True}, "max_msg_fds": 1},
               "y": "z"}
    with server.connect() as client:
        got = capabilities_of(client.negotiate(offered))
        check("twin_socket" not in got, "twin_socket in the answer")


@case("handshake: another major version is refused")
def major_versions(server: Server) -> None:
    for major in (1, 2, 0x100, 0xffff):
        rejected(server, f"version {major}.0", vu.version_body(major, 0, vu.CAPABILITIES))


@case("handshake: what is no JSON is refused")
def malformed(server: Server) -> None:
    good = json.dumps(vu.CAPABILITIES).encode()
    for text in (b"\0", b"{\0", b"}\0", b"x\0", b"null\0", b"1\0", b'"x"\0', b"[]\0", good,
                 good + b"\0\0", b"\0" + good + b"\0", good + b"x\0", b"{\0}\0",
                 b'{"capabilities":{"max_msg_fds":1,"max_msg_fds":2}}\0',
                 b'{"capabilities":{},"capabilities":{}}\0', b'{"\xff":1}\0', b"{'a':1}\0",
                 b"[" * 4000 + b"\0", b'{"a":' * 800 + b"\0", b'{"capabilities":{"max_msg_fds":'
                 + b"9" * 400 + b"}}\0", b'{"a":1e999}\0', b'{"a":"\\ud800"}\0', b'{"a":01}\0'):
        rejected(server, f"version data {text[:40]!r}", b"\0\0\0\0" + text)


@case("handshake: capabilities of the wrong kind are refused")
def wrong_kinds(server: Server) -> None:
    wrong = [{"capabilities": value} for value in (None, 1, "x", [], True)]
    for name in ("max_msg_fds", "max_data_xfer_size"):
        wrong += [{"capabilities": {name: value}}
                  for value in (None, "1", [], {}, True, 1.5, 0, -1, -(1 << 63))]
    wrong += [{"capabilities": {"write_multiple": value}} for value in (None, 1, "true", [])]
    for offered in wrong:
        rejected(server, f"{offered}", vu.version_body(0, 0, offered))


@case("handshake: every size of VERSION")
def sizes(server: Server) -> None:
    for size in range(4):
        rejected(server, f"VERSION of {size} bytes", bytes(size))
    padded = json.dumps({"capabilities": {}}).encode()
    for size in (1000, 4096):
        with server.connect() as client:
            client.call(vu.VERSION, bytes(4) + padded.ljust(size - 1) + b"\0")
    for size in (4097, 5000, 65536, vu.MAX_DATA):
        rejected(server, f"version data of {size} bytes", bytes(4) + padded.ljust(size - 1) + b"\0")


@case("handshake: nothing else may come first")
def too_early(server: Server) -> None:
    for command in [0, *range(2, 32), 0xffff]:
        with server.connect() as client:
            got = client.reply_to(client.send(command, bytes(32)), command)
            check(got.flags & vu.ERROR, f"command {command} before VERSION was done")
            client.wait_cut()


@case("handshake: without a reply it is none")
def silent(server: Server) -> None:
    with server.connect() as client:
        client.send(vu.VERSION, vu.version_body(0, 0, vu.CAPABILITIES), flags=vu.NO_REPLY)
        client.wait_cut()


@case("handshake: a second one is refused, and changes nothing")
def again(server: Server) -> None:
    with server.client() as client:
        client.set_config(0x3c, 1, 0x5a)
        refused(errno.EINVAL, "second VERSION", client.negotiate)
        same(client.config(0x3c, 1), 0x5a, "interrupt line register")
