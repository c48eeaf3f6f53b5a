"""The programs of the local shop: found, or unpacked from Debian's packages.

Packages are downloaded and unpacked into a folder of the shop's own: that needs no
right, starts no service and changes nothing of the machine. SHOP_PATH (folders,
parted by `:`) names programs to use instead, of another version for instance.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from stage import STATE, StageError

# The program's own name, then Debian's for the program and the package.
PROGRAMS = {
    "haproxy": ("haproxy",),
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "blackbox": ("blackbox_exporter", "prometheus-blackbox-exporter"),
}
UNPACKED = STATE / "programs"
PRIVATE = STATE / "apt"


def find() -> dict[str, str]:
    """Return the programs by name; what is missing is unpacked first."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "programs.lock").open("w") as lock:  # of several shops one unpacks
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in PROGRAMS if not located(name)]
        if missing:
            unpack([PROGRAMS[name][-1] for name in missing])
    found = {name: path for name in PROGRAMS if (path := located(name))}
    absent = [name for name in PROGRAMS if name not in found]
    if absent:
        raise StageError(
            f"the local shop needs {', '.join(absent)}, and they could not be "
            "unpacked from packages here; put them on PATH"
        )
    return found


def located(name: str) -> str | None:
    """Return a program's path: SHOP_PATH first, then unpacked, then PATH; or None."""
    folders = [
        *filter(None, os.environ.get("SHOP_PATH", "").split(":")),
        str(UNPACKED / "usr/bin"),
        str(UNPACKED / "usr/sbin"),
        *os.get_exec_path(),
    ]
    for folder in folders:
        for spelling in PROGRAMS[name]:
            if found := shutil.which(spelling, path=folder):
                return found
    return None


def libraries() -> str:
    """Return the folders of unpacked libraries, as LD_LIBRARY_PATH wants them."""
    return ":".join(str(path) for path in sorted(UNPACKED.glob("usr/lib/*-linux-*")))


def unpack(packages: list[str]) -> None:
    """Download packages with the libraries that they lack, and unpack them."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return
    debs = STATE / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    options = []
    if not download(packages, options, debs):
        options = own_lists()
        if not download(packages, options, debs):
            raise StageError(f"cannot download {', '.join(packages)} with apt-get")
    UNPACKED.mkdir(parents=True, exist_ok=True)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, UNPACKED], check=True)
    shutil.rmtree(debs)
    relocate()


def relocate() -> None:
    """Let Debian's Alertmanager find its templates below the folder it runs in.

    The package has their absolute path compiled in, and nothing to say otherwise;
    a relative path of the same length takes its place.
    """
    program = UNPACKED / "usr/bin/prometheus-alertmanager"
    if program.exists():
        there = b"/usr/share/prometheus/alertmanager"
        here = b"usr//share/prometheus/alertmanager"
        program.write_bytes(program.read_bytes().replace(there, here))


def download(packages: list[str], options: list[str], folder: Path) -> bool:
    """Return whether the packages and their libraries could be fetched."""
    wanted = [*packages, *lacking(packages, options)]
    done = subprocess.run(
        ["apt-get", "-q", *options, "download", *wanted],
        cwd=folder,
        capture_output=True,
        timeout=240,
        check=False,
    )
    return done.returncode == 0


def lacking(packages: list[str], options: list[str]) -> list[str]:
    """Return the libraries that the packages need and the machine does not have."""
    known = installed()
    found, waiting = [], list(packages)
    while waiting:
        done = subprocess.run(
            ["apt-cache", *options, "depends", "-i", waiting.pop()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for line in done.stdout.splitlines():
            kind, _, name = line.strip().partition(": ")
            library = name.startswith("lib") and not name.startswith("libjs-")
            if kind == "Depends" and library and name not in known:
                known.add(name)
                found.append(name)
                waiting.append(name)
    return found


def installed() -> set[str]:
    """Return the names of the packages that the machine has."""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Package}\n"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return {line[3:] for line in done.stdout.splitlines() if line.startswith("ii")}


def own_lists() -> list[str]:
    """Fetch the package lists into the shop's folder; return apt's options for it."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (PRIVATE / folder).mkdir(parents=True, exist_ok=True)
    options = [
        *("-o", f"Dir::State={PRIVATE / 'state'}"),
        *("-o", "Dir::State::status=/var/lib/dpkg/status"),
        *("-o", f"Dir::Cache={PRIVATE / 'cache'}"),
    ]
    subprocess.run(
        ["apt-get", "-q", *options, "update"],
        capture_output=True,
        timeout=240,
        check=False,
    )
    return options
