# SPDX-License-Identifier: GPL-2.0-only
"""Builds the User Mode Linux debug kernels from Debian's linux-source."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import sources
from .artefact import Artefact
from .progress import Failure, Ticker, say
from .roots import build_root, compiler, inside

CONFIGS = Path(__file__).resolve().parent.parent / "configs"

# Only for the progress line: what a build came to when it was last counted.
OBJECTS = {"6.12": 1060, "7.2": 1130}


def _fragment(series):
    """The configuration asked for, as one text."""
    names = ("uml.config", f"uml-{series}.config")
    return "".join((CONFIGS / name).read_text(encoding="ascii") for name in names)


def _options(text):
    """{option: value} of a configuration; what is not set is n."""
    found = {}
    for line in text.splitlines():
        asked = re.match(r"(CONFIG_\w+)=(.*)", line)
        unset = re.match(r"# (CONFIG_\w+) is not set", line)
        if asked:
            found[asked.group(1)] = asked.group(2)
        elif unset:
            found[unset.group(1)] = "n"
    return found


def dropped(asked, result):
    """The options that kconfig did not take as asked for, silently."""
    result = _options(result)
    return [f"{option}={value} (is {result.get(option, 'n')})"
            for option, value in _options(asked).items()
            if result.get(option, "n") != value]


def _compile(series, argv, log):
    """Run make and count the objects it reports."""
    ticker, done, whole = Ticker(), 0, OBJECTS[series]
    with open(log, "w", encoding="utf-8") as record, \
         subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace") as make:
        for line in make.stdout:
            record.write(line)
            if re.match(r"\s+(CC|AS|LD|AR)\b", line):
                done += 1
                ticker.say(f"building the uml-{series} kernel (compiled {done} of about {whole}"
                           " objects)")
    if make.returncode:
        tail = subprocess.run(["tail", "-n", "40", log], stdout=subprocess.PIPE,
                              text=True, check=False).stdout
        raise Failure(f"the uml-{series} kernel does not build, see {log}:\n{tail}")


def _make(series):
    def make(folder):
        tree = sources.source(series).ensure()
        root = build_root(f"uml-{series}").ensure()
        out = folder / "out"
        out.mkdir(exist_ok=True)
        wanted = folder / "wanted.config"
        wanted.write_text(_fragment(series), encoding="ascii")

        def run(*command):
            return inside(root, tree, ["nice", *command], [tree.parent])

        say(f"configuring the uml-{series} kernel from linux-source {sources.version(series)}")
        configure = run("make", "-s", "ARCH=um", f"O={out}", f"KCONFIG_ALLCONFIG={wanted}",
                        "allnoconfig")
        if subprocess.run(configure, stdout=2, check=False).returncode:
            raise Failure(f"the uml-{series} kernel cannot be configured")
        lost = dropped(_fragment(series), (out / ".config").read_text(encoding="utf-8"))
        if lost:
            raise Failure(f"kconfig of {series} dropped: {', '.join(lost)}")

        say(f"building the uml-{series} kernel")
        _compile(series, run("make", "ARCH=um", f"O={out}", f"-j{os.cpu_count()}",
                             "linux", "modules"), folder / "build.log")
        stage = folder / "stage"
        _compile(series, run("make", "ARCH=um", f"O={out}", f"INSTALL_MOD_PATH={stage}",
                             "modules_install"), folder / "install.log")
        # The in-tree mtty was built for what it selects; it must not be found
        # by a modprobe that means ours.
        for samples in stage.glob("lib/modules/*/kernel/samples"):
            shutil.rmtree(samples)
        (folder / "versions").write_text(
            f"linux-source-{series} {sources.version(series)}\n{compiler(root)}\n",
            encoding="ascii")
    return make


def kernel(series):
    """The artefact: out/linux, out/ to build modules against, stage/lib/modules."""
    recipe = "\n".join([_fragment(series), sources.version(series),
                        compiler(build_root(f"uml-{series}").ensure())])
    return Artefact(f"uml-{series}", recipe, _make(series), resumable=True)
