"""`run --repeat N`: when each repeat's fault is ordered."""

from dataclasses import replace

import pytest

from gameday.app.days import repeat_phases
from gameday.app.days.repeat_phases import Cycle, lead_of, moments
from gameday.app.result import Repeat
from gameday.clock import SystemClock
from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.events import event
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.quantity import show_instant
from gameday.model.scenario import AlertPromise, Endpoint, Expect, Observe
from gameday.runner.dependencies import InjectionMoment
from gameday.runner.drive import Drive
from tests.unit.observers.fake import serving
from tests.unit.observers.fake_prometheus import FakePrometheus
from tests.unit.runner.world import START, World, plan

CYCLE = Cycle(origin=1003.0, interval=15.0, period=30.0)


def test_repeats_are_evenly_spaced_over_the_period() -> None:
    now = 5000.0
    orders = [CYCLE.moment(Repeat(n, 3, lead=0.4), now) for n in (1, 2, 3)]
    faults = [order + 0.4 for order in orders]
    assert [(fault - 1003.0 % 15.0) % 30.0 for fault in faults] == pytest.approx(
        [0.0, 10.0, 20.0]
    )
    assert all(now < order <= now + 30.1 for order in orders)


def test_a_phase_that_is_too_near_waits_for_the_next_period() -> None:
    nearly = 1003.0 + 30.0 - 0.42
    order = CYCLE.moment(Repeat(1, 3, lead=0.4), nearly)
    # The origin's own phase counts from 13 s into each interval of 15 s.
    assert order > nearly + repeat_phases.MARGIN
    assert (order + 0.4 - 13.0) % 30.0 == pytest.approx(0.0, abs=1e-6)


def test_how_long_a_fault_takes_to_begin_is_learnt() -> None:
    told = [
        event(10.0, "phase", phase="fault", step="s"),
        event(10.7, "fault_started", step="s", id="1"),
    ]
    assert lead_of(told) == pytest.approx(0.7)
    assert lead_of(told[:1]) is None


def asked(url: str, expr: str = "up == 0") -> tuple[object, ...]:
    rule = AlertRule(name="Down", expr=expr, group="shop", file="r.yaml")
    made = plan(Expect(alerts=(AlertPromise(alert="Down", fires_within=9.0),)))
    observe = Observe(prometheus=Endpoint(url=url)) if url else Observe()
    monitoring = Monitoring(
        rules=(rule,),
        recorded=(RecordingRule(name="a:up", expr='min(up{job="a"})'),),
        jobs=(
            ScrapeJob(name="a", interval=10.0, timeout=5.0),
            ScrapeJob(name="b", interval=70.0, timeout=5.0),
        ),
    )
    return (
        replace(
            made,
            monitoring=monitoring,
            scenario=replace(made.scenario, observe=observe),
        ),
    )


@pytest.mark.parametrize("expr", ["up{job='a'} == 0", "a:up == 0"])
def test_the_cycle_is_that_of_what_the_promised_alert_rests_on(expr: str) -> None:
    clock = SystemClock()
    fake = FakePrometheus()
    fake.groups = [
        {
            "name": "shop",
            "file": "r.yaml",
            "interval": 15,
            "lastEvaluation": show_instant(clock.now() - 5.0),
            "rules": [],
        }
    ]
    with serving(fake.answer) as server:
        (made,) = asked(server.url, expr)
        moment = moments(made, Repeat(2, 3), clock)("s")  # type: ignore[arg-type]
    assert moment is not None
    assert moment.text.startswith("repeat 2 of 3: 10s into the 30s after which")
    assert 0.0 < moment.at - clock.now() <= 30.5


def test_one_run_waits_for_nothing() -> None:
    (made,) = asked("")
    clock = SystemClock()
    assert moments(made, None, clock)("s") is None  # type: ignore[arg-type]
    assert moments(made, Repeat(1, 3), clock)("s") is None  # type: ignore[arg-type]


def test_the_fault_is_ordered_at_its_moment() -> None:
    world = World()
    wanted = InjectionMoment(at=START + 7.0, text="repeat 2 of 3")
    dependencies = replace(world.dependencies(), moment=lambda _step: wanted)
    Drive(plan(), dependencies).run()
    (ordered,) = [phase for phase in world.of("phase") if phase.phase == "fault"]
    assert ordered.at - START == pytest.approx(7.0, abs=0.06)
    assert any("repeat 2 of 3" in note.text for note in world.of("note"))
