"""Chaos Toolkit experiments: judged, and read as far as gameday needs them.

Stricter than `chaos validate`, which stops at the first problem, passes over
misspelt keys, and imports what the file names; nothing is imported here.
"""

import os
from collections.abc import Mapping
from typing import Any

from gameday.errors import Problem
from gameday.files.experiment import (
    activities,
    configuration,
    controls,
    experiment_acts,
    experiment_python,
)
from gameday.files.experiment.activities import ReadActivity
from gameday.files.experiment.configuration import Blame, GivenConfiguration
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document, Path
from gameday.model.experiment import Experiment
from gameday.model.quoting import shown

_TOP = (
    "title",
    "description",
    "method",
    "version",
    "tags",
    "contributions",
    "runtime",
    "controls",
    "configuration",
    "secrets",
    "steady-state-hypothesis",
    "rollbacks",
    "extensions",
    "dry",
)
# Null in one of these ends the engine before the method, and its rollbacks with it.
_NEVER_EMPTY = (
    "steady-state-hypothesis",
    "configuration",
    "secrets",
    "rollbacks",
    "controls",
)
_HYPOTHESIS = ("title", "description", "probes", "controls")
_RUNTIME: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "hypothesis": (
        ("strategy",),
        (
            "default",
            "before-method-only",
            "after-method-only",
            "during-method-only",
            "continuously",
            "skip",
        ),
    ),
    "rollbacks": (("strategy",), ("always", "never", "default", "deviated")),
}


def read(
    path: str,
    settings: Mapping[str, Any] | None = None,
    target_url: str | None = None,
    env: Mapping[str, str] | None = None,
    blame: Blame | None = None,
) -> tuple[Experiment | None, list[Problem]]:
    """Return an experiment as a scenario's step has it, and every problem.

    `settings` (the step's `with`) and `target_url` replace its configuration;
    `blame` is told what is wrong with `settings`. With `settings` (even empty) an
    environment variable that is not set is an error, without them a warning.
    The experiment is None where an error was found.
    """
    return read_source(source.read(path), settings, target_url, env, blame)


def read_source(
    read: source.Source,
    settings: Mapping[str, Any] | None = None,
    target_url: str | None = None,
    env: Mapping[str, str] | None = None,
    blame: Blame | None = None,
) -> tuple[Experiment | None, list[Problem]]:
    """Do what `read` does for a text that was read already."""
    return read_document(yaml.read(read), settings, target_url, env, blame)


def read_document(
    document: Document,
    settings: Mapping[str, Any] | None = None,
    target_url: str | None = None,
    env: Mapping[str, str] | None = None,
    blame: Blame | None = None,
) -> tuple[Experiment | None, list[Problem]]:
    """Do what `read` does for a document that was read already."""
    problems = list(document.problems)

    def report(key: str, message: str) -> None:
        problems.append(
            Problem(document.path, None, f"with.{key}: {message}", id="scenario/with")
        )

    given = GivenConfiguration(
        env=os.environ if env is None else env,
        settings=settings or {},
        target_url=target_url,
        blame=blame or report,
        strict=settings is not None,
    )
    made = _read(document, problems, given)
    return (None if _refused(problems) else made), problems


def _refused(problems: list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _read(
    document: Document, problems: list[Problem], given: GivenConfiguration
) -> Experiment | None:
    here = top(document, problems, family="experiment")
    if document.root is None or here.mapping() is None:
        return None
    if document.rest or document.empty_documents:
        line = (
            document.rest[0].line(()) if document.rest else document.empty_documents[0]
        )
        message = "a second document; an experiment is one document"
        problems.append(
            Problem(document.path, line, message, id="experiment/second-document")
        )
    _top(here)
    probes = _hypothesis(here)
    own, values = configuration.resolve(here, given)
    configuration.check_secrets(here, given)
    method = _method(here)
    named = _named(here)
    rollbacks = [
        activities.check(rollback, named) for rollback in here.list_of("rollbacks")
    ]
    acts = experiment_acts.read(method, values)
    experiment_acts.check_undone(here, acts, rollbacks)
    experiment_acts.check_foreign(here, (method, rollbacks, probes), values, given)
    content = dict(here.value)
    if own:
        content["configuration"] = own
    return Experiment(
        path=document.path,
        title=here.text("title"),
        document=content,
        faults=acts.faults,
        foreign=acts.foreign,
        has_hypothesis=bool(probes),
    )


def _top(here: Cursor) -> None:
    here.only(_TOP, also=activities.FREE, lenient=True)
    here.refuse_empty(*_NEVER_EMPTY)
    here.text("title", required=True)
    here.text("description", required=True)
    if "method" not in here.value:
        here.error(
            "method is missing; expected a list of activities, or []",
            code="missing-key",
        )
    elif here.value["method"] is None:
        here.error(
            "method is empty; expected a list of activities, or []",
            "method",
            code="empty-key",
        )
    for extension in here.list_of("extensions"):
        if extension.mapping() is not None:
            extension.text("name", required=True)
    controls.check(here)
    _described(here)
    _runtime(here)


def _described(here: Cursor) -> None:
    """Judge what is for people only: tags and contributions."""
    passed_over = _passed_over(here, "tags", str, "a list")
    for tag in [] if passed_over else here.list_of("tags"):
        if not isinstance(tag.value, str) or not tag.value:
            tag.error(f"{shown(tag.value)} is no tag; expected text", code="wrong-type")
    if not _passed_over(here, "contributions", list, "a mapping"):
        here.mapping("contributions")


def _passed_over(here: Cursor, key: str, kind: type, expected: str) -> bool:
    """Warn of a value of a kind that the engine, which never looks at it, lets pass."""
    value = here.value.get(key)
    if isinstance(value, kind):
        message = f"{shown(value)} is passed over; expected {expected}"
        here.warn(message, key, code="wrong-type")
    return isinstance(value, kind)


def _runtime(here: Cursor) -> None:
    runtime = here.mapping("runtime")
    if runtime is None:
        return
    runtime.only((*_RUNTIME, "python"), also=activities.FREE, lenient=True)
    for key, (keys, strategies) in _RUNTIME.items():
        part = runtime.mapping(key)
        if part is not None:
            part.only(keys, also=activities.FREE, lenient=True)
            part.choice("strategy", strategies)
    experiment_python.check(runtime)


def _hypothesis(here: Cursor) -> list[ReadActivity | None]:
    """Judge the hypothesis; return its probes, None for one that cannot be read."""
    activities_read: list[ReadActivity | None] = []
    hypothesis = here.mapping("steady-state-hypothesis")
    if hypothesis is None:
        return activities_read
    hypothesis.only(_HYPOTHESIS, also=activities.FREE, lenient=True)
    hypothesis.refuse_empty("probes", "controls")
    hypothesis.text("title", required=True)
    named = _named(here)
    for probe in hypothesis.list_of("probes"):
        activity = activities.check(probe, named)
        activities_read.append(activity)
        if isinstance(probe.value, dict):
            activities.check_tolerance(probe)
        if activity is not None and activity.kind == "action":
            probe.error(
                "an action has no place in the hypothesis; expected a probe",
                code="activity-type",
            )
    return activities_read


def _named(here: Cursor) -> dict[str, Cursor]:
    """Return what a `ref` may name: the hypothesis' and the method's activities."""
    hypothesis = here.value.get("steady-state-hypothesis")
    lists = [here.value.get("method")]
    paths: list[Path] = [("method",)]
    if isinstance(hypothesis, dict):
        lists.append(hypothesis.get("probes"))
        paths.append(("steady-state-hypothesis", "probes"))
    by_name: dict[str, Cursor] = {}
    for items, path in zip(lists, paths, strict=True):
        for index, item in enumerate(items if isinstance(items, list) else ()):
            name = item.get("name") if isinstance(item, dict) else None
            if isinstance(name, str):
                place = (*path, index)
                by_name[name] = Cursor(here.document, item, here.problems, place)
    return by_name


def _method(here: Cursor) -> list[ReadActivity]:
    named = _named(here)
    seen: set[str] = set()
    activities_read: list[ReadActivity] = []
    for item in here.list_of("method"):
        activity = activities.check(item, named)
        name = item.value.get("name") if isinstance(item.value, dict) else None
        if isinstance(name, str) and name in seen:
            item.warn(
                f"the name {name!r} is used twice; a ref finds only one",
                "name",
                code="duplicate-name",
            )
        seen.update([name] if isinstance(name, str) else [])
        if activity is not None:
            activities_read.append(activity)
    return activities_read
