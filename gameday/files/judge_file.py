"""One file judged: each document of it that is of a known kind, by its reader."""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gameday.errors import Problem
from gameday.files import kind, neighbours, pieces
from gameday.files.kind import (
    EXPERIMENT,
    GATE,
    PROMETHEUS,
    RULES,
    SCENARIO,
    SLO,
)
from gameday.files.pieces import Piece
from gameday.files.text import source, yaml
from gameday.files.text.nodes import Document
from gameday.files.text.source import Source
from gameday.model.scenario import Scenario

_EXPECTED = (
    "expected a scenario, an experiment, SLOs, alert rules, or a configuration of "
    "Alertmanager or Prometheus"
)
_RULES_BY_NAME = re.compile(r"rule|alert(?!manager)", re.IGNORECASE)
_NO_KIND = f"is none of the kinds that gameday knows; {_EXPECTED}"
_SINGLE = (SCENARIO, GATE, EXPERIMENT)  # one document a file
_NOT_COMPUTED = (
    *("slo/not-supported", "slo/not-counted", "slo/other-version", "slo/plugin"),
)
_MUCH = 4_000_000  # bytes of a folder from which on all cores are worth starting
_BATCH = 16  # files that a process takes at once


@dataclass(slots=True)
class FileJudgement:
    """What was found: see `gameday.files.check.CheckResult`."""

    problems: list[Problem] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    slos: list[Document] = field(default_factory=list)

    def add(self, more: "FileJudgement") -> None:
        """Take over what was found elsewhere."""
        self.problems += more.problems
        self.scenarios += more.scenarios
        self.files += more.files
        self.passed += more.passed
        self.slos += more.slos


def judge_all(
    paths: Sequence[str], env: Mapping[str, str], cores: int | None = None
) -> FileJudgement:
    """Judge the files of folders: on so many cores, by default on all for much."""
    judgement = FileJudgement()
    if cores is None:
        much = sum(_size(path) for path in paths) > _MUCH
        cores = _cores() if much else 1
    if cores > 1:
        for judged in _on_cores(paths, env, cores):
            judgement.add(judged)
    else:
        for path in paths:
            judgement.add(judge(source.read(path), env, named=False))
    return judgement


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)  # noqa: PTH202 - a path as the user wrote it
    except OSError:
        return 0


def _on_cores(
    paths: Sequence[str], env: Mapping[str, str], cores: int
) -> Sequence[FileJudgement]:
    from concurrent.futures import ProcessPoolExecutor

    batches = [paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)]
    with ProcessPoolExecutor(cores) as pool:
        return list(pool.map(_judge_batch, batches, [dict(env)] * len(batches)))


def _judge_batch(paths: Sequence[str], env: Mapping[str, str]) -> FileJudgement:
    judgement = FileJudgement()
    for path in paths:
        judgement.add(judge(source.read(path), env, named=False))
    return judgement


def judge(read: Source, env: Mapping[str, str], *, named: bool) -> FileJudgement:
    """Judge a file; `named`: somebody asked for it, so that it is not passed over."""
    judgement = FileJudgement()
    other = (
        neighbours.template(read.text)
        or neighbours.prometheus_1(read.text)
        or pieces.surely_other(read.text)
    )
    if other:
        _pass_over(read.path, 1, other, judgement, named=named)
        return judgement
    document = yaml.read(read)
    parts = pieces.of(document, passing=not named)
    ours = [part for part in parts if part.kind]
    if document.broken_off and not ours:
        _unreadable(read, document, judgement, named=named)
    elif ours:
        document.problems = pieces.concerning(parts, document.problems)
        _judge_document(document, parts, judgement, env)
    else:
        line = document.line(())
        what = neighbours.most_telling([part.neighbour for part in parts])
        _pass_over(read.path, line, what, judgement, named=named)
    return judgement


def _pass_over(
    path: str, line: int | None, what: str, judgement: FileJudgement, *, named: bool
) -> None:
    if not named:
        judgement.passed.append((path, what))
    elif what == neighbours.OTHER:
        judgement.problems.append(Problem(path, line, _NO_KIND, id="file/unknown-kind"))
    else:
        article = "an" if what[0] in "AEIOUaeiou" else "a"
        message = (
            f"is {article} {what}, which gameday does not read; "
            f"{neighbours.advice(what)}"
        )
        judgement.problems.append(Problem(path, line, message, id="file/neighbour"))


def _unreadable(
    read: Source, document: Document, judgement: FileJudgement, *, named: bool
) -> None:
    """Refuse a file that was named, or that was meant to be one of ours."""
    meant = kind.guessed(read.text or read.rough)
    if read.path.endswith(".rules"):
        meant = RULES
    is_empty = [problem.id for problem in document.problems] == ["file/empty"]
    by_name = _RULES_BY_NAME.search(os.path.basename(read.path))  # noqa: PTH119
    if is_empty and (meant == RULES or (named and by_name)):
        message = "is empty: no rules, as for Prometheus"
        judgement.problems.append(
            Problem(read.path, None, message, "warning", "file/empty")
        )
        judgement.files.append((read.path, kind.RULES))
    elif named or meant or document.problems[-1].id == "file/unreadable":
        judgement.problems += document.problems
        judgement.files += [(read.path, meant)] if meant else []
    else:
        what = neighbours.EMPTY if is_empty else neighbours.UNREADABLE
        judgement.passed.append((read.path, what))


def _judge_document(
    document: Document,
    parts: list[Piece],
    judgement: FileJudgement,
    env: Mapping[str, str],
) -> None:
    """Judge a file's documents, those of one kind together."""
    path = document.path
    told = list(document.problems)
    kinds = dict.fromkeys(part.kind for part in parts if part.kind)
    for is_kind in kinds:
        judgement.files.append((path, is_kind))
        own = [part for part in parts if part.kind == is_kind]
        if parts[0].kind == is_kind and (is_kind in _SINGLE or _is_plain(own[0])):
            whole = document
        else:
            whole = pieces.joined(own, told)
            _behind(whole, is_kind, judgement)
        judgement.add(_read(whole, is_kind, env, alone=len(parts) == 1))
        told = []  # the file's own problems are told once


def _is_plain(piece: Piece) -> bool:
    """Return whether Prometheus itself reads it, of several documents the first."""
    root = piece.document.value
    return not (isinstance(root, dict) and "kind" in root) and piece.kind != SLO


def _behind(document: Document, is_kind: str, judgement: FileJudgement) -> None:
    if is_kind in _SINGLE:
        message = (
            f"stands behind another document; write the {is_kind} into its own file"
        )
        line = document.line(())
        problem_id = f"{is_kind}/second-document"
        judgement.problems.append(Problem(document.path, line, message, id=problem_id))


def _read(
    document: Document, is_kind: str, env: Mapping[str, str], *, alone: bool
) -> FileJudgement:
    if is_kind == SLO:
        return FileJudgement(slos=[document])
    if is_kind == SCENARIO:
        from gameday.files.scenario import load

        made, problems = load.read_document(document, env)
        return FileJudgement(
            problems=problems, scenarios=[] if made is None else [made]
        )
    if is_kind == PROMETHEUS:
        from gameday.files.prometheus import prometheus_config

        return FileJudgement(problems=prometheus_config.parse_document(document)[1])
    if is_kind == RULES:
        from gameday.files.prometheus import rules

        return FileJudgement(problems=rules.parse_document(document)[1])
    return FileJudgement(problems=_problems(document, is_kind, env, alone=alone))


def _problems(
    document: Document, is_kind: str, env: Mapping[str, str], *, alone: bool
) -> list[Problem]:
    if is_kind == GATE:
        from gameday.files import gate_policy

        return gate_policy.read_document(document, env)[1]
    if is_kind == EXPERIMENT:
        from gameday.files.experiment import experiment

        return experiment.read_document(document, env=env)[1]
    return _alertmanager(document, alone=alone)


def _alertmanager(document: Document, *, alone: bool) -> list[Problem]:
    from gameday.files.alertmanager import alertmanager, amtool

    problems = alertmanager.parse_document(document)[1]
    refused = any(problem.severity == "error" for problem in problems)
    if refused or not alone or document.path == "-":
        return problems
    return problems + amtool.judge(document.path)


def slos(judged: FileJudgement, named: Collection[str]) -> list[Problem]:
    """Read all SLO files together: one may refer to another's SLI.

    What is valid and only not computed is an error where somebody named the file; in a
    folder it is a warning, as files of other kinds are passed over there.
    """
    if not judged.slos:
        return []
    from gameday.files.slo import slo

    problems = [
        problem
        for reading in slo.read_documents(judged.slos)
        for problem in reading.problems
    ]
    return [
        replace(problem, severity="warning")
        if problem.id in _NOT_COMPUTED and problem.path not in named
        else problem
        for problem in problems
    ]
