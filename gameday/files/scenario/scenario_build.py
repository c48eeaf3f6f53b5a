"""From the wire to the model: a scenario with everything that it names."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gameday.files.scenario import scenario_wire as wire
from gameday.files.scenario.scenario_promises import step_name
from gameday.files.text.cursor import Cursor
from gameday.model.experiment import Experiment
from gameday.model.scenario import (
    Expect,
    Guardrail,
    Scenario,
    Step,
)
from gameday.model.slos.slo import Slo
from gameday.model.target import TargetRef


class Parts(NamedTuple):
    """What a scenario names, read: its SLOs, and each step's experiment."""

    slos: Sequence[Slo]
    experiments: Sequence[Experiment]


def scenario(read: wire.Scenario, here: Cursor, parts: Parts) -> Scenario:
    """Return the scenario; `here` is its document, for lines and names."""
    path = here.document.path
    steps = [
        _step(step, here.at("steps").at(index), parts.experiments[index])
        for index, step in enumerate(read.steps)
    ]
    return Scenario(
        name=read.metadata.name,
        owner=read.metadata.owner,
        labels=dict(read.metadata.labels),
        target=target(read.target),
        observe=read.observe,
        slos=tuple(parts.slos),
        load=read.load,
        guardrails=_named(read.guardrails),
        blast_radius=read.blast_radius,
        drift=read.drift,
        steps=tuple(steps),
        path=path,
    )


def target(read: wire.Target) -> TargetRef:
    """Return the target; exactly one is there."""
    if read.docker is not None:
        options = {"host": read.docker.host, "context": read.docker.context}
        given = {key: value for key, value in options.items() if value}
        return TargetRef(kind="docker", name=read.docker.project, options=given)
    if read.kubernetes is not None:
        cluster = read.kubernetes
        options = {"consent": cluster.consent, "helper_image": cluster.helper_image}
        return TargetRef(
            kind="kubernetes",
            name=cluster.context,
            namespace=cluster.namespace,
            options={key: value for key, value in options.items() if value},
        )
    name = read.local.supervisor if read.local is not None else ""
    return TargetRef(kind="local", name=name)


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


def _step(read: wire.Step, here: Cursor, experiment: Experiment) -> Step:
    return Step(
        name=step_name(here),
        experiment=experiment,
        settings=dict(read.settings),
        hold=read.hold,
        bites=read.bites,
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
