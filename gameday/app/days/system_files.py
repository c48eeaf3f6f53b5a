"""Which of the changed files a system is made of: compose files, manifests."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_MANIFEST = ("apiVersion", "kind", "spec")


def of_the_system(kind: str, since: Collection[str]) -> Iterator[str]:
    """Yield the changed files of which a system of that kind is made."""
    if kind == "kubernetes":
        yield from (path for path in since if _is_manifest(path))
        return
    parts = _composed() if kind == "docker" else []
    for path in since:
        if Path(path).name in _COMPOSE or any(_within(path, part) for part in parts):
            yield path


def _composed() -> list[str]:
    """Return what the compose files from here up are built from and mount."""
    here = Path.cwd()
    found = [
        folder / name
        for folder in (here, *here.parents)
        for name in _COMPOSE
        if (folder / name).is_file()
    ]
    return [part for path in found for part in _parts_of(path)]


def _parts_of(path: Path) -> Iterator[str]:
    services = _mapping(_mapping(_plain(path)).get("services"))
    for service in map(_mapping, services.values()):
        build = service.get("build")
        context = _mapping(build).get("context") if isinstance(build, dict) else build
        volumes = service.get("volumes")
        mounted = [_source(volume) for volume in volumes if volume] if volumes else []
        parts = [part for part in mounted if part.startswith((".", "/"))]  # no volumes
        if isinstance(context, str) and ":" not in context:  # and no address
            parts.append(context)
        for part in parts:
            yield os.path.realpath(path.parent / part)


def _source(volume: Any) -> str:
    if isinstance(volume, dict):
        return str(volume.get("source", ""))
    return str(volume).partition(":")[0]


def _is_manifest(path: str) -> bool:
    if not path.endswith((".yaml", ".yml", ".json")):
        return False
    if not Path(path).exists():
        return True  # it is gone: what it was, nobody can tell
    value = _mapping(_plain(Path(path)))
    ours = str(value.get("apiVersion", "")).startswith(("gameday/", "openslo/"))
    return all(key in value for key in _MANIFEST) and not ours


def _plain(path: Path) -> Any:
    from gameday.files.text import source, yaml

    return yaml.read(source.read(str(path))).value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
