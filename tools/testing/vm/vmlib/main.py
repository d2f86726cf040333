# SPDX-License-Identifier: GPL-2.0-only
"""The command line of vm."""

import argparse
import os
import signal
import subprocess
import sys

from . import kernels, machine_qemu, machine_uml, modules, roots, sources, verdict
from .artefact import CACHE
from .progress import FAILED, Failure, say
from .run import Run, settle, terminal

USAGE = """vm --kernel KERNEL [--share DIR] [--icount] [--outer "QEMU ARGS"]
          [--append "PARAMETERS"] [--timeout S] [--no-build] -- COMMAND...
       vm --kernel KERNEL [...] --shell
       vm --setup [KERNEL...]
       vm --build KERNEL [-- MAKE ARGS...]
       vm --exec KERNEL -- COMMAND...
       vm --print source-6.1|source-6.12|source-7.2|uapi|selftests
       vm --versions"""

# A stock kernel may die when it patches its own code: emulated CPUs do not keep
# to the rules of that as real ones do. It is seen only at boot, where nothing
# of ours has run, so booting again hides none of our faults.
BOOTS = 3

EPILOG = f"""KERNEL is one of {', '.join(kernels.NAMES)}: Debian's own kernels, and
debug kernels built from Debian's sources as User Mode Linux.

The exit status is COMMAND's. It is {FAILED} if the machine did not come up, did not
end in time, or if its kernel reported anything: then stderr says what."""


class Parser(argparse.ArgumentParser):
    """One whose complaints cannot be taken for COMMAND's status 2."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"vm: {message}\n")


def _parse(arguments):
    """Split at the first --, so that COMMAND's options are never taken as ours."""
    rest = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, rest = arguments[:at], arguments[at + 1:]
    parser = Parser(
        prog="vm", usage=USAGE, epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run a command on a kernel with the vfiokit modules.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--kernel", choices=kernels.NAMES, help="run COMMAND on this kernel")
    what.add_argument("--setup", nargs="*", metavar="KERNEL", choices=kernels.NAMES,
                      help="prepare these kernels (default: all) without running")
    what.add_argument("--build", metavar="KERNEL", choices=kernels.NAMES,
                      help="run make in a copy of the tree, for this kernel")
    what.add_argument("--exec", metavar="KERNEL", choices=kernels.NAMES,
                      help="run COMMAND where --build would run make; KDIR is set")
    what.add_argument("--print", metavar="THING", choices=sorted(PRINTABLE),
                      help="print the path of one of: " + ", ".join(sorted(PRINTABLE)))
    what.add_argument("--versions", action="store_true",
                      help="print the versions of all packages in the cache")
    parser.add_argument("--share", metavar="DIR", type=settle,
                        help="this directory is /share, writable, and COMMAND's cwd")
    parser.add_argument("--icount", action="store_true",
                        help="stock kernels: one instruction takes exactly 1 ns")
    parser.add_argument("--outer", metavar="ARGS", default="",
                        help="stock kernels: more arguments for the QEMU that runs them")
    parser.add_argument("--append", metavar="PARAMETERS", default="",
                        help="more parameters for the kernel, such as page_poison=1")
    parser.add_argument("--timeout", metavar="S", type=float, default=600,
                        help="seconds until the machine is killed (default: 600)")
    parser.add_argument("--no-build", action="store_true",
                        help="take modules and selftests as they were built last")
    parser.add_argument("--shell", action="store_true", help="an interactive shell, no COMMAND")
    options = parser.parse_args(arguments)
    options.command = rest
    if options.kernel and bool(rest) == options.shell:
        parser.error("give either -- COMMAND or --shell")
    if options.exec and not rest:
        parser.error("--exec needs -- COMMAND")
    if options.kernel in kernels.UML and (options.icount or options.outer):
        parser.error("--icount and --outer need a stock kernel")
    if options.shell and not sys.stdin.isatty():
        parser.error("--shell needs a terminal as stdin")
    if options.shell:
        options.timeout = float("inf")
    return options


def _selftests():
    return sources.source("7.2").ensure() / "tools/testing/selftests"


PRINTABLE = {f"source-{series}": lambda series=series: sources.source(series).ensure()
             for series in kernels.STOCK}
PRINTABLE |= {"uapi": lambda: sources.uapi().ensure() / "include", "selftests": _selftests}


def _run(options):
    kernel = kernels.get(options.kernel)
    for attempt in range(1, BOOTS + 1):
        with Run(options) as run:
            modules.prepare(kernel, run.shared, not options.no_build and attempt == 1)
            machine = machine_uml if options.kernel in kernels.UML else machine_qemu
            with terminal(options.shell):
                ended = machine.execute(run, kernel)
            if run.started or not ended or attempt == BOOTS:
                return _judge(run, ended)
        say(f"{options.kernel} died while booting, see {run.log}; once more")


def _judge(run, ended):
    """The exit status of a run; whatever was wrong goes to stderr."""
    found = verdict.findings(run.report, run.console)
    status = verdict.command_status(run.report)
    if not ended:
        found.insert(0, f"killed after {run.options.timeout:.0f} s")
    if not found:
        return 0 if run.options.shell else status
    for text in found:
        print(f"vm: {text}", file=sys.stderr)
    if status is not None:
        print(f"vm: COMMAND itself ended with status {status}", file=sys.stderr)
    print(f"vm: {run.options.kernel} failed; its log is {run.log}", file=sys.stderr)
    return FAILED


def _setup(names):
    for name in names or kernels.NAMES:
        kernel = kernels.get(name)
        say(f"{name} is ready: {kernel.release}")
    roots.run_root().ensure()
    for version in roots.QEMU_SUITE:
        roots.qemu_root(version).ensure()
    sources.uapi().ensure()
    say("all is ready")
    return 0


def _build(name, arguments):
    work = modules.Build(kernels.get(name))
    with work.lock():
        work.update()
        return work.make(*arguments)


def _exec(name, command):
    work = modules.Build(kernels.get(name))
    with work.lock():
        work.update()
        here = modules.Path.cwd()
        argv = work.argv(["env", *work.variables, *command], binds=[here])
        return subprocess.run(argv, check=False).returncode


def _versions():
    for path in sorted(CACHE.glob("*/versions")):
        print(f"# {path.parent.name}")
        print(path.read_text(encoding="ascii"), end="")
    return 0


def _dispatch(options):
    if options.kernel:
        return _run(options)
    if options.build:
        return _build(options.build, options.command)
    if options.exec:
        return _exec(options.exec, options.command)
    if options.print:
        print(PRINTABLE[options.print]())
        return 0
    if options.versions:
        return _versions()
    return _setup(options.setup)


def main():
    # A terminated vm must not leave machines and half-made directories behind,
    # not even one that a shell started in the background, with SIGINT ignored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(_dispatch(_parse(sys.argv[1:])))
    except Failure as failure:
        print(f"vm: {failure}", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:     # whoever read COMMAND's output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
