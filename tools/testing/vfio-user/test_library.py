# SPDX-License-Identifier: GPL-2.0-only
"""libvdev as a model's author meets it: installed, found by pkg-config, linked."""

import functools
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

import vfio_user as vu
from case import Skip, case, check, same
from server import Server
from vfio_user import Event

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
SOURCE = os.path.join(TOP, "tools", "vdev")
PREFIX = "/opt/vdev-test"
PERIOD, COUNT, STATUS, SCRATCH = range(0, 16, 4)


def run(*command: str, **more) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **more)
    check(done.returncode == 0, f"{shlex.join(command)}: {done.stdout}")
    return done.stdout


def need(tool: str) -> None:
    if not shutil.which(tool):
        raise Skip(f"no {tool}; apt-get install {'pkg-config' if tool == 'pkg-config' else tool}")


@functools.cache
def installed() -> str:
    """A DESTDIR with libvdev in it, as a package would have."""
    output = os.path.join(os.environ["VFIO_USER_PROGRAMS"], "plain")
    destination = os.path.join(output, "install")
    shutil.rmtree(destination, ignore_errors=True)
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE") and name != "MFLAGS"}
    run("make", "-s", "-C", SOURCE, f"OUTPUT={output}", "all", env=environment)
    run("make", "-s", "-C", SOURCE, f"OUTPUT={output}", f"DESTDIR={destination}",
        f"PREFIX={PREFIX}", "install", env=environment)
    return destination


def pkg_config(*arguments: str) -> list[str]:
    need("pkg-config")
    root = installed()
    environment = os.environ | {
        "PKG_CONFIG_PATH": root + PREFIX + "/lib/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": root}
    return run("pkg-config", *arguments, "libvdev", env=environment).split()


def library(name: str) -> str:
    return os.path.join(installed() + PREFIX, "lib", name)


def exported() -> list[str]:
    with open(os.path.join(SOURCE, "libvdev.map"), encoding="ascii") as version_script:
        return sorted(re.findall(r"^\t(v\w+);$", version_script.read(), re.MULTILINE))


@case("library: it exports what it promises, with versions, and nothing else")
def symbols(_) -> None:
    need("nm")
    shown = run("nm", "-D", "--defined-only", library("libvdev.so"))
    found = sorted(re.findall(r" T (\w+)@@VDEV_[0-9.]+$", shown, re.MULTILINE))
    same(found, exported(), "versioned functions")
    other = [line for line in shown.splitlines()
             if not re.search(r"@@VDEV_| A VDEV_", line)]
    same(other, [], "other symbols")
    shown = run("nm", "-g", "--defined-only", library("libvdev.a"))
    same(sorted(re.findall(r" [A-Z] (\w+)$", shown, re.MULTILINE)), exported(),
         "symbols of the static library")


@case("library: what the header declares is there, and the other way round")
def header(_) -> None:
    with open(os.path.join(SOURCE, "include/vdev/server.h"), encoding="ascii") as file:
        declared = re.findall(r"^[a-z].*?\b(vdev_\w+)\(", file.read(), re.MULTILINE)
    same(sorted(declared), [name for name in exported()
                            if re.match(r"vdev_serve(r_\w+)?$", name)], "functions")


@case("library: it has what models call")
def for_models(_) -> None:
    with open(os.path.join(TOP, "include/linux/vdev.h"), encoding="ascii") as file:
        half = re.search(r"\* For models$(.*)\* For fronts$", file.read(), re.MULTILINE | re.DOTALL)
    declared = re.findall(r"^[a-z][^\n;{]*?\b(vdev_\w+)\(", half.group(1), re.MULTILINE)
    check(len(declared) > 10, "no declarations found")
    same(sorted(set(declared) - set(exported())), [], "functions that are missing")


@case("library: its name says when a program has to be linked anew")
def soname(_) -> None:
    need("readelf")
    shown = run("readelf", "-d", library("libvdev.so"))
    check("SONAME" in shown and "[libvdev.so.0]" in shown, shown)
    same(os.readlink(library("libvdev.so")), "libvdev.so.0", "libvdev.so")
    check(os.path.exists(library("libvdev.so.0")), "libvdev.so.0 leads nowhere")
    same(pkg_config("--modversion"), [os.readlink(library("libvdev.so.0"))[len("libvdev.so."):]],
         "version of pkg-config")


@case("library: its header stands alone, in C and in C++")
def header_alone(_) -> None:
    source = "#include <vdev/server.h>\nint main(int c, char **v) { return vdev_serve(c, v); }\n"
    with tempfile.TemporaryDirectory() as folder:
        for compiler, options in (("cc", ["-x", "c", "-std=c99", "-pedantic"]),
                                  ("c++", ["-x", "c++", "-std=c++11"])):
            run(compiler, *options, "-Wall", "-Wextra", "-Werror", *pkg_config("--cflags"), "-c",
                "-o", os.path.join(folder, "x.o"), "-", input=source)


def use_timer_card(server: Server) -> None:
    """Everything timer-card can do, see its source."""
    def get(client: vu.Client, offset: int) -> int:
        return int.from_bytes(client.read(0, offset, 4), "little")

    def put(client: vu.Client, offset: int, value: int) -> None:
        client.write(0, offset, value.to_bytes(4, "little"))

    with server.client() as client, Event() as event:
        same(client.config(0, 4), 0x0001eeee, "ids")
        client.set_config(4, 2, 6)
        client.bind(vu.INTX, event.fd)
        put(client, SCRATCH, 0x12345678)
        same(client.read(0, SCRATCH, 4), bytes.fromhex("78563412"), "scratch register")
        same(client.read(0, SCRATCH + 1, 2), bytes.fromhex("5634"), "part of it")
        put(client, PERIOD, 2000)
        for turn in range(1, 6):
            same(event.wait(), 1, f"signals, turn {turn}")
            check(get(client, COUNT) >= turn, "COUNT")
            same(get(client, STATUS), 1, "STATUS")
            put(client, STATUS, 1)
            client.set_irqs(vu.DATA_NONE | vu.ACTION_UNMASK, vu.INTX)
        put(client, PERIOD, 0)
        put(client, STATUS, 1)
        count = get(client, COUNT)
        time.sleep(0.02)
        same(get(client, COUNT), count, "COUNT once it is stopped")


@case("library: the example works where it was built")
def example(_) -> None:
    with Server(name="timer-card") as server:
        use_timer_card(server)


@case("library: a program of three lines, with what is installed")
def shared_program(_) -> None:
    build_and_use(pkg_config("--cflags", "--libs"))


@case("library: the same, linked statically")
def static_program(_) -> None:
    build_and_use([*pkg_config("--static", "--cflags", "--libs"), "-static"])


def build_and_use(flags: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "card")
        run("cc", "-o", binary, "-Wall", os.path.join(SOURCE, "example/main.c"),
            os.path.join(SOURCE, "example/timer_card.c"), *flags)
        os.environ["LD_LIBRARY_PATH"] = os.path.dirname(library("libvdev.so"))
        try:
            with Server(name=binary) as server:
                use_timer_card(server)
        finally:
            del os.environ["LD_LIBRARY_PATH"]
