"""Slices of time, counted by gameday and by a real Prometheus of each generation."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gameday.clock import SystemClock
from gameday.model.events import Event
from gameday.model.scenario import Endpoint, SloPromise
from gameday.model.slos.slo import Slices
from gameday.observers.http import Client
from gameday.observers.prometheus.api import PrometheusApi
from gameday.observers.prometheus.counters import SampleCounters
from tests.builders import (
    answer,
    at,
    fault,
    judged,
    objective,
    plan,
    step,
    timeline,
)
from tests.real.observers.history import asked, remembering

pytestmark = pytest.mark.alerting
LENGTH, WHOLE = 20, 7  # seconds of a slice, and those before the step's end at 150 s
SLO = objective(
    objective=0.5, window=400.0, slices=Slices(length=float(LENGTH), target=0.95)
)
(BAD,), (TOTAL,) = SLO.bad, SLO.total


def _counted(seed: int) -> str:
    """Return the counters of two servers, scraped every second, as OpenMetrics."""
    chance = random.Random(seed)  # noqa: S311 - the same numbers every time
    lines = ["# TYPE requests counter"]
    for server in ("web-1", "web-2"):
        counts = {"200": 0, "500": 0}
        told: dict[str, list[str]] = {code: [] for code in counts}
        for second in range(151):
            worst = 0.04 * ((second - 11) // LENGTH % 4)
            for _ in range(50):
                is_bad = 11 < second < LENGTH * WHOLE and chance.random() < worst
                counts["500" if is_bad else "200"] += 1
            for code, count in counts.items():
                labels = f'job="web",instance="{server}:80",code="{code}"'
                sample = f"requests_total{{{labels}}} {count} {at(second):.3f}"
                told[code].append(sample)
        lines += [*told["200"], *told["500"]]
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture(params=range(3))
def url(
    request: pytest.FixtureRequest, programs: dict[str, str], tmp_path: Path
) -> Iterator[str]:
    """A Prometheus that knows the counters of some minutes of another day."""
    with remembering(programs, tmp_path, _counted(request.param)) as address:
        yield address


def _bad_by_prometheus(url: str) -> list[float]:
    """Return for each slice that was seen whole whether PromQL finds it bad."""

    def risen(selector: str) -> str:
        return f"(sum({selector}) - sum({selector} offset {LENGTH}s))"

    (series,) = asked(
        url,
        "query_range",
        query=f"{risen(BAD.selector)} / {risen(TOTAL.selector)} > bool 0.05",
        start=at(LENGTH),
        end=at(LENGTH * WHOLE),
        step=LENGTH,
    )
    return [float(value) for _, value in series["values"]]


def _samples(url: str) -> list[Event]:
    """Return the counters as the observer reads and records them."""
    counters = SampleCounters([SLO])
    with closing(Client(Endpoint(url=url), SystemClock())) as client:
        api = PrometheusApi(client, SystemClock())
        return [
            event
            for selector in counters.uses
            for event in counters.feed(selector, api.raw(selector, 151.0, at(150)))
        ]


def test_as_many_slices_are_bad_as_prometheus_finds(url: str) -> None:
    promise = step(slos=(SloPromise(slo=SLO.name, spends_at_most=0.9),))
    story = timeline(fault(), _samples(url))
    finding = answer(judged(plan(promise, slos=[SLO]), story), "spends_at_most")
    bad = _bad_by_prometheus(url)
    assert (len(bad), 0 < sum(bad) < WHOLE) == (WHOLE, True)
    told = finding.evidence
    assert told["bad_slices_surely"] == told["bad_slices_perhaps"] == sum(bad)
    allowed = SLO.budget * SLO.window / LENGTH
    assert (finding.measured, finding.error) == (round(sum(bad) / allowed, 9), 0.0)
