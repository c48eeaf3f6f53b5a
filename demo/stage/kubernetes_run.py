"""Commands of the shop on Kubernetes: quiet, bounded, with their last words."""

import subprocess
from pathlib import Path

from stage import ROOT, StageError


def run(*command: str | Path, seconds: float, said: str = "") -> str:
    """Run a command quietly with `said` as its input; return what it says.

    StageError with its last words where it fails, hangs or does not exist.
    """
    shown = " ".join(str(part) for part in command)
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            input=said,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StageError(f"`{shown}` did not end within {seconds:.0f} s") from None
    except OSError as error:
        raise StageError(f"`{shown}`: {error.strerror}") from None
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise StageError(f"`{shown}` failed:\n{tail}")
    return done.stdout.strip()
