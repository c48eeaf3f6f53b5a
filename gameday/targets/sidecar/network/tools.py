"""The tools of the helper's image that ask and tell the kernel: tc, ip, iptables."""

import shutil
import subprocess

from gameday.targets.sidecar.work import WorkFailed

_TIMEOUT = 10.0


def tc(*words: str) -> str:
    """Run tc; WorkFailed with its own words where it refuses."""
    return run_tool("tc", *words)


def run_tool(tool: str, *words: str) -> str:
    """Run a tool; return what it prints, WorkFailed with its words where it refuses."""
    if shutil.which(tool) is None:
        raise WorkFailed(f"no {tool} in the helper image")
    try:
        done = subprocess.run(
            [tool, *words],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise WorkFailed(f"{tool}: {wrong}") from wrong
    if done.returncode != 0:
        raise WorkFailed(f"{' '.join([tool, *words])}: {done.stderr.strip()}")
    return done.stdout
