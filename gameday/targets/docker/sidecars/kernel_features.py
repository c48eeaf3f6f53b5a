"""Which ways an engine's kernel has, remembered between processes.

Finding out takes a helper container and half a second; the answer changes only with
the engine or its kernel. It is kept in the user's cache folder, and only while it
is good news.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gameday.model.faults.catalogue import CATALOGUE, HelperMethod
from gameday.targets.docker.engine import DockerEngine
from gameday.targets.docker.sidecars.helper import Helper, Sidecar

MARK = "gameday.look"
NAMES = sorted(
    {way.needs for fault in CATALOGUE.values() for way in fault.ways if way.needs}
)


def has_every_feature(known: Mapping[str, str]) -> bool:
    """Return whether there is a way to each fault, so that it is worth keeping."""
    return all(
        any(not known.get(way.needs) for way in fault.ways)
        for fault in CATALOGUE.values()
        if fault.ways
    )


class KernelFeatures:
    """For each way an empty text, or why the kernel has it not."""

    def __init__(self, engine: DockerEngine, helper: Helper) -> None:
        self._engine = engine
        self._helper = helper
        self._known: dict[str, str] = {}

    def all(self) -> Mapping[str, str]:
        """Return what is known, or have a helper look."""
        if self._known:
            return self._known
        file = self._file()
        self._known = _read(file) or self._look()
        if has_every_feature(self._known):
            with suppress(OSError):  # a cache that cannot be written is none
                file.parent.mkdir(parents=True, exist_ok=True)
                fresh = file.with_suffix(f".{os.getpid()}")
                fresh.write_text(json.dumps(self._known), encoding="utf-8")
                fresh.replace(file)
        return self._known

    def refusal(self, ways: Sequence[HelperMethod]) -> str:
        """Return why the kernel has none of these ways; empty: it has one."""
        known = self.all()
        if any(not known[way.needs] for way in ways):
            return ""
        return " and ".join(f"no {way.needs} ({known[way.needs]})" for way in ways)

    def first(self, ways: Sequence[HelperMethod]) -> HelperMethod:
        """Return the first that the kernel has; the last, which will say why not."""
        known = self.all()
        return next((way for way in ways if not known[way.needs]), ways[-1])

    def _look(self) -> dict[str, str]:
        spec = {"do": "look", "duration": 1.0}
        said = self._helper.run(Sidecar(spec=spec, mark=MARK))
        return {name: str(said[name]) for name in NAMES}

    def _file(self) -> Path:
        api = self._engine.api
        with self._engine.translated_errors():
            about = api.info()
        words = f"{about.get('ID')} {about.get('KernelVersion')} {self._helper.image}"
        name = hashlib.sha256(words.encode()).hexdigest()[:16]
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(cache).expanduser() / "gameday" / f"engine-{name}.json"


def _read(file: Path) -> dict[str, str]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return {name: str(document[name]) for name in NAMES}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
