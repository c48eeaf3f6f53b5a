"""git, asked about a checkout whose own configuration runs nothing.

A checkout of somebody else's is answered for as well (`safe.directory`), as in a CI
container: what git guards against there is that its monitor and its hooks are run.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_TIMEOUT = 60.0  # seconds
_GIT = (
    *("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.directory=*"),
)


class NoGitError(Exception):
    """There is no git, or it does not answer in time; the message says which."""


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}


def ask(folder: str, arguments: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
    """Return how git ended in a folder, with its output; NoGitError where it cannot.

    GIT_… of the environment plays no part: a hook that calls us sets it for itself.
    """
    import subprocess

    try:
        return subprocess.run(
            [*_GIT, *arguments],
            cwd=folder,
            env={**_environment(), "LC_ALL": "C"},  # its words are looked at
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoGitError(str(error)) from None
