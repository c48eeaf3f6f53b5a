"""The Python that an experiment asks for: `runtime.python`, new in chaostoolkit 1.21.

`chaos run` makes an environment with these dependencies, by uv, and runs the experiment
in it. gameday runs experiments in its own Python: what is missing there is said.
"""

import re
import sys

from gameday.files.experiment import activities
from gameday.files.text.cursor import Cursor
from gameday.model.quoting import shown

_KEYS = ("dependencies", "isolated", "version")
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")  # of a distribution (PEP 508)


def check(runtime: Cursor) -> None:
    """Judge `runtime.python` as the engine's command line does."""
    python = runtime.mapping("python")
    if python is None:
        return
    python.only(_KEYS, also=activities.FREE, lenient=True)
    python.flag("isolated")
    for dependency in python.list_of("dependencies"):
        _dependency(dependency)
    version = python.text("version").strip()
    own = "{}.{}.{}".format(*sys.version_info[:3])
    if version and not f"{own}.".startswith(f"{version}."):
        python.warn(
            f"{shown(version)} is not prepared: gameday runs experiments in its own "
            f"Python, here {own}",
            "version",
            code="other-python",
        )


def _dependency(here: Cursor) -> None:
    text = here.value.strip() if isinstance(here.value, str) else ""
    if not text:
        message = f"{shown(here.value)} is no package's name; expected text"
        here.error(message, code="wrong-type")
        return
    name = _NAME.match(text)
    if name is None or not _is_installed(name[0]):
        here.warn(
            f"{shown(text)} is not installed here, and gameday prepares no other "
            "Python; install it beside gameday",
            code="other-python",
        )


def _is_installed(name: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
