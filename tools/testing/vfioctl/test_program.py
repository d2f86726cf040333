# SPDX-License-Identifier: GPL-2.0-only
"""The program: options, statuses, installing, large files."""

import os
import resource
import struct
import subprocess
import tempfile

import encoder as e
import qemu_file as q
from case import TREE, VFIOCTL, File, case, check, run, same


@case("program: --help, and what is no command")
def usage() -> None:
    for arguments in (["--help"], ["mig", "--help"], ["mig", "show", "--help"]):
        done = subprocess.run([VFIOCTL, *arguments], capture_output=True, text=True, check=True)
        check("vfio-mig-stream.rst" in done.stdout and "Exit status" in done.stdout, done.stdout)
    for arguments in ([], ["mig"], ["mig", "show"], ["mig", "eat", "x"], ["mig", "show", "--x"]):
        done = subprocess.run([VFIOCTL, *arguments], capture_output=True, text=True, check=False)
        same((done.returncode, done.stdout), (2, ""), f"status and stdout of {arguments}")
        check("usage:" in done.stderr, done.stderr)


@case("program: standard input, a pipe, a file that is not there")
def sources() -> None:
    with File(e.card()) as path:
        expected = run("show", path)
        same(expected[0], 0, "exit status")
        same(run("show", "-", data=e.card()), expected, "from a pipe")
        with open(path, "rb") as file:
            done = subprocess.run([VFIOCTL, "mig", "show", "-"], stdin=file, capture_output=True,
                                  text=True, check=True)
        same(done.stdout, expected[1], "from a file as standard input")
    status, out, err = run("show", "/nowhere/at/all")
    same((status, out, err), (2, "", "vfioctl: /nowhere/at/all: No such file or directory\n"),
         "no such file")
    same(run("show", "/")[0], 2, "status of a directory")


@case("program: a reader who has seen enough")
def broken_pipe() -> None:
    with File(e.card()) as path:
        done = subprocess.run(f"{VFIOCTL} mig show {path} | true; {VFIOCTL} mig show {path} | "
                              "head -n 1", shell=True, capture_output=True, text=True, check=True)
    same((done.stdout, done.stderr), ("stream\n", ""), "stdout, stderr")


@case("program: a disk that is full")
def full() -> None:
    with File(e.card()) as path:
        status, _, err = run("extract", path, "-o", "/dev/full")
        same(status, 2, "exit status of extract")
        check("No space left" in err, err)
        with open("/dev/full", "wb") as out:
            done = subprocess.run([VFIOCTL, "mig", "show", path], stdout=out, check=False,
                                  stderr=subprocess.PIPE, text=True)
        same(done.returncode, 2, "exit status of show")
        check("No space left" in done.stderr and "Traceback" not in done.stderr, done.stderr)


@case("program: installed, it works without the tree")
def installed() -> None:
    with tempfile.TemporaryDirectory() as place, File(e.pulse()) as path:
        make = ["make", "-s", "-C", str(TREE / "tools/vfioctl"), f"DESTDIR={place}", "PREFIX=/usr"]
        subprocess.run([*make, "install"], check=True)
        os.symlink("usr/bin/vfioctl", f"{place}/link")
        for program in (f"{place}/usr/bin/vfioctl", f"{place}/link"):
            done = subprocess.run(["python3", program, "mig", "show", path], cwd="/", text=True,
                                  capture_output=True, check=True)
            same(done.stdout, run("show", path)[1], "what it prints")
        subprocess.run([*make, "uninstall"], check=True)
        left = [file for _, _, files in os.walk(place) for file in files]
        same(left, ["link"], "what is left")


def little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))


@case("program: a stream of many gigabytes of zero")
def large_raw() -> None:
    with File(e.pulse()) as path:
        os.truncate(path, 20 << 30)
        status, out, err = run("show", path, preexec_fn=little_memory)
        same(status, 1, "exit status")
        check(f"{(20 << 30) - 280} bytes follow the END" in err, err)
        check("section 1" in out, out)


@case("program: a migration file of many gigabytes")
def large_file() -> None:
    end = q.end(5, q.data(e.pulse()) + q.vfio(q.STOP))
    with File(q.container(q.start(5, "0000:00:04.0/vfio",
                                  q.vfio(q.SETUP) + q.vfio(q.STOP)))[:-1]) as path:
        with open(path, "r+b") as file:
            file.seek(4 << 30)
            file.write(end)
        status, out, err = run("show", path, preexec_fn=little_memory)
        same((status, err), (0, ""), "status, stderr")
        check("complete" in out, out)


@case("program: DATA of any length that is not there")
def impossible_lengths() -> None:
    for length in (1 << 31, 1 << 40, (1 << 63) - 1, (1 << 64) - 1):
        data = q.container(q.start(5, "vfio", q.vfio(q.SETUP) + q.vfio(q.STOP)), q.part(
            5, q.vfio(q.DATA) + q.be64(length) + e.pulse()))
        with File(data) as path:
            status, _, err = run("show", path, preexec_fn=little_memory)
        same(status, 1, "exit status")
        check("the file ends inside the DATA record" in err, err)


@case("program: more than it takes on is said")
def limits() -> None:
    rows = b"".join(e.schema_field(number, 1, "x" * 200) for number in range(4000))
    head = e.whole(e.identity(), *[e.record(e.SCHEMA, struct.pack(
        "<HHHHB", number, 1, 1, 4000, 1) + b"s" + rows, e.OPTIONAL) for number in range(6)])
    with File(head) as path:
        status, _, err = run("show", path, preexec_fn=little_memory)
    same(status, 2, "exit status")
    check("more than 4194304 bytes of schemas" in err, err)
