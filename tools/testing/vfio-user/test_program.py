# SPDX-License-Identifier: GPL-2.0-only
"""The command line: what it takes, and what it says to the rest."""

import os
import socket
import subprocess
import tempfile
import time

import vfio_user as vu
from case import case, check, same
from server import Server, program

USAGE, FAILURE = 2, 1


def run(*arguments: str, pass_fds: tuple[int, ...] = ()) -> tuple[int, str, str]:
    done = subprocess.run([program("vdevd"), *arguments], capture_output=True, text=True,
                          timeout=60, pass_fds=pass_fds, check=False)
    return done.returncode, done.stdout, done.stderr


def says(status: int, *words: str, arguments: list[str], pass_fds: tuple[int, ...] = ()) -> None:
    """It must end with this status, and its one complaint contain the words."""
    got, output, complaint = run(*arguments, pass_fds=pass_fds)
    same(got, status, f"exit status of {arguments}; it said {complaint}")
    same(output, "", "standard output")
    for word in words:
        check(word in complaint, f"no \"{word}\" in: {complaint}")
    check("Sanitizer" not in complaint, complaint)


@case("program: --help and --list")
def lists(_) -> None:
    status, output, complaint = run("--help")
    same((status, complaint), (0, ""), "status and standard error of --help")
    for option in ("--model", "--socket", "--fd", "--set", "--once", "--no-mmap", "--log",
                   "--list"):
        check(option in output, f"no {option} in --help")
    status, output, complaint = run("--list")
    same((status, complaint), (0, ""), "status and standard error of --list")
    for text in ("mtty-1\t", "mtty-2\t", "--set wiring=loopback|cross"):
        check(text in output, f"no \"{text}\" in --list: {output}")


@case("program: a model there is not, and a choice not made")
def models(_) -> None:
    for name in ("mtty-3", "mtty", "mtty-", "", "mtty-22", "xmtty-2", "mtty-2 "):
        says(FAILURE, f'"{name}"', "--list",
             arguments=["--model", name, "--socket", "/nonexistent/x"])
    says(FAILURE, "2 models", "--model", arguments=["--socket", "/nonexistent/x"])


@case("program: parameters that the device has not, or cannot take")
def parameters(_) -> None:
    common = ["--model", "mtty-1", "--socket", "/nonexistent/x", "--set"]
    says(FAILURE, "NAME=VALUE", arguments=[*common, "wiring"])
    says(FAILURE, '"speed"', "--list", arguments=[*common, "speed=1"])
    says(FAILURE, '"cross"', "Invalid", arguments=[*common, "wiring=cross"])
    says(FAILURE, '"x=y"', arguments=[*common, "wiring=x=y"])
    says(FAILURE, '""', arguments=[*common, "wiring="])
    says(FAILURE, '"bad"', arguments=["--model", "mtty-2", "--socket", "/nonexistent/x",
                                      "--set", "wiring=cross", "--set", "wiring=bad"])


@case("program: the last value of a parameter counts")
def last_value(_) -> None:
    with Server("--model", "mtty-2", "--set", "wiring=cross", "--set", "wiring=loopback") as server:
        with server.client() as client:
            client.set_config(4, 2, 1)
            client.write(0, 7, b"x")
            client.write(0, 4, b"\x02")
            same(client.read(0, 6, 1)[0] & 0x10, 0x10, "CTS of the port itself")


@case("program: options that make no sense")
def options(_) -> None:
    for arguments in ([], ["--model", "mtty-2"], ["--socket", "x", "--fd", "3"],
                      ["--socket", "x", "extra"], ["--unknown"], ["--socket"], ["-x"]):
        says(USAGE, "vdevd", arguments=arguments)
    for number in ("x", "", "-1", "3x", "99999999999999999999", "4294967296"):
        says(USAGE, "--fd", "file descriptor", arguments=["--model", "mtty-1", "--fd", number])


@case("program: file descriptors that are no such socket")
def bad_fds(_) -> None:
    common = ["--model", "mtty-1", "--fd"]
    says(FAILURE, "fd 1000", "AF_UNIX", arguments=[*common, "1000"])
    with tempfile.TemporaryFile() as file, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as \
            datagram, socket.socket(socket.AF_INET) as inet, \
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as packets:
        for thing in (file, datagram, inet, packets):
            number = thing.fileno()
            says(FAILURE, f"fd {number}", arguments=[*common, str(number)], pass_fds=(number,))


@case("program: paths where no socket can be")
def bad_paths(_) -> None:
    common = ["--model", "mtty-1", "--socket"]
    says(FAILURE, "/nonexistent/socket", "directory",
         arguments=[*common, "/nonexistent/socket"])
    says(FAILURE, "107", arguments=[*common, ""])
    says(FAILURE, "107", arguments=[*common, "/tmp/" + "x" * 103])
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "file")
        with open(file, "w", encoding="ascii") as content:
            content.write("precious")
        says(FAILURE, file, "no socket", arguments=[*common, file])
        with open(file, encoding="ascii") as content:
            same(content.read(), "precious", "the file")
        says(FAILURE, folder, arguments=[*common, folder])
        os.symlink("nowhere", os.path.join(folder, "link"))
        says(FAILURE, "no socket", arguments=[*common, os.path.join(folder, "link")])
        same(sorted(os.listdir(folder)), ["file", "link"], "what is in the directory")


def connect(server: Server) -> vu.Client:
    """Where there is no room for an earlier name the socket is there before it listens."""
    end = time.monotonic() + 10
    while True:
        try:
            return server.client()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


@case("program: the longest path of a socket")
def long_path(_) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for length in (100, 102, 103, 104, 106, 107):
            path = os.path.join(folder, "x" * (length - len(folder) - 1))
            with Server("--model", "mtty-1", "--socket-path", path, socket=False) as server:
                server.path = path
                server._wait_for_socket()   # pylint: disable=protected-access
                with connect(server) as client:
                    same(client.config(0, 4), 0x32534348, "ids")
            same(os.listdir(folder), [], "what is left")
