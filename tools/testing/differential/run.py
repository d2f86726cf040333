#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Play the same traces on mdevs and on vfio-user servers, and compare.

usage: run.py [--seed SEED] [--count COUNT] [--steps STEPS] [--only PATTERN]

Runs where the modules are loaded; play and vdevd are named by PLAY and VDEVD.
A failure shows the seed of the first trace that differs, and its first step
that does, with some of those before. Writes KTAP; the last line is "N passed,
N failed, N skipped".
"""

import argparse
import fnmatch
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "qemu"))

from ktap import Ktap  # pylint: disable=wrong-import-position

PLAY = os.environ.get("PLAY", "play")
VDEVD = os.environ.get("VDEVD", "vdevd")
BEFORE = 12         # steps shown before the one that differs
START_S = 20

# Type, and a parameter that it is given.
SUBJECTS = [
    ("mtty-1", None),
    ("mtty-2", ("wiring", "loopback")),
    ("mtty-2", ("wiring", "cross")),
    ("vdev_test-pcie", None),
    ("vdev_test-pci", None),
]


class Mdev:
    """Context manager: a mediated device; its UUID is where it is."""

    def __init__(self, kind, parameter):
        self.kind, self.parameter = kind, parameter
        self.uuid = str(uuid.uuid4())

    def __enter__(self):
        parent = self.kind.rsplit("-", 1)[0]
        subprocess.run(["modprobe", parent], check=True)
        Path(f"/sys/class/mdev_bus/{parent}/mdev_supported_types/{self.kind}/create").write_text(
            self.uuid, encoding="ascii")
        device = Path("/sys/bus/mdev/devices", self.uuid)
        if self.parameter:
            name, word = self.parameter
            (device / "params" / name).write_text(word, encoding="ascii")
        return self.uuid

    def __exit__(self, *_):
        Path("/sys/bus/mdev/devices", self.uuid, "remove").write_text("1", encoding="ascii")


class Server:
    """Context manager: a vfio-user server; its socket is where it is."""

    def __init__(self, folder, kind, parameter):
        self.socket = os.path.join(folder, "socket")
        setting = ["--set", "=".join(parameter)] if parameter else []
        self.command = [VDEVD, "--model", kind, "--socket", self.socket, *setting]
        self.process = None
        self.status = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(self.command)} does not come up")
            time.sleep(0.002)
        return self.socket

    def __exit__(self, *_):
        self.process.terminate()
        self.status = self.process.wait()


def play(kind, where, arguments, result):
    """Write what a device answers to a file; what went wrong, or None."""
    command = [PLAY, kind, where, str(arguments.seed), str(arguments.count),
               str(arguments.steps)]
    with open(result, "wb") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.PIPE, check=False)
    if done.returncode:
        return f"{' '.join(command)}: status {done.returncode}\n{done.stderr.decode()}"
    return None


def difference(kernel, server):
    """Two files' first different line, as a text; None if there is none."""
    seed, before = None, []
    with open(kernel, encoding="ascii") as one, open(server, encoding="ascii") as other:
        while True:
            ours, theirs = one.readline(), other.readline()
            if ours != theirs:
                return "\n".join([f"differs: replay with COUNT=1 SEED={seed}", *before,
                                  f"mdev:      {ours.rstrip() or 'no more'}",
                                  f"vfio-user: {theirs.rstrip() or 'no more'}"])
            if not ours:
                return None
            if ours.startswith("seed "):
                seed, before = ours.split()[1], []
            before = [*before[-BEFORE + 1:], "both:      " + ours.rstrip()]


def compare(kind, parameter, arguments):
    """What is wrong, or None; how many lines were compared, and interrupts in them."""
    with tempfile.TemporaryDirectory(prefix="differential-", dir="/dev/shm") as folder:
        kernel, server = os.path.join(folder, "kernel"), os.path.join(folder, "server")
        with Mdev(kind, parameter) as where:
            trouble = play(kind, where, arguments, kernel)
        vdevd = Server(folder, kind, parameter)
        with vdevd as where:
            trouble = trouble or play(kind, where, arguments, server)
        if vdevd.status:
            trouble = trouble or f"the server ended with status {vdevd.status}"
        with open(kernel, encoding="ascii") as file:
            lines = file.readlines()
        signals = sum("; event" in line for line in lines)
        return trouble or difference(kernel, server), len(lines), signals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=lambda text: int(text, 0),
                        default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--count", type=int, default=15, help="traces of each device")
    parser.add_argument("--steps", type=int, default=300, help="in a trace, at least")
    parser.add_argument("--only", metavar="PATTERN", default="*",
                        help="only types that match, such as 'mtty-*'")
    arguments = parser.parse_args()
    # so that play can tell when there is nothing left to do for others
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    subjects = [subject for subject in SUBJECTS if fnmatch.fnmatch(subject[0], arguments.only)]
    log = Ktap(len(subjects))
    print(f"# SEED={arguments.seed} COUNT={arguments.count} STEPS={arguments.steps}")
    for kind, parameter in subjects:
        name = " ".join([kind, *(parameter or ())])
        start = time.monotonic()
        trouble, lines, signals = compare(kind, parameter, arguments)
        print(f"# {name}: {lines} lines, {signals} with interrupts, "
              f"{time.monotonic() - start:.1f} s")
        if trouble:
            log.not_ok(name, trouble)
        else:
            log.ok(name)
    return 0 if log.finish() else 1


if __name__ == "__main__":
    sys.exit(main())
