"""Which scenarios of a suite are held: of folders, of a shard, of what changed."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gameday.app.check import named_by
from gameday.errors import UsageError

if TYPE_CHECKING:
    from gameday.model.scenario import Scenario

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_MANIFEST = ("apiVersion", "kind", "spec")


def paths_of(given: Sequence[str]) -> list[str]:
    """Return the scenarios' paths: files as they are given, and those in folders.

    UsageError where a folder has none, or where there are none at all.
    """
    from gameday.files.folder import Excluded, files

    paths: dict[str, str] = {}
    for path in given:
        inside = [path]
        if Path(path).is_dir():
            inside = [file for file in files(path, Excluded(())) if _is_scenario(file)]
            if not inside:
                raise UsageError(f"{path}: no scenario is in this folder")
        paths.update({os.path.realpath(scenario): scenario for scenario in inside})
    return list(paths.values())


def shard(scenarios: "Sequence[Scenario]", number: int, of: int) -> "list[Scenario]":
    """Return one of several shares of the scenarios, the same on every machine."""
    ordered = sorted(scenarios, key=lambda scenario: (scenario.name, scenario.path))
    mine = {scenario.path for scenario in ordered[number - 1 :: of]}
    return [scenario for scenario in scenarios if scenario.path in mine]


def parse_shard(text: str) -> tuple[int, int]:
    """Return the two numbers of `1/4`; ValueError where it is none."""
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return int(number), int(of)
    raise ValueError(f"{text!r} is not a shard; write it such as 1/4")


def changed_since(
    scenarios: "Sequence[Scenario]", base: str
) -> "dict[str, Collection[str]]":
    """Return the paths of the scenarios that a change may concern, each with why.

    Looked at is what a scenario names (rules, routes, experiments, SLOs, itself), and
    what its target is built of: compose files with what they build from and mount, or
    manifests of a cluster. A change of the system concerns all its scenarios.
    """
    from gameday.files import changed

    since = changed.since(base)
    system: dict[str, list[str]] = {}
    found: dict[str, Collection[str]] = {}
    for scenario in scenarios:
        kind = scenario.target.kind
        if kind not in system:
            system[kind] = sorted(_of_the_system(kind, since))
        own = {os.path.realpath(path) for path in _named(scenario)}
        why = [*sorted(own & since), *system[kind]]
        if why:
            found[scenario.path] = why
    return found


def _named(scenario: "Scenario") -> list[str]:
    slos = [slo.path for slo in scenario.slos if slo.path]
    return [scenario.path, *slos, *named_by(scenario)]


def _of_the_system(kind: str, since: Collection[str]) -> Iterator[str]:
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
    composed = [
        folder / name
        for folder in (here, *here.parents)
        for name in _COMPOSE
        if (folder / name).is_file()
    ]
    return [part for path in composed for part in _parts_of(path)]


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


def _is_scenario(path: str) -> bool:
    from gameday.files import kind
    from gameday.files.text import source, yaml

    read = source.read(path)
    if kind.guessed(read.text) != kind.SCENARIO:
        return False
    document = yaml.read(read)
    return document.root is None or kind.of(document) == kind.SCENARIO


def _plain(path: Path) -> Any:
    from gameday.files.text import source, yaml

    return yaml.read(source.read(str(path))).value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
