# SPDX-License-Identifier: GPL-2.0-only
"""Builds our tree for a kernel, in a copy of the tree per kernel.

The copies keep the object files of one kernel away from another's, and they
stay, so that only what has changed is compiled again.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import roots, sources
from .artefact import CACHE, lock, remove
from .progress import Failure, say
from .sparse import sparse

TREE = Path(os.environ.get("VFIOKIT_TREE") or Path(__file__).resolve().parents[4]).resolve()
SELFTESTS = "tools/testing/selftests/vfio"

# Build products: neither taken from the tree, where somebody may have run make
# for another kernel, nor deleted from the copy.
PRODUCTS = """.git /build *.o *.ko *.mod *.mod.c .*.cmd *.a *.so *.d .tmp_* Module.symvers
    modules.order __pycache__ .module-common.o""".split()


class Copy:
    """A copy of the tree to build in, and its lock."""

    def __init__(self, name):
        self.folder = CACHE / "trees" / hashlib.sha256(str(TREE).encode()).hexdigest()[:12] / name
        self.tree = self.folder / "tree"
        self.folder.mkdir(parents=True, exist_ok=True)

    def lock(self):
        """Nobody else builds, or takes what was built, while this is held."""
        return lock(self.folder / "lock")

    def update(self):
        """Bring the copy up to date."""
        excludes = [f"--exclude={pattern}" for pattern in PRODUCTS]
        command = ["rsync", "-a", "--delete", *excludes, "--filter=:- .gitignore",
                   f"{TREE}/", f"{self.tree}/"]
        if subprocess.run(command, stdout=2, check=False).returncode:
            raise Failure(f"cannot copy {TREE}")


def _quietly(what, argv):
    """Run; show the output only if it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        raise Failure(f"{done.stdout}\n{what} failed (status {done.returncode})")


class Build(Copy):
    """The modules for one kernel."""

    def __init__(self, kernel):
        super().__init__(kernel.name)
        self.kernel = kernel
        self.stage = self.folder / "stage"

    def argv(self, command, binds=()):
        """The argv that runs command in the copy, in the build environment."""
        everything = [*self.kernel.binds, CACHE, Path("/tmp"), *binds]
        return roots.inside(self.kernel.root, self.tree, command, everything)

    @property
    def variables(self):
        """What every make of ours gets."""
        return [f"KDIR={self.kernel.kdir}", "VDEV_TEST=m", *self.kernel.make_flags]

    def make(self, *arguments):
        """make in the copy, output live on stdout; its exit status."""
        command = ["make", f"-j{os.cpu_count()}", *self.variables, *arguments]
        if any(re.fullmatch("C=[12]", argument) for argument in arguments):
            command.append(f"CHECK={sparse()}")
        return subprocess.run(self.argv(command), check=False).returncode

    def install(self):
        """Build the modules and put them where modprobe looks."""
        if not (self.tree / "Makefile").exists():
            say(f"{TREE} has no Makefile: going on without our modules")
            self._stage()
            self._depmod()
            return
        make = ["make", f"-j{os.cpu_count()}", *self.variables]
        _quietly(f"building the modules for {self.kernel.name}",
                 self.argv([*make, "modules"]))
        self._stage()
        _quietly(f"installing the modules for {self.kernel.name}", self.argv(
            [*make, f"INSTALL_MOD_PATH={self.stage}", "INSTALL_MOD_DIR=updates",
             "modules_install"]))
        self._depmod()

    def _depmod(self):
        _quietly("depmod", self.argv(["depmod", "-b", self.stage, self.kernel.release]))

    def _stage(self):
        """The kernel's own modules, by reference, and none of ours."""
        remove(self.stage)
        target = self.stage / "lib/modules" / self.kernel.release
        target.mkdir(parents=True)
        (target / "kernel").symlink_to(self.kernel.modules / "kernel")
        for index in self.kernel.modules.glob("modules.*"):
            shutil.copy2(index, target)

    def take(self, folder):
        """Copy what was built: a later build must not pull it from under a machine."""
        target = folder / "modules" / self.kernel.release
        staged = self.stage / "lib/modules" / self.kernel.release
        if not staged.exists():
            raise Failure(f"nothing was ever built for {self.kernel.name}: no --no-build yet")
        target.mkdir(parents=True)
        for item in staged.iterdir():
            if item.name == "kernel":
                continue
            if item.is_dir():
                shutil.copytree(item, target / item.name)
            else:
                shutil.copy2(item, target)
        (target / "kernel").symlink_to("/opt/vfiokit/kernel-modules/kernel")


class Selftests(Copy):
    """The conformance suite: static, so the same for every kernel and root."""

    def __init__(self):
        super().__init__("selftests")
        self.out = self.folder / "out"

    def build(self):
        if not (self.tree / SELFTESTS / "Makefile").exists():
            return
        support = sources.source("7.2").ensure() / "tools/testing/selftests"
        headers = sources.uapi().ensure() / "include"
        self.out.mkdir(exist_ok=True)
        _quietly("building the selftests", roots.inside(
            roots.build_root("6.12").ensure(), self.tree,
            ["make", "-s", f"-j{os.cpu_count()}", "-C", SELFTESTS, f"KSELFTEST_DIR={support}",
             f"KHDR_INCLUDES=-isystem {headers}", f"OUTPUT={self.out}"], [CACHE]))

    def take(self, folder):
        if not self.out.exists():
            return
        target = folder / "selftests/vfio"
        shutil.copytree(self.out, target, symlinks=True,
                        ignore=shutil.ignore_patterns("*.o", "*.d"))
        for script in (self.tree / SELFTESTS).glob("*.sh"):
            shutil.copy2(script, target)


def prepare(kernel, folder, build=True):
    """Bring modules and selftests for a kernel up to date, into folder."""
    work = Build(kernel)
    with work.lock():
        if build:
            work.update()
            work.install()
        work.take(folder)
    tests = Selftests()
    with tests.lock():
        try:
            if build:
                tests.update()
                tests.build()
            tests.take(folder)
        except Failure as failure:
            # Who runs them will miss them; others need not wait for them.
            say(f"{failure}; the machine goes without them")
