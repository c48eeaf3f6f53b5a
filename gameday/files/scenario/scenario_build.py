"""From a scenario's keys to a scenario with everything that it names."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gameday.files.scenario.scenario_promises import step_name
from gameday.files.text.cursor import Cursor
from gameday.model.experiment import Experiment
from gameday.model.scenario import Expect, Guardrail, Scenario, Step
from gameday.model.slos.slo import Slo


class Parts(NamedTuple):
    """What a scenario names, read: its SLOs, and each step's experiment."""

    slos: Sequence[Slo]
    experiments: Sequence[Experiment]


def scenario(read: Scenario, here: Cursor, parts: Parts) -> Scenario:
    """Return the scenario; `here` is its document, for lines and names."""
    steps = [
        _step(step, here.at("steps").at(index), parts.experiments[index])
        for index, step in enumerate(read.steps)
    ]
    return replace(
        read,
        slos=tuple(parts.slos),
        guardrails=_named(read.guardrails),
        steps=tuple(steps),
        path=here.document.path,
    )


def _named(read: Sequence[Guardrail]) -> tuple[Guardrail, ...]:
    """Return the guardrails, each with a name of its own."""
    named: list[Guardrail] = []
    taken: set[str] = set()
    for guardrail in read:
        condition = guardrail.alert or guardrail.promql or guardrail.http
        wanted = guardrail.name or guardrail.slo or condition
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted} ({number})"
        taken.add(name)
        named.append(replace(guardrail, name=name))
    return tuple(named)


def _step(read: Step, here: Cursor, experiment: Experiment) -> Step:
    return replace(
        read,
        name=step_name(here),
        experiment=experiment,
        expect=_expect(read.expect, here),
        line=here.line,
    )


def _expect(read: Expect, here: Cursor) -> Expect:
    """Return the promises, each with its line, and the expressions taken apart."""
    from gameday.files.scenario.comparison import conditions

    place = here.get("expect") or here

    def line(*path: str | int) -> int | None:
        return place.document.line((*place.path, *path))

    return replace(
        read,
        alerts=tuple(
            replace(promise, line=line("alerts", index))
            for index, promise in enumerate(read.alerts)
        ),
        slos=tuple(
            replace(promise, line=line("slos", index))
            for index, promise in enumerate(read.slos)
        ),
        metrics=tuple(
            replace(
                promise,
                conditions=conditions(promise.promql),
                line=line("metrics", index),
            )
            for index, promise in enumerate(read.metrics)
        ),
        load=None if read.load is None else replace(read.load, line=line("load")),
    )
