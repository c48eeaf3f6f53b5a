"""Which scenarios of a suite are held: of folders, of a shard, of what changed."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.app.check import named_by
from gameday.app.days import system_files
from gameday.errors import UsageError

if TYPE_CHECKING:
    from gameday.model.scenario import Scenario


def paths_of(given: Sequence[str]) -> list[str]:
    """Return the scenarios' paths: files as they are given, and those in folders.

    UsageError where a folder has none, or where there are none at all.
    """
    from gameday.files.folder import Excluded, files

    paths: dict[str, str] = {}
    for path in given:
        inside = [path]
        if Path(path).is_dir():
            inside = [file for file in files(path, Excluded(())) if is_scenario(file)]
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
    """Return the two numbers of `1/4`; ValueError if it is no shard."""
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return int(number), int(of)
    raise ValueError(f"{text!r} is not a shard; write it such as 1/4")


def changed_since(
    scenarios: "Sequence[Scenario]", base: str, env_file: str | None = None
) -> "dict[str, Collection[str]]":
    """Return the paths of the scenarios that a change may concern, each with why.

    Looked at is what a scenario names (rules, routes, experiments, SLOs, itself, and
    the values that it was given), and what its target is made of (`system_files`). A
    change of the system concerns all its scenarios, and so does a change of rules or
    routes where a scenario names none and asks who has them.
    """
    from gameday.files import changed

    since = changed.since(base)
    kinds = {path: system_files.kind_of(path) for path in since}
    system: dict[str, list[str]] = {}
    changed_files: dict[str, Collection[str]] = {}
    for scenario in scenarios:
        kind = scenario.target.kind
        if kind not in system:
            system[kind] = sorted(system_files.changed_system_files(kind, since))
        own = [os.path.realpath(path) for path in _named(scenario, env_file)]
        named = [
            path for path in since for mine in own if system_files.is_inside(mine, path)
        ]
        asked = [path for path in since if kinds[path] in _unnamed(scenario)]
        why = dict.fromkeys([*sorted([*named, *asked]), *system[kind]])
        if why:
            changed_files[scenario.path] = list(why)
    return changed_files


def _named(scenario: "Scenario", env_file: str | None) -> list[str]:
    slos = [slo.path for slo in scenario.slos if slo.path]
    more = [path for path in (env_file, scenario.drift.terraform) if path]
    return [scenario.path, *slos, *more, *named_by(scenario)]


def _unnamed(scenario: "Scenario") -> set[str]:
    """Return the kinds of files that decide, and of which a scenario names none."""
    from gameday.files.kind import ALERTMANAGER, PROMETHEUS, RULES

    observe = scenario.observe
    kinds = set()
    if observe.prometheus is not None and not observe.files.rules:
        kinds |= {RULES, PROMETHEUS}
    if observe.alertmanager is not None and not observe.files.alertmanager:
        kinds.add(ALERTMANAGER)
    return kinds


def is_scenario(path: str) -> bool:
    """Return whether a file is a scenario, or was meant to be one."""
    from gameday.files import kind
    from gameday.files.text import source, yaml

    read = source.read(path)
    if kind.guessed(read.text) != kind.SCENARIO:
        return False
    document = yaml.read(read)
    return document.root is None or kind.of(document) == kind.SCENARIO
