"""All runs of a user on a machine: where each one's folder is.

`$GAMEDAY_HOME/runs/ID` is the run's folder, or a file that names it where `--out`
put it elsewhere.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from gameday.errors import UsageError
from gameday.store.folder import PLAN, TIMELINE, VERDICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run as `gameday runs` lists it; `ending` is crashed without a verdict."""

    run: str
    folder: str
    scenario: str
    started: str
    ended: str
    ending: str
    outcome: str


class History:
    """The runs under one home."""

    def __init__(self, home: str) -> None:
        self._runs = Path(home) / "runs"

    def folder_for(self, run: str, out: str | None) -> str:
        """Return (and remember) where a new run keeps its files."""
        self._runs.mkdir(parents=True, exist_ok=True)
        if out is None:
            return str(self._runs / run)
        folder = str(Path(out).absolute())
        (self._runs / run).write_text(folder, encoding="utf-8")
        return folder

    def find(self, name: str) -> str:
        """Return the folder of a run: an id, `latest`, or a folder itself."""
        as_path = Path(name)
        if (as_path / TIMELINE).exists() or (as_path / PLAN).exists():
            return str(as_path)
        if name == "latest":
            entries = self.entries()
            if not entries:
                raise UsageError("there is no run yet; `gameday run` makes one")
            return entries[-1].folder
        if (self._runs / name).exists() and name not in ("", ".", ".."):
            return self._folder(self._runs / name)
        raise UsageError(
            f"{name!r} is no run: give an id (see `gameday runs`), a run's folder, "
            "or `latest`"
        )

    def entries(self) -> list[Entry]:
        """Return every run that can still be read, oldest first."""
        if not self._runs.is_dir():
            return []
        found = [self._entry(path) for path in sorted(self._runs.iterdir())]
        known = [entry for entry in found if entry is not None]
        return sorted(known, key=lambda entry: (entry.started, entry.run))

    def _folder(self, path: Path) -> str:
        return str(path) if path.is_dir() else path.read_text(encoding="utf-8").strip()

    def _entry(self, path: Path) -> Entry | None:
        try:
            folder = Path(self._folder(path))
        except (OSError, UnicodeDecodeError):
            return None
        if not folder.is_dir():
            return None
        try:
            data = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return _unfinished(path.name, folder)
        return Entry(
            run=path.name,
            folder=str(folder),
            scenario=data.get("scenario", ""),
            started=data.get("started", ""),
            ended=data.get("ended", ""),
            ending=data.get("ending", ""),
            outcome=data.get("outcome", ""),
        )


def _unfinished(run: str, folder: Path) -> Entry | None:
    try:
        with (folder / TIMELINE).open(encoding="utf-8") as lines:
            first = json.loads(lines.readline())
    except (OSError, ValueError):
        return None
    return Entry(
        run=run,
        folder=str(folder),
        scenario=first.get("scenario", ""),
        started=first.get("at", ""),
        ended="",
        ending="crashed",
        outcome="inconclusive",
    )
