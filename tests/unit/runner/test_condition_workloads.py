"""The aftermath waits for a cluster's workloads, where somebody tells of them."""

from dataclasses import replace

from gameday.model.events import Event, event
from gameday.model.plan import PlannedFault, PlannedStep
from gameday.model.scenario import Expect, Step
from gameday.model.target import Instance
from gameday.runner.conditions import in_aftermath
from gameday.runner.run_state import RunState
from tests.unit.runner.world import REQUEST, WEB, plan

NAME = "deployment/web"


def workload(at: float, ready: int, ends: int, wanted: int = 2) -> Event:
    rest = {"service": "web", "workload": NAME, "available": ready >= wanted}
    counts = {"wanted": wanted, "ready": ready, "endpoints": {"web": ends}}
    return event(at, "workload", **rest, **counts)


def awaited(*told: Event, victim: Instance | None = None) -> list[tuple[str, bool]]:
    """Return what is waited for after a fault from 10 to 20."""
    made = plan(Expect(recovers_within=30.0))
    step: Step = made.scenario.steps[0]
    hit = victim or replace(WEB, labels={"workload": NAME})
    fault = PlannedFault(request=REQUEST, victims=(hit,), found=2, duration=60.0)
    planned: PlannedStep = replace(made.steps[0], faults=(fault,))
    about = {"step": step.name, "id": "1"}
    run_state = RunState(recovered=True)
    run_state.see(event(10.0, "fault_started", instance="web-1", **about))
    run_state.see(event(20.0, "fault_ended", ok=True, **about))
    for entry in told:
        run_state.see(entry)
    conditions = list(in_aftermath(run_state, step, planned))
    assert {condition.until for condition in conditions} <= {50.0}
    return [
        (condition.what, condition.kept)
        for condition in conditions
        if "available" in condition.what
    ]


BEFORE = workload(1.0, 2, 2)
AVAILABLE = f"{NAME} to be available"


def test_until_the_replicas_and_the_endpoints_are_back() -> None:
    assert awaited(BEFORE, workload(11.0, 1, 1)) == [(AVAILABLE, False)]
    assert awaited(BEFORE, workload(21.0, 2, 1)) == [(AVAILABLE, False)]
    assert awaited(BEFORE, workload(22.0, 2, 2)) == [(AVAILABLE, True)]


def test_not_as_long_as_it_wants_less_than_before() -> None:
    assert awaited(BEFORE, workload(11.0, 1, 2, wanted=1)) == [(AVAILABLE, False)]


def test_not_for_what_was_not_available_before() -> None:
    assert awaited(workload(1.0, 1, 1), workload(21.0, 1, 1)) == [(AVAILABLE, True)]


def test_not_for_what_nobody_tells_of() -> None:
    assert awaited() == []
    assert awaited(BEFORE, victim=WEB) == []
