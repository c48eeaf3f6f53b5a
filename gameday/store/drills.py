"""Drills on disk: `drills/ID/drill.json` below the home, also as an artifact."""

from collections.abc import Iterator
from pathlib import Path

from gameday.coverage.past import Drill
from gameday.errors import StoreError
from gameday.store.folder import write_file

FILE = "drill.json"


def store_drill(home: str, drill: Drill) -> str:
    """Keep a drill; return its file's path."""
    from pydantic import TypeAdapter

    folder = Path(home) / "drills" / drill.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from error
    text = TypeAdapter(Drill).dump_json(drill, indent=1).decode()
    return write_file(str(folder / FILE), text + "\n")


def below(folder: str) -> Iterator[Drill | StoreError]:
    """Yield the drills in a folder or below it, or why one cannot be read."""
    for path in sorted(Path(folder).rglob(FILE)):
        yield read(path)


def read(path: Path) -> Drill | StoreError:
    """Return a drill, or why it cannot be read."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Drill).validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return StoreError(f"{path}: {error}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return StoreError(f"{path}: {where}: {first['msg']}")
