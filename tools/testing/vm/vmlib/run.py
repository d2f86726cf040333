# SPDX-License-Identifier: GPL-2.0-only
"""One run of a machine: its directory, the relay of COMMAND's output, the clock.

The directory is shared with the guest (see init): plan and command go in, the
report comes out. It is on disk and not in a tmpfs of ours because the guest's
file systems may want to keep locks and inode numbers on it.
"""

import contextlib
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from .artefact import CACHE
from .progress import Failure

LOGS_KEPT = 60
RUNS_LAST = 2 * 86400


class Run:
    """Context manager: makes the run directory and removes it at the end."""

    def __init__(self, options):
        self.options = options
        self.folder = None
        self.console = None

    def __enter__(self):
        runs = CACHE / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        for old in runs.iterdir():      # of those that were killed
            if time.time() - old.stat().st_mtime > RUNS_LAST:
                shutil.rmtree(old, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.options.kernel}-", dir=runs))
        for name in ("shared", "shared/report"):
            (self.folder / name).mkdir()
        self.console = self.folder / "console"
        self.console.touch()
        return self

    def __exit__(self, *_):
        self._keep_log()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def shared(self):
        """What the guest sees as /run/vfiokit."""
        return self.folder / "shared"

    @property
    def report(self):
        return self.shared / "report"

    @property
    def started(self):
        """Whether the machine came as far as COMMAND."""
        return (self.report / "started").exists()

    def write_plan(self, mounts, output):
        """Tell init what to do.

        mounts: (type, source, place, options); output: the guest's device for
        COMMAND's output.
        """
        where = "/share" if self.options.share else "/root"
        (self.shared / "fstab").write_text("".join(
            f"{source} {place} {kind} {options} 0 0\n"
            for kind, source, place, options in mounts), encoding="utf-8")
        lines = [f"output={output}"]
        if self.options.shell:
            size = os.get_terminal_size(0)
            lines += [f"shell={where}", f"size='rows {size.lines} cols {size.columns}'",
                      f"export TERM={shlex.quote(os.environ.get('TERM', 'dumb'))}"]
        (self.shared / "plan").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.shared / "command").write_text(
            f"cd {where} && exec {shlex.join(self.options.command)}\n", encoding="utf-8")

    def _keep_log(self):
        """Console and kernel log stay for whoever wants to read on."""
        logs = CACHE / "logs"
        logs.mkdir(exist_ok=True)
        path = logs / f"{self.folder.name}.log"
        with open(path, "wb") as log:
            for part in (self.console, self.report / "dmesg"):
                if part.exists():
                    log.write(f"--- {part.name}\n".encode() + part.read_bytes())
        for old in sorted(logs.iterdir(), key=os.path.getmtime)[:-LOGS_KEPT]:
            old.unlink(missing_ok=True)
        return path

    @property
    def log(self):
        return CACHE / "logs" / f"{self.folder.name}.log"

    def watch(self, process, output, deadline):
        """Pass COMMAND's output on until the machine is off; False if it hangs."""
        with selectors.DefaultSelector() as selector:
            if output is not None:
                os.set_blocking(output, False)
                selector.register(output, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(0.05 if process.poll() is None else 0):
                    self._pass_on(selector, key.fd)
                if process.poll() is not None:
                    while selector.get_map() and selector.select(0):
                        self._pass_on(selector, output)
                    return True
                if time.monotonic() > deadline:
                    return False

    @staticmethod
    def _pass_on(selector, source):
        try:
            data = os.read(source, 1 << 16)
        except (BlockingIOError, ConnectionResetError):
            data = None
        if data == b"":
            selector.unregister(source)
        elif data:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()


@contextlib.contextmanager
def terminal(wanted):
    """Give the terminal back as it was: a killed machine leaves it raw."""
    if not wanted:
        yield
        return
    settings = termios.tcgetattr(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, settings)


def start(argv, session=True, **how):
    """Start a part of the machine so that it does not outlive us.

    With session it can be killed as one group; without, it may read from our
    terminal.
    """
    argv = ["setpriv", "--pdeathsig", "KILL", "--", *map(str, argv)]
    return subprocess.Popen(argv, start_new_session=session, **how)


def kill(process):
    """SIGKILL for the whole group: UML answers SIGTERM with a storm of messages."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:      # it is gone, or leads no group
        process.kill()
    process.wait()


def settle(folder):
    """Check that a folder given by the user can be shared."""
    path = Path(folder).resolve()
    if not path.is_dir():
        raise Failure(f"--share {folder}: no such directory")
    return path
