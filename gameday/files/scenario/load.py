"""A scenario with everything that it names, and every problem of every file."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.errors import InvalidFile, Problem
from gameday.files.experiment import experiment
from gameday.files.scenario import env as environment
from gameday.files.scenario import scenario_checks
from gameday.files.scenario.scenario_promises import Named, step_name
from gameday.files.slo import slo
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document
from gameday.model.experiment import Experiment
from gameday.model.scenario import Expect, Guardrail, Scenario, Step
from gameday.model.slos.slo import Slo

# What of a file that cannot be read is told without quoting it.
_SAYS_NOTHING = ("file/missing", "file/unreadable", "file/not-regular", "file/bounds")


def scenario(path: str, env: Mapping[str, str]) -> Scenario:
    """Return the scenario of a file.

    Raises InvalidFile with every error in it and in every file that it names.
    """
    made, problems = read_scenario(path, env)
    errors = [problem for problem in problems if problem.severity == "error"]
    if made is None or errors:
        raise InvalidFile(errors)
    return made


def read_scenario(
    path: str, env: Mapping[str, str], changes: Mapping[str, Any] | None = None
) -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario of a file, and every problem, warnings included.

    The scenario is None where there is an error in it or in a file it names.
    `changes`: what is read in place of what the file says (see `files.changes`).
    """
    document = yaml.read(source.read(path))
    if changes:
        from gameday.files.changes import apply

        apply(document, changes)
    return read_document(document, env)


def read_document(
    document: Document, env: Mapping[str, str]
) -> tuple[Scenario | None, list[Problem]]:
    """Do what `read_scenario` does for a document that was read already."""
    problems = list(document.problems)
    problems += environment.substituted(document, env)
    here = top(document, problems, family="scenario")
    if document.root is None or here.mapping() is None:
        return None, tidy(problems)
    if document.rest:
        line = document.rest[0].line(())
        message = "a second document; a scenario is one file with one document"
        problems.append(
            Problem(document.path, line, message, id="scenario/second-document")
        )
    made = _scenario(here, env)
    refused = any(problem.severity == "error" for problem in problems)
    return (None if refused else made), tidy(problems)


def tidy(problems: list[Problem]) -> list[Problem]:
    """Return problems once each, in the order of files and lines."""
    order = {path: n for n, path in enumerate(dict.fromkeys(p.path for p in problems))}
    once = dict.fromkeys(problems)
    return sorted(
        once,
        key=lambda problem: (
            order[problem.path],
            problem.line or 0,
            problem.column,
            problem.message,
        ),
    )


def _scenario(here: Cursor, env: Mapping[str, str]) -> Scenario | None:
    from gameday.files.scenario import scenario_errors

    empty_keys(here, here.value)
    wired = scenario_errors.validate(here)
    named = _slos(here)
    _observed(here)
    _drift(here)
    url = None if wired is None else wired.target.url
    experiments = _experiments(here, env, url)
    scenario_checks.check(here, named, experiments)
    complete = [experiment for experiment in experiments if experiment is not None]
    errors = any(problem.severity == "error" for problem in here.problems)
    if wired is None or errors or len(complete) != len(experiments):
        return None
    return _completed(wired, here, named.slos, complete)


def empty_keys(here: Cursor, value: Any) -> None:
    """Report each key without a value: it would be passed over in silence."""
    for part, below in _parts(value):
        if below is None:
            place = Cursor(here.document, value, here.problems, here.path)
            place.error(
                "is empty; give it a value or remove the key", part, code="empty-key"
            )
        elif part != "with":
            empty_keys(
                Cursor(here.document, below, here.problems, (*here.path, part)), below
            )


def _parts(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _named_files(here: Cursor, *keys: str) -> list[tuple[Cursor, str]]:
    """Return the paths that a list (or one key) names, each with its place."""
    place: Cursor | None = here
    for key in keys:
        place = place.get(key) if place is not None else None
    if place is None:
        return []
    items = [place]
    if isinstance(place.value, list):
        items = [place.at(index) for index in range(len(place.value))]
    path = here.document.path
    return [
        (item, source.beside(path, item.value))
        for item in items
        if isinstance(item.value, str) and item.value
    ]


def _slos(here: Cursor) -> Named:
    opened = [
        (place, _opened(place, path)) for place, path in _named_files(here, "slos")
    ]
    named = [
        (place, slo.of_file(document))
        for place, document in opened
        if document is not None
    ]
    readings = slo.read_documents([document for _, document in named])
    slos: list[Slo] = []
    unmeasured: dict[str, str] = {}
    complete = True
    for (place, _), reading in zip(named, readings, strict=True):
        _take_over_problems(place, reading.problems)
        complete &= not any(problem.severity == "error" for problem in reading.problems)
        unmeasured.update(reading.unmeasured)
        for objective in reading.slos:
            if any(objective.name == other.name for other in slos):
                place.error(
                    f"the SLO {objective.name!r} is in two of these files",
                    code="duplicate-name",
                )
            slos.append(objective)
    return Named(tuple(slos), unmeasured, complete)


def _take_over_problems(place: Cursor, problems: list[Problem]) -> None:
    """Take over a named file's problems; a file that is not there is blamed here."""
    for problem in problems:
        if problem.id == "file/missing":
            place.error(f"{problem.path}: {problem.message}", code=problem.id)
        else:
            place.problems.append(problem)


def _observed(here: Cursor) -> None:
    """Read the files that let promises be linted, for their problems."""
    if (here.get("observe") or here).get("files") is None:
        return
    from gameday.files.alertmanager import alertmanager
    from gameday.files.prometheus import prometheus_config, rules

    readers: dict[str, Callable[[Document], tuple[object, list[Problem]]]] = {
        "rules": rules.parse_document,
        "prometheus": prometheus_config.parse_document,
        "alertmanager": alertmanager.parse_document,
    }
    for key, parse in readers.items():
        for place, path in _named_files(here, "observe", "files", key):
            document = _opened(place, path)
            if document is not None:
                _take_over_problems(place, parse(document)[1])


def _opened(place: Cursor, path: str) -> Document | None:
    """Return the document of a file that a scenario names.

    A file from elsewhere that is none of ours is refused without a word of it: whoever
    writes a scenario could otherwise have any file of the machine that checks it shown
    in a public log.
    """
    file = source.read(path)
    document = yaml.read(file)
    folder = os.path.realpath(os.path.dirname(place.document.path))  # noqa: PTH120
    inside = os.path.join(folder, "")  # noqa: PTH118
    if os.path.realpath(path).startswith(inside) or _may_be_quoted(file, document):
        return document
    message = f"{path}: is of no kind that gameday knows; correct the path"
    place.error(message, code="named-file")
    return None


def _may_be_quoted(file: source.Source, document: Document) -> bool:
    if file.problem is not None:
        return file.problem.id in _SAYS_NOTHING
    from gameday.files import kind, pieces

    if not file.text.strip() or any(
        piece.kind for piece in pieces.of(document, passing=False)
    ):
        return True
    return document.broken_off and bool(kind.guessed(file.text))


def _drift(here: Cursor) -> None:
    """Report a folder of Terraform's that is not there."""
    for place, path in _named_files(here, "drift", "terraform"):
        if not os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
            place.error(f"{path}: no such folder", code="named-file")


def _experiments(
    here: Cursor, env: Mapping[str, str], url: str | None
) -> list[Experiment | None]:
    steps = here.get("steps")
    if steps is None or not isinstance(steps.value, list):
        return []
    return [_experiment(steps.at(n), env, url) for n in range(len(steps.value))]


def _experiment(
    step: Cursor, env: Mapping[str, str], target_url: str | None
) -> Experiment | None:
    named = _named_files(step, "experiment")
    settings = step.value.get("with") if isinstance(step.value, dict) else None

    def blame(key: str, message: str) -> None:
        step.error(message, "with", key, code="with")

    for place, path in named:
        document = _opened(place, path)
        if document is None:
            return None
        given = settings if isinstance(settings, dict) else {}
        made, problems = experiment.read_document(
            document, given, target_url, env, blame
        )
        _take_over_problems(place, problems)
        return made
    return None


def _completed(
    wired: Scenario,
    here: Cursor,
    slos: Sequence[Slo],
    experiments: Sequence[Experiment],
) -> Scenario:
    """Return the scenario with all that it names; `here`: for lines and names."""
    steps = [
        _step(step, here.at("steps").at(index), experiments[index])
        for index, step in enumerate(wired.steps)
    ]
    return replace(
        wired,
        slos=tuple(slos),
        guardrails=_with_names(wired.guardrails),
        steps=tuple(steps),
        path=here.document.path,
    )


def _with_names(guardrails: Sequence[Guardrail]) -> tuple[Guardrail, ...]:
    """Return the guardrails, each with a name of its own."""
    named: list[Guardrail] = []
    taken: set[str] = set()
    for guardrail in guardrails:
        condition = guardrail.alert or guardrail.promql or guardrail.http
        wanted = guardrail.name or guardrail.slo or condition
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted} ({number})"
        taken.add(name)
        named.append(replace(guardrail, name=name))
    return tuple(named)


def _step(step: Step, here: Cursor, experiment: Experiment) -> Step:
    return replace(
        step,
        name=step_name(here),
        experiment=experiment,
        expect=_expect(step.expect, here),
        line=here.line,
    )


def _expect(expect: Expect, here: Cursor) -> Expect:
    """Return the promises, each with its line, and the expressions taken apart."""
    from gameday.files.scenario.comparison import conditions

    place = here.get("expect") or here

    def line(*path: str | int) -> int | None:
        return place.document.line((*place.path, *path))

    return replace(
        expect,
        alerts=tuple(
            replace(promise, line=line("alerts", index))
            for index, promise in enumerate(expect.alerts)
        ),
        slos=tuple(
            replace(promise, line=line("slos", index))
            for index, promise in enumerate(expect.slos)
        ),
        metrics=tuple(
            replace(
                promise,
                conditions=conditions(promise.promql),
                line=line("metrics", index),
            )
            for index, promise in enumerate(expect.metrics)
        ),
        load=None if expect.load is None else replace(expect.load, line=line("load")),
    )
