"""How long a fault is held, and what `plan` says where that is too short."""

from dataclasses import replace

import pytest

from gameday.model.alerting.alert import (
    AlertRule,
    Integration,
    Receiver,
    Route,
    Routing,
)
from gameday.model.experiment import Experiment
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise, Expect, Step
from gameday.plans.plan import LONGEST_HOLD, hold_at_most, uncovered

RULE = AlertRule(name="Down", expr="up == 0", hold=30, interval=15)
# Fires within 15 + 10 + 15 + 30; the page follows within the group's minute: 130.
MONITORING = Monitoring(
    rules=(RULE,),
    routing=Routing(
        route=Route(receiver="oncall", group_wait=10, group_interval=60),
        receivers=(
            Receiver(name="oncall", integrations=(Integration(kind="webhook"),)),
        ),
    ),
    scrape_interval=15,
    scrape_timeout=10,
    evaluation_interval=15,
)


def step(hold: float | None = None, **promise: object) -> Step:
    asked = AlertPromise(alert="Down", reaches=("oncall",), **promise)  # type: ignore[arg-type]
    experiment = Experiment(path="e.yaml", title="t", document={})
    expect = Expect(alerts=(asked,))
    return Step(name="s", experiment=experiment, expect=expect, hold=hold)


def test_a_page_without_a_time_is_waited_for_as_long_as_it_may_take() -> None:
    assert hold_at_most(step(), MONITORING) == 130
    assert list(uncovered(step(), MONITORING)) == []


def test_the_time_that_is_promised_for_firing_does_not_shorten_it() -> None:
    assert hold_at_most(step(fires_within=70.0), MONITORING) == 130


def test_a_page_with_a_time_is_waited_for_until_then() -> None:
    assert hold_at_most(step(pages_within=20.0), MONITORING) == 20
    assert list(uncovered(step(hold=5, pages_within=20.0), MONITORING)) == []


def test_a_hold_that_is_too_short_for_the_page_is_said() -> None:
    (said,) = uncovered(step(hold=60), MONITORING)
    assert "held for 1m" in said
    assert "within 2m10s" in said
    assert list(uncovered(step(hold=130), MONITORING)) == []


@pytest.mark.parametrize(
    "monitoring", [Monitoring(), replace(MONITORING, routing=None)]
)
def test_five_minutes_where_it_is_not_known(monitoring: Monitoring) -> None:
    assert hold_at_most(step(), monitoring) == 300


def test_a_page_that_may_take_days_is_not_waited_for_so_long() -> None:
    slow = replace(MONITORING, rules=(replace(RULE, expr="rate(x[3d]) > 1"),))
    assert hold_at_most(step(), slow) == LONGEST_HOLD
    (said,) = uncovered(step(), slow)
    assert "held for 1h" in said
