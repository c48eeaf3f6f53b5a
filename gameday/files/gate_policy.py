"""A gate policy's file: read, judged, and resolved."""

from collections.abc import Mapping
from dataclasses import replace

from gameday.errors import InvalidFile, Problem
from gameday.files.scenario import env as environment
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document
from gameday.model.gate import GatePolicy


def read(path: str, env: Mapping[str, str]) -> GatePolicy:
    """Return the policy of a file; InvalidFile with every problem in it."""
    made, problems = read_document(yaml.read(source.read(path)), env)
    errors = [problem for problem in problems if problem.severity == "error"]
    if made is None or errors:
        raise InvalidFile(errors)
    return made


def read_document(
    document: Document, env: Mapping[str, str]
) -> tuple[GatePolicy | None, list[Problem]]:
    """Return the policy of a document that was read, and every problem in it."""
    from gameday.files.scenario import load

    problems = list(document.problems)
    problems += environment.substituted(document, env)
    here = top(document, problems, family="gate")
    if document.root is None or here.mapping() is None:
        return None, load.tidy(problems)
    if document.rest:
        line = document.rest[0].line(())
        message = "a second document; a gate policy is one file with one document"
        problems.append(
            Problem(document.path, line, message, id="gate/second-document")
        )
    load.empty_keys(here, here.value)
    made = _policy(here)
    refused = any(problem.severity == "error" for problem in problems)
    return (None if refused else made), load.tidy(problems)


def _policy(here: Cursor) -> GatePolicy | None:
    from gameday.files.scenario import scenario_errors
    from gameday.files.scenario.gate_wire import GATE_POLICY

    policy = scenario_errors.validated(here, GATE_POLICY)
    if policy is None:
        return None
    names = [asked.slo for asked in policy.slos]
    for number, name in enumerate(names):
        if name in names[:number]:
            here.error(
                f"the SLO {name!r} is there twice; remove one",
                *("slos", number, "slo"),
                code="duplicate-name",
            )
    return replace(policy, path=here.document.path)
