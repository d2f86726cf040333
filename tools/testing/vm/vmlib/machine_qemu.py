# SPDX-License-Identifier: GPL-2.0-only
"""The VM lane: a stock Debian kernel in QEMU, its root shared by virtiofs."""

import fcntl
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import archive, initrd, modules, roots
from .progress import Failure
from .run import kill, start

OUTER = "10.0"      # which of our QEMUs runs the machine
MEMORY = "2G"
KVM_CREATE_VM = 0xAE01

# The parts of the root come together in a mount namespace of virtiofsd's own.
SERVE_ROOT = """view=$1 root=$2 binds=$3; shift 3
mount --bind "$root" "$view"
IFS='|'
for pair in $binds; do
	mount --bind "${pair%%=*}" "$view${pair#*=}"
done
unset IFS
exec "$@"
"""


def kvm_works():
    """Whether KVM can run a kernel here.

    That a VM can be created is not enough: there are hosts without hardware
    virtualisation whose KVM creates one, and then emulates few instructions.
    """
    cpu = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split()
    if "vmx" not in cpu and "svm" not in cpu:
        return False
    try:
        device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(fcntl.ioctl(device, KVM_CREATE_VM, 0))
        return True
    except OSError:
        return False
    finally:
        os.close(device)


def _foreign(root, program, *arguments):
    """The argv of a program in one of our roots, run here with that root's libraries."""
    libraries = root / "usr/lib/x86_64-linux-gnu"
    return [libraries / "ld-linux-x86-64.so.2", "--library-path", libraries,
            root / program, *arguments]


class Server:
    """One virtiofsd."""

    def __init__(self, sockets, tag, cache, log):
        self.tag = tag
        self.socket = sockets / tag
        self.cache = cache
        self.log = log
        self.process = None

    def start(self, run_root, folder, wrap=()):
        sandbox = "none" if os.geteuid() else "chroot"
        command = _foreign(run_root, "usr/libexec/virtiofsd",
                           "--socket-path", self.socket, "--shared-dir", folder,
                           "--cache", self.cache, "--sandbox", sandbox,
                           "--thread-pool-size", "2", "--log-level", "error")
        self.process = start([*wrap, *command], stdin=subprocess.DEVNULL,
                             stdout=self.log, stderr=self.log)

    def wait(self):
        """Until the socket is there."""
        for _ in range(200):
            if self.socket.exists():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise Failure(f"virtiofsd for {self.tag} does not start")

    def arguments(self):
        return ["-chardev", f"socket,id={self.tag},path={self.socket}",
                "-device", f"vhost-user-fs-pci,chardev={self.tag},tag={self.tag}"]


def _binds(run, kernel):
    """What is mounted into the root: {place: directory here}."""
    places = {f"/opt/qemu/{version}": roots.qemu_root(version).ensure()
              for version in roots.QEMU_SUITE}
    places["/opt/vfiokit/kernel-modules"] = kernel.modules
    places["/lib/modules"] = run.shared / "modules"
    places["/vfiokit"] = modules.TREE
    if (run.shared / "selftests").exists():
        places["/opt/vfiokit/selftests"] = run.shared / "selftests"
    return places


def _start_servers(run, kernel, sockets, log):
    """One virtiofsd for the root, which never changes, and one for what does."""
    run_root = roots.run_root().ensure()
    view = run.folder / "view"
    view.mkdir()
    binds = "|".join(f"{here}={place}" for place, here in _binds(run, kernel).items())
    flags = ["--map-root-user"] if os.geteuid() else []
    unshare = ["unshare", "--mount", *flags, "--", "sh", "-euc"]
    root = Server(sockets, "root", "always", log)
    root.start(run_root, view, [*unshare, SERVE_ROOT, "sh", view, run_root, binds])
    host = Server(sockets, "host", "auto", log)
    wrap = []
    if run.options.share:
        (run.shared / "share").mkdir()
        wrap = [*unshare, 'mount --bind "$1" "$2"; shift 2; exec "$@"', "sh",
                run.options.share, run.shared / "share"]
    host.start(run_root, run.shared, wrap)
    return [root, host]


def _accelerator(options):
    if options.icount:
        return ["-accel", "tcg,thread=single", "-cpu", "max,la57=off",
                "-icount", "shift=0,sleep=off", "-smp", "1"]
    if kvm_works():
        return ["-accel", "kvm", "-cpu", "host", "-smp", "2"]
    return ["-accel", "tcg,thread=multi", "-cpu", "max,la57=off", "-smp", "2"]


def _kernel_arguments(run, kernel):
    """Image, command line, and an initrd where virtiofs is a module."""
    run_root = roots.run_root().ensure()
    arguments = ["-kernel", kernel.image]
    # The self-tests of the crypto code run in the background for some seconds
    # after boot and would be measured along with whatever --icount measures.
    line = ["console=ttyS0", "mitigations=off", "nokaslr", "panic=-1", "quiet",
            "intel_iommu=on", "cryptomgr.notests", "vfiokit.run=virtiofs:host"]
    if not run.options.icount:
        line.append("slub_debug=FZPU")      # finds overflows and use after free
    line += run.options.append.split()
    image = initrd.build(kernel.modules, run_root / "usr/bin/busybox")
    if image is None:
        line += ["root=root", "rootfstype=virtiofs", "ro", "init=/opt/vfiokit/init"]
    else:
        (run.folder / "initrd").write_bytes(image)
        arguments += ["-initrd", run.folder / "initrd"]
    return [*arguments, "-append", " ".join(line)]


def _command(run, kernel, servers, channel):
    """The outer QEMU's argv."""
    qemu = roots.qemu_root(OUTER).ensure()
    share = qemu / "usr/share"
    return [
        *_foreign(qemu, "usr/bin/qemu-system-x86_64"),
        "-L", share / "qemu", "-L", share / "seabios", "-nodefaults", "-no-user-config",
        "-machine", "q35,kernel-irqchip=split" if kvm_works() else "q35",
        *_accelerator(run.options), "-m", MEMORY,
        "-object", f"memory-backend-memfd,id=mem,size={MEMORY},share=on",
        "-numa", "node,memdev=mem", "-display", "none", "-no-reboot",
        "-chardev", f"file,id=console,path={run.console},append=on", "-serial", "chardev:console",
        "-device", "virtio-serial-pci", *channel,
        *(word for server in servers for word in server.arguments()),
        *_kernel_arguments(run, kernel), *shlex.split(run.options.outer)]


def execute(run, kernel):
    """Run COMMAND; False if the machine had to be killed."""
    archive.need_tools()
    sockets = Path(tempfile.mkdtemp(prefix="vfiokit-"))     # their paths must be short
    processes = []
    with open(run.console, "ab") as log:
        try:
            servers = _start_servers(run, kernel, sockets, log)
            processes += [server.process for server in servers]
            mounts = []
            if run.options.share:
                mounts.append(("none", "/run/vfiokit/share", "/share", "bind"))
            return _boot(run, kernel, servers, mounts, processes, log)
        finally:
            for process in processes:
                kill(process)
            shutil.rmtree(sockets)


def _boot(run, kernel, servers, mounts, processes, log):
    environment = os.environ | {
        "QEMU_MODULE_DIR": str(roots.qemu_root(OUTER).ensure() / "usr/lib/x86_64-linux-gnu/qemu")}
    deadline = time.monotonic() + run.options.timeout
    if run.options.shell:
        run.write_plan(mounts, "/dev/hvc0")
        reading, passed, stdin = None, [], sys.stdin
        channel = ["-chardev", "stdio,id=output,signal=off", "-device",
                   "virtconsole,chardev=output"]
    else:
        run.write_plan(mounts, "/dev/vport0p1")
        ours, theirs = socket.socketpair()
        reading, passed, stdin = ours.fileno(), [theirs.fileno()], subprocess.DEVNULL
        channel = ["-chardev", f"socket,id=output,fd={theirs.fileno()}", "-device",
                   "virtserialport,chardev=output,nr=1"]
    for server in servers:
        server.wait()
    machine = start(_command(run, kernel, servers, channel), session=not run.options.shell,
                    stdin=stdin, stdout=None if run.options.shell else log, stderr=log,
                    env=environment, pass_fds=passed)
    processes.append(machine)
    if passed:
        theirs.close()
    return run.watch(machine, reading, deadline)
