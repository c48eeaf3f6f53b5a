"""Each promise is known to all who deal with promises, by its declaration."""

from typing import Any

import pytest
from pydantic_core import SchemaValidator

from gameday.checks.doubt import CHAINS
from gameday.checks.judge import CHECKS
from gameday.checks.questions import asked
from gameday.files.scenario.scenario_wire import EXPECT
from gameday.model.promise import RATIO, SECONDS, Since
from gameday.model.scenario import (
    OF_ALERT,
    OF_LOAD,
    OF_SLO,
    PROMISES,
    AlertPromise,
    Expect,
    LoadPromise,
    SloPromise,
    Step,
)
from gameday.plans.plan import aftermath_at_most, hold_at_most
from gameday.regressions.measure import MEASURED
from gameday.runner.conditions import in_aftermath, in_hold
from gameday.runner.run_state import RunState
from tests.builders import alert, at, objective, page, plan, step
from tests.builders import fault as injected

WRITTEN = {SECONDS: "4321s", RATIO: "4321%", "": "oncall"}
MEANT: dict[str, Any] = {SECONDS: 4321.0, RATIO: 43.21, "": ("oncall",)}
TIMED = [name for name, promise in PROMISES.items() if promise.since is not None]


def promising(name: str) -> Step:
    """Return a step that makes this promise alone."""
    value = {name: MEANT[PROMISES[name].unit]}
    if name in OF_ALERT:
        return step(alerts=(AlertPromise(alert="Down", **value),))
    if name in OF_SLO:
        return step(slos=(SloPromise(slo="checkout", **value),))
    if name in OF_LOAD:
        return step(load=LoadPromise(**value))
    return step(**value)


@pytest.mark.parametrize("name", PROMISES)
def test_it_is_read_as_it_is_declared(name: str) -> None:
    value: dict[str, Any] = {name: WRITTEN[PROMISES[name].unit]}
    whole = value
    if name in OF_ALERT:
        whole = {"alerts": [{"alert": "Down", **value}]}
    elif name in OF_SLO:
        whole = {"slos": [{"slo": "checkout", **value}]}
    elif name in OF_LOAD:
        whole = {"load": value}
    read: Expect = SchemaValidator(EXPECT.core()).validate_python(whole)
    owner = [*read.alerts, *read.slos, *filter(None, [read.load]), read][0]
    assert getattr(owner, name) == MEANT[PROMISES[name].unit]


@pytest.mark.parametrize("name", PROMISES)
def test_it_is_asked_answered_and_doubted(name: str) -> None:
    promise = PROMISES[name]
    questions = asked(plan(promising(name), slos=(objective("checkout"),)))
    (question,) = [
        asked_question
        for asked_question in questions
        if asked_question.question == name
    ]
    told = (question.check, question.unit, question.promised)
    promised = MEANT[promise.unit] if promise.unit else None
    assert told == (promise.check, promise.unit, promised)
    assert name in CHECKS
    assert name in CHAINS
    assert (name in MEASURED) == bool(promise.unit)


@pytest.mark.parametrize("name", TIMED)
def test_its_time_is_planned_and_waited_for(name: str) -> None:
    """A phase that ended earlier would make its answer inconclusive."""
    promise, made = PROMISES[name], plan(promising(name))
    (asking,) = made.scenario.steps
    run_state = RunState()
    for seen in (
        *injected("web-2", begins=at(10), ends=at(20)),
        *alert("Down", fires=at(11), severity="page"),
        *page("oncall", at(12), "Down", severity="page"),
    ):
        run_state.see(seen)
    if promise.since is Since.START:
        planned = hold_at_most(asking, made.monitoring)
        waited, base = in_hold(run_state, asking, made.steps[0]), at(10)
    else:
        planned = aftermath_at_most(asking)
        waited, base = in_aftermath(run_state, asking, made.steps[0]), at(20)
    assert planned == MEANT[SECONDS]
    until = base + planned
    assert [
        condition
        for condition in waited
        if condition.until == pytest.approx(until, abs=0.001)
    ]
