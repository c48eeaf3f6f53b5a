"""What `gameday check` finds; it imports and runs nothing of theirs."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TextIO

from gameday.errors import Problem
from gameday.files import kind, source, yaml
from gameday.files.kind import (
    ALERTMANAGER,
    EXPERIMENT,
    PROMETHEUS,
    RULES,
    SCENARIO,
    SLO,
)
from gameday.files.source import Source
from gameday.model.scenario import Scenario

_ENDINGS = (".yaml", ".yml", ".json")
_SKIPPED = {"node_modules", "__pycache__", "site-packages", "venv", "vendor"}
_NO_KIND = (
    "is none of the kinds that gameday knows; expected a scenario, an experiment, "
    "SLOs, alert rules, or a configuration of Alertmanager or Prometheus"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Every problem; how many files of which kind; the scenarios that are valid.

    `files`: (path, kind) of each file that was judged.
    """

    problems: tuple[Problem, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    problems: list[Problem] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    slos: list[Source] = field(default_factory=list)


def check(
    paths: Sequence[str], env: Mapping[str, str], stdin: TextIO | None
) -> CheckResult:
    """Judge files, all files of folders, and standard input (`-`)."""
    found = _Found()
    seen: set[str] = set()
    for path in paths:
        if path == "-" and stdin is not None:
            _one(source.read_stdin(stdin), env, found, named=True)
        elif os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
            for below in _below(path):
                if below not in seen:
                    _one(source.read(below), env, found, named=False)
                seen.add(below)
        elif os.path.normpath(path) not in seen:
            seen.add(os.path.normpath(path))
            _one(source.read(path), env, found, named=True)
    _slos(found)
    return _result(found)


def _result(found: _Found) -> CheckResult:
    from gameday.files.load import tidy

    counts: dict[str, int] = {}
    for _, one in found.files:
        counts[one] = counts.get(one, 0) + 1
    return CheckResult(
        problems=tuple(tidy(found.problems)),
        counts=counts,
        scenarios=tuple(found.scenarios),
        files=tuple(found.files),
    )


def _below(folder: str) -> Iterator[str]:
    """Go through the YAML and JSON files below a folder, in order."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and name[0] != "."
        )
        for name in sorted(names):
            path = os.path.normpath(os.path.join(place, name))  # noqa: PTH118
            if name.endswith(_ENDINGS) and os.path.isfile(path):  # noqa: PTH113
                yield path


def _one(read: Source, env: Mapping[str, str], found: _Found, *, named: bool) -> None:
    document = yaml.read(read)
    is_kind = kind.of(document)
    if not is_kind and document.root is None:
        _unreadable(read, document.problems, found, named=named)
        return
    if not is_kind:
        if named:
            line = document.line(())
            found.problems.append(
                Problem(read.path, line, _NO_KIND, id="file/unknown-kind")
            )
        return
    found.files.append((read.path, is_kind))
    if is_kind == SCENARIO:
        from gameday.files import load

        made, problems = load.read_source(read, env)
        found.scenarios += [] if made is None else [made]
        found.problems += problems
    elif is_kind == SLO:
        found.slos.append(read)
    else:
        found.problems += _judged(read, is_kind, env)


def _judged(read: Source, is_kind: str, env: Mapping[str, str]) -> list[Problem]:
    if is_kind == EXPERIMENT:
        from gameday.files import experiment

        return experiment.read_source(read, env=env)[1]
    if is_kind == RULES:
        from gameday.files import rules

        return rules.parse(read.text, read.path)[1]
    if is_kind == PROMETHEUS:
        from gameday.files import prometheus_config

        return prometheus_config.parse(read.text, read.path)[1]
    return _alertmanager(read) if is_kind == ALERTMANAGER else []


def _alertmanager(read: Source) -> list[Problem]:
    from gameday.files import alertmanager, amtool

    problems = alertmanager.parse(read.text, read.path)[1]
    refused = any(one.severity == "error" for one in problems)
    if refused or read.path == "-":
        return problems
    return problems + amtool.judge(read.path)


def _unreadable(
    read: Source, problems: list[Problem], found: _Found, *, named: bool
) -> None:
    """Refuse a file that was named, or that was meant to be one of ours."""
    meant = kind.guessed(read.text)
    if named or meant or read.problem is not None:
        found.problems += problems
        found.files += [(read.path, meant)] if meant else []
        return
    found.problems += [
        replace(one, message=f"passed over: {one.message}", severity="warning")
        for one in problems
        if read.text.strip()
    ]


def _slos(found: _Found) -> None:
    """Read all SLO files together: one may refer to another's SLI."""
    if found.slos:
        from gameday.files import slo

        for reading in slo.read_sources(found.slos):
            found.problems += reading.problems
