# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages: our own apt, apart from the host's, and unpacking.

The host's apt configuration is read (mirror, proxy) and never changed. All
suites that we take packages from are known to one private apt, whose idea of
what is installed is: nothing. So "apt-get --download-only install" gives a
package with all it depends on, and unpacking those makes a root. Maintainer
scripts do not run; what little of their work is needed is done in roots.py.
"""

import os
import re
import shutil
import subprocess
import time
from urllib.parse import urlsplit, urlunsplit

from .artefact import CACHE, lock
from .progress import Failure, say

APT = CACHE / "apt"
DEBS = APT / "cache" / "archives"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
LISTS_LAST = 3600

SUITES = {
    "bookworm": ("bookworm", "bookworm-updates", "bookworm-security"),
    "trixie": ("trixie", "trixie-updates", "trixie-security"),
    "trixie-backports": ("trixie", "trixie-updates", "trixie-security", "trixie-backports"),
    "sid": ("sid",),
}

# Host programs that we start, and the packages that hold them.
TOOLS = {
    "rsync": "rsync",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "xz": "xz-utils",
    "zstd": "zstd",
    "dpkg-deb": "dpkg",
    "modinfo": "kmod",
}


def need_tools(tools=tuple(TOOLS)):
    """Install what the host lacks, or say how."""
    missing = sorted({TOOLS[tool] for tool in tools if not shutil.which(tool)})
    if not os.path.exists(KEYRING):
        missing.append("debian-archive-keyring")
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid():
        raise Failure(f"missing on this machine; run: sudo {' '.join(command)}")
    say(f"installing {', '.join(missing)} on this machine")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], command):
        if subprocess.run(step, stdout=2, env=environment, check=False).returncode:
            raise Failure(f"failed: {' '.join(step)}")


def _mirrors():
    """The main and the security mirror, as the environment or the host's apt says."""
    main = os.environ.get("VFIOKIT_MIRROR")
    security = os.environ.get("VFIOKIT_SECURITY_MIRROR")
    if main and not security:
        parts = urlsplit(main.rstrip("/"))
        security = urlunsplit(parts._replace(path=parts.path + "-security"))
    if not main:
        known = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
             "Created-By: Packages"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        for line in known.splitlines():
            uri, _, release = line.partition(" ")
            uri = uri.rstrip("/")
            if release.endswith("-security") and uri.endswith("debian-security"):
                security = security or uri
            elif uri.endswith("/debian"):
                main = main or uri
    return main or DEFAULT_MIRROR, security or DEFAULT_MIRROR + "-security"


def _host_settings():
    """The host's settings on how to reach a mirror; its hooks are none of ours."""
    dump = subprocess.run(["apt-config", "dump"], stdout=subprocess.PIPE,
                          text=True, check=False).stdout
    wanted = re.compile(r"Acquire::(.*proxy.*|https?::.*|Check-.*) ", re.IGNORECASE)
    return [line for line in dump.splitlines() if wanted.match(line)]


def _configure():
    """Write our apt configuration; cheap, so done every time it is used."""
    for folder in ("etc/preferences.d", "state/lists/partial", "cache/archives/partial"):
        (APT / folder).mkdir(parents=True, exist_ok=True)
    (APT / "state" / "status").touch()
    main, security = _mirrors()
    for name, suites in {**SUITES, "all": sorted({s for t in SUITES.values() for s in t})}.items():
        lines = [f"deb [signed-by={KEYRING}] "
                 f"{security if suite.endswith('-security') else main} {suite} main\n"
                 for suite in suites]
        (APT / "etc" / f"{name}.list").write_text("".join(lines), encoding="ascii")
    settings = [
        f'Dir::Etc "{APT}/etc";', 'Dir::Etc::SourceParts "/dev/null";',
        'Dir::Etc::Netrc "/etc/apt/auth.conf";', 'Dir::Etc::NetrcParts "/etc/apt/auth.conf.d";',
        f'Dir::State "{APT}/state";', f'Dir::State::Status "{APT}/state/status";',
        f'Dir::Cache "{APT}/cache";', 'APT::Architecture "amd64";', 'APT::Architectures "amd64";',
        'APT::Sandbox::User "root";', 'APT::Install-Recommends "false";',
        'Acquire::Languages "none";', 'Acquire::Retries "3";',
        *_host_settings()]
    (APT / "apt.conf").write_text("\n".join(settings) + "\n", encoding="utf-8")


def _apt(program, *arguments, target="all", cwd=None):
    """Run one of apt's programs on our configuration; give its output."""
    options = ["-o", f"Dir::Etc::SourceList={APT}/etc/{target}.list"]
    if target.endswith("-backports") and program == "apt-get":
        options += ["-t", target]
    environment = os.environ | {"APT_CONFIG": str(APT / "apt.conf"), "LC_ALL": "C.UTF-8",
                                "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run([program, *options, *arguments], env=environment, text=True, cwd=cwd,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode:
        raise Failure(f"{program} {' '.join(arguments)}:\n{result.stderr.strip()}")
    return result.stdout


def _update(force=False):
    """Read the package lists anew, unless that was done a moment ago."""
    stamp = APT / "state" / "updated"
    mirrors = " ".join(_mirrors())
    wanted = f"{mirrors} {' '.join(SUITES)}"
    if not force and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted \
       and time.time() - stamp.stat().st_mtime < LISTS_LAST:
        return
    say(f"reading the package lists of {mirrors}")
    _apt("apt-get", "update", "--error-on=any")
    stamp.write_text(wanted, encoding="utf-8")


def newest(pattern, target):
    """The newest package whose whole name matches: (name, version).

    Kernel packages carry their version in the name and the meta packages move
    on to the next series, so this is how a series is pinned.
    """
    need_tools()
    with lock(APT / "lock"):
        _configure()
        _update()
        found = _apt("apt-cache", "search", "--names-only", f"^{pattern}$", target=target)
        best = None
        for name in (line.split(" ")[0] for line in found.splitlines()):
            shown = _apt("apt-cache", "show", "--no-all-versions", name, target=target)
            version = re.search(r"^Version: (.*)$", shown, re.MULTILINE).group(1)
            if best is None or subprocess.run(
                    ["dpkg", "--compare-versions", version, "gt", best[1]],
                    check=False).returncode == 0:
                best = (name, version)
    if best is None:
        raise Failure(f"no package {pattern} in Debian's {target}")
    return best


def fetch(packages, target):
    """Download packages with all they depend on: {name: (version, file)}."""
    need_tools()
    with lock(APT / "lock"):
        _configure()
        _update()
        try:
            _apt("apt-get", "install", "-y", "--download-only", *packages, target=target)
        except Failure:
            # The lists may be older than the archive.
            _update(force=True)
            _apt("apt-get", "install", "-y", "--download-only", *packages, target=target)
        plan = _apt("apt-get", "install", "-y", "--simulate", *packages, target=target)
        found = {}
        for name, version in re.findall(r"^Inst (\S+) \((\S+) ", plan, re.MULTILINE):
            name = name.partition(":")[0]
            quoted = version.replace(":", "%3a")
            found[name] = (version, next(DEBS.glob(f"{name}_{quoted}_*.deb")))
    return found


def fetch_alone(name, target):
    """Download one package without what it depends on: (version, file)."""
    _, version = newest(name, target)
    with lock(APT / "lock"):
        _apt("apt-get", "download", name, target=target, cwd=DEBS)
        return version, next(DEBS.glob(f"{name}_{version.replace(':', '%3a')}_*.deb"))


def unpack(deb, root):
    """Unpack one package into a root.

    Older packages ship /bin and /lib although those are links into /usr by
    now: tar must follow the links and not replace them.
    """
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        done = subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", root],
                              stdin=source.stdout, check=False)
    if done.returncode or source.returncode:
        raise Failure(f"cannot unpack {deb}")


def record(root, packages):
    """Write down which versions a root was made of."""
    lines = [f"{name} {version}\n" for name, (version, _) in sorted(packages.items())]
    (root / "versions").write_text("".join(lines), encoding="ascii")
