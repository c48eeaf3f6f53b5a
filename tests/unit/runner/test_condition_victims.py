"""Whose alerts and pages a phase waits for: each victim's, and no spared one's."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gameday.checks.record.naming import Directory
from gameday.model.events import Event, event
from gameday.model.scenario import AlertPromise, Expect
from gameday.model.target import Instance
from gameday.runner.conditions import in_aftermath, in_hold
from gameday.runner.run_state import RunState
from tests.unit.runner.world import plan

SHOP = tuple(
    Instance(service="web", name=f"web-{n}", identity={}, addresses=(f"10.0.0.{n}",))
    for n in (1, 2, 3)
)


def labels(number: int | None) -> dict[str, str]:
    about = {} if number is None else {"instance": f"10.0.0.{number}:80"}
    return {"alertname": "Down", **about}


def rings(*numbers: int | None, at: float = 12.0) -> list[Event]:
    return [
        event(at, "alert_firing", alert="Down", labels=labels(number), starts=at)
        for number in numbers
    ]


def page(*numbers: int | None, at: float = 13.0, status: str = "firing") -> Event:
    alerts = [{"labels": labels(number), "status": status} for number in numbers]
    return event(at, "page", receiver="oncall", status=status, alerts=alerts)


def run_state(*events: Event, ended: float | None = None) -> RunState:
    """Return a run state in which web-1 and web-2 were hit at 10 s."""
    made = RunState()
    made.directory = Directory(SHOP, "shop")
    for name in ("web-1", "web-2"):
        about = {"step": "s", "id": name, "service": "web", "instance": name}
        made.see(event(10.0, "fault_started", fault="process.stop", **about))
        if ended is not None:
            end = {"step": "s", "id": name, "ok": True, "by": "run", "because": ""}
            made.see(event(ended, "fault_ended", by_hand="", **end))
    for entry in events:
        made.see(entry)
    return made


PROMISE = AlertPromise(
    alert="Down",
    fires_within=30.0,
    reaches=("oncall",),
    resets_within=30.0,
    page_resolves_within=30.0,
)


def kept(seen: RunState, promise: AlertPromise = PROMISE) -> list[bool]:
    planned = plan(Expect(alerts=(promise,)))
    step = replace(planned.scenario.steps[0], hold=None)
    return [condition.kept for condition in in_hold(seen, step, planned.steps[0])]


@pytest.mark.parametrize(
    ("numbers", "victims", "expected"),
    [
        ((1, 2), "each", True),
        ((1,), "each", False),
        ((1,), "any", True),
        ((3,), "any", False),
        ((1, 3), "each", False),
        ((None,), "each", True),
    ],
)
def test_the_hold_waits_for_each_victim(
    numbers: Sequence[int | None], victims: str, expected: bool
) -> None:
    asked = replace(PROMISE, victims=victims)
    assert kept(run_state(*rings(*numbers)), asked) == [expected, False]
    assert kept(run_state(page(*numbers)), asked) == [False, expected]


def test_the_aftermath_waits_for_all_that_rang() -> None:
    def waited(*events: Event) -> list[bool]:
        planned = plan(Expect(alerts=(PROMISE,)))
        parts = [*rings(1, 2, 3), page(1, 2, 3), *events]
        seen = run_state(*parts, ended=20.0)
        conditions = in_aftermath(seen, planned.scenario.steps[0], planned.steps[0])
        return [condition.kept for condition in conditions if "Down" in condition.what]

    def resolved(number: int) -> Event:
        about = {"alert": "Down", "labels": labels(number), "exact": True}
        return event(22.0, "alert_resolved", starts=12.0, **about)

    over = page(1, at=23.0, status="resolved")
    assert waited(resolved(1), over) == [False, False]
    both = page(1, 2, at=23.0, status="resolved")
    assert waited(resolved(1), resolved(2), both) == [True, True]
