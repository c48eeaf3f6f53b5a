"""Which of the changed files a system is made of: compose files, manifests, images.

What may be part of it counts: a game day too many costs minutes, one too few says that
a change is harmless which nobody has tried.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday.files import changed

_COMPOSE = re.compile(r"(docker-)?compose([.-][\w.-]+)?\.ya?ml")
_SERVICES = r"^[\"'{ ]*(services|include)[\"']?[ ]*:"
_YAML = (".yaml", ".yml", ".json")
_WORDS = (".md", ".rst")  # documentation
# A folder with one of these is one whole: a chart, an overlay, what an image copies.
_WHOLES = (
    *("Chart.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"),
    *("Dockerfile", "Containerfile"),
)


def changed_system_files(kind: str, since: Collection[str]) -> Iterator[str]:
    """Yield the changed files of which a system of that kind may be made."""
    parts = _composed() if kind == "docker" else []
    for path in since:
        is_submodule = Path(path).is_dir()
        if is_submodule or _may_be_part(kind, path, parts):
            yield path


def _may_be_part(kind: str, path: str, composed: Collection[str]) -> bool:
    """Whether a file may be of a system; `composed`: what its compose files name."""
    match kind:
        case "docker":
            return _is_compose(path) or any(is_inside(path, part) for part in composed)
        case "kubernetes":
            return _is_manifest(path) or _in_a_whole(Path(path))
        case _:  # a supervisord runs any program
            return not path.endswith(_WORDS) and not kind_of(path)


def is_inside(path: str, other: str) -> bool:
    """Return whether a path is another, or one of them is a folder around it."""
    return _within(path, other) or _within(other, path)


def kind_of(path: str) -> str:
    """Return which of the kinds that gameday reads a file is; empty: none of them."""
    from gameday.files import kind

    if not path.endswith(_YAML):
        return ""
    return next(filter(None, map(kind.of_value, _values(path))), "")


def _composed() -> list[str]:
    """Return what the compose files of the checkout are built from, mount and read."""
    mounting = changed.with_text(_SERVICES, ("*.yaml", "*.yml"))
    return [
        os.path.realpath(part) for path in mounting for part in _parts_of(Path(path))
    ]


def _parts_of(path: Path) -> Iterator[Path]:
    yield path.parent / ".env"
    for whole in map(_mapping, _values(str(path))):
        named = list(_files(whole.get("include"), "path", "env_file"))
        for name in ("configs", "secrets"):
            named += _files(list(_mapping(whole.get(name)).values()), "file")
        for service in map(_mapping, _mapping(whole.get("services")).values()):
            named += [*_built_from(service.get("build")), *_mounted(service)]
            named += _files(service.get("env_file"), "path")
            named += _files(_mapping(service.get("extends")), "file")
        yield from (_known_folder(path.parent, part) for part in named)


def _known_folder(folder: Path, part: str) -> Path:
    """Return where a part is; of a name with a variable the folder above that."""
    plain, variable, _ = part.partition("$")
    return folder / (plain.rpartition("/")[0] if variable else part)


def _files(value: Any, *keys: str) -> Iterator[str]:
    """Yield paths that are a text, the keys of a mapping, or a list of either."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _files(entry, *keys)
    elif isinstance(value, dict):
        for key in keys:
            yield from _files(value.get(key))


def _built_from(build: Any) -> Iterator[str]:
    more = _mapping(_mapping(build).get("additional_contexts"))
    contexts = [build, *more.values()]
    if isinstance(build, dict):
        contexts[0] = build.get("context", ".")
    # What has a colon is an address; of a variable nobody knows.
    yield from (text for text in contexts if isinstance(text, str) and ":" not in text)


def _mounted(service: Mapping[str, Any]) -> Iterator[str]:
    volumes = service.get("volumes")
    for volume in volumes if isinstance(volumes, list) else []:
        source = str(_mapping(volume).get("source", ""))
        if not isinstance(volume, dict):
            source = re.sub(r"\$\{[^}]*\}", "$", str(volume)).partition(":")[0]
        if source.startswith((".", "/", "$")):  # others are named volumes
            yield source


def _is_compose(path: str) -> bool:
    if _COMPOSE.fullmatch(Path(path).name):
        return True
    if not path.endswith(_YAML):
        return False
    return any(isinstance(_mapping(v).get("services"), dict) for v in _values(path))


def _is_manifest(path: str) -> bool:
    if not path.endswith(_YAML):
        return False
    if not Path(path).exists():
        return True  # it is gone: what it was, nobody can tell
    return any(map(_is_object, map(_mapping, _values(path))))


def _is_object(value: Mapping[str, Any]) -> bool:
    ours = str(value.get("apiVersion", "")).startswith(("gameday/", "openslo/"))
    return "apiVersion" in value and "kind" in value and not ours


def _in_a_whole(path: Path) -> bool:
    """Return whether a folder around a file, within its checkout, is one whole."""
    for folder in path.parents:
        if any((folder / name).is_file() for name in _WHOLES):
            return True
        if (folder / ".git").exists():
            break
    return False


def _values(path: str) -> list[Any]:
    """Return the values of a file's documents; none where it cannot be read."""
    from gameday.files.text import source, yaml

    document = yaml.read(source.read(path))
    return [node.value for node in document.all]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
