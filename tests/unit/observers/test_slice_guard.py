"""Guardrails on SLOs whose objective is a share of slices of time."""

import pytest

from gameday.clock import SystemClock
from gameday.model.scenario import Endpoint
from gameday.model.slos.scraped import read_targets
from gameday.model.slos.slo import Series, Slices, Slo, Term
from gameday.observers.prometheus import PrometheusObserver
from gameday.observers.prometheus.budget import read_budget
from gameday.observers.slice_guard import SliceCounts
from tests.unit.observers.fake import Heard, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

WEB = {"job": "web", "instance": "web-1"}
SLO = Slo(
    name="availability",
    service="shop",
    objective=0.9,
    window=600.0,
    bad=(Term(selector="bad"),),
    total=(Term(selector="total"),),
    format="openslo",
    slices=Slices(length=20.0, target=0.95),
)


def counts(failing: dict[int, float], until: int, slo: Slo = SLO) -> SliceCounts:
    """Count 10 events a second from 0 s on; some seconds have bad ones."""
    bad = [
        (float(at), sum(count for when, count in failing.items() if when <= at))
        for at in range(until + 1)
    ]
    every = [(at, 10.0 * at) for at, _ in bad]
    sides = {
        side: Series(labels=WEB, samples=tuple(samples))
        for side, samples in (("bad", bad), ("total", every))
    }
    targets = read_targets([sides["total"]], [sides["bad"]])
    assert slo.slices is not None
    return SliceCounts(
        slo,
        slo.slices,
        {side: [(1.0, series)] for side, series in sides.items()},
        targets,
    )


@pytest.mark.parametrize(
    ("failing", "until", "bad"),
    [
        ({25: 11.0}, 45, 1),  # 5.5 % of the slice's 200 events
        ({25: 10.0}, 45, 0),  # exactly what its target leaves
        ({25: 11.0, 45: 11.0}, 65, 2),
        ({5: 50.0}, 45, 0),  # before anything was watched
        ({5: 50.0, 15: 1.0}, 45, 1),  # a slice is judged as a whole
    ],
    ids=["bad", "exactly", "two", "before", "whole"],
)
def test_bad_slices_spend_the_budget(
    failing: dict[int, float], until: int, bad: int
) -> None:
    # Three of the window's thirty slices may be bad.
    share, because = counts(failing, until).budget_spent(10.0, until)
    assert share == pytest.approx(bad / 3)
    assert because.startswith(f"availability: {bad} of ")


def test_the_slice_that_runs_is_bad_once_nothing_can_save_it() -> None:
    first_scrapes = counts({41: 2.0}, 42)  # 2 of 20 so far, of 200 in the end
    assert first_scrapes.budget_spent(0.0, 42.0)[0] == 0.0
    assert counts({41: 11.0}, 42).budget_spent(0.0, 42.0)[0] == pytest.approx(1 / 3)


def test_a_burn_rate_is_the_share_of_bad_slices_by_the_budget() -> None:
    burning = counts({25: 11.0}, 40)
    rate, because = burning.burn_rate(10.0, 40.0)
    assert rate == pytest.approx(10.0)
    assert because.endswith("1 of 1 slices of 20s were bad in the last 20s")
    assert counts({5: 11.0}, 40).burn_rate(10.0, 40.0)[0] == 0.0


def test_without_any_budget_a_bad_slice_is_no_share_of_it() -> None:
    strict = Slo(
        name="availability",
        service="shop",
        objective=1.0,
        window=600.0,
        bad=SLO.bad,
        total=SLO.total,
        format="openslo",
        slices=SLO.slices,
    )
    assert counts({}, 40, strict).budget_spent(0.0, 40.0)[0] == 0.0
    assert counts({25: 11.0}, 40, strict).budget_spent(0.0, 40.0)[0] is None


def test_samples_are_read_from_before_the_slice_that_had_begun() -> None:
    """Slices of 20 s: what came in the last 20 s before the start is needed."""
    clock = SystemClock()
    now = clock.now()
    world = FakePrometheus(now=now)
    points = [(now - 200.0 + second, float(second)) for second in range(201)]
    world.selected = {"bad": [(WEB, points)], "total": [(WEB, points)]}
    world.target(**WEB)
    first = {}
    for slices in (None, SLO.slices):
        slo = Slo(
            name="availability",
            service="shop",
            objective=0.9,
            window=600.0,
            bad=SLO.bad,
            total=SLO.total,
            format="openslo",
            slices=slices and Slices(length=100.0, target=0.95),
        )
        with serving(world.answer) as server:
            endpoint = Endpoint(url=server.url)
            observer = PrometheusObserver(endpoint, clock, [slo])
            observer.start(Heard(), now)
            try:
                observer.flush(now - 1.0)
                series = observer.counters.series(SLO.total[0])
            finally:
                observer.stop()
        first[slices] = series[0].samples[0][0] - now
    assert first[SLO.slices] == pytest.approx(first[None] - 100.0, abs=5.0)


def test_what_is_left_of_slices_is_not_known_beside_runs() -> None:
    budget = read_budget(
        Endpoint(url="http://127.0.0.1:9"), SystemClock(), SLO, 600.0, ()
    )
    assert "availability counts slices of time" in budget.unknown
