"""The tools of the helper's image that ask and tell the kernel: tc, ip, iptables."""

import shutil
import subprocess
from collections.abc import Sequence

from gameday.errors import GamedayError
from gameday.targets.sidecar.work import WorkFailed

_TIMEOUT = 10.0


def tc(*words: str) -> str:
    """Run tc; WorkFailed with its own words where it refuses."""
    return run_tool("tc", *words)


def run_tool(tool: str, *words: str) -> str:
    """Run a tool; return what it prints, WorkFailed with its words where it refuses."""
    if shutil.which(tool) is None:
        raise WorkFailed(f"no {tool} in the helper image")
    done = complete([tool, *words], WorkFailed)
    if done.returncode != 0:
        raise WorkFailed(f"{' '.join([tool, *words])}: {done.stderr.strip()}")
    return done.stdout


def complete(
    command: Sequence[str], failure: type[GamedayError], text: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, with a text as its input.

    `failure` is raised where it does not start, or has not ended in time.
    """
    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise failure(f"{command[0]}: {wrong}") from wrong
