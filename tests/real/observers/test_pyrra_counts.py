"""Pyrra's indicators, counted by gameday and by Pyrra's own expressions."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gameday.clock import SystemClock
from gameday.model.events import Event
from gameday.model.quantity import parse_instant
from gameday.model.scenario import Endpoint, SloPromise
from gameday.model.slos.slo import Slo
from gameday.observers.http import Client
from gameday.observers.prometheus.api import PrometheusApi
from gameday.observers.prometheus.counters import SampleCounters
from gameday.observers.prometheus.window import events_since
from tests.builders import answer, at, fault, judged, plan, step, timeline
from tests.real.observers.history import asked, remembering
from tests.unit.files.shop import pyrra_slo

pytestmark = pytest.mark.alerting
ERRORS, ALL = 'requests_total{code=~"5.."}', "requests_total"
QUICK, TIMED = 'seconds_bucket{le="0.2"}', "seconds_count"
Bad = Callable[[str], str]


def _risen(selector: str) -> Bad:
    return lambda reach: f"sum({selector}) - sum({selector} offset {reach})"


def _slow(reach: str) -> str:
    return f"({_risen(TIMED)(reach)}) - ({_risen(QUICK)(reach)})"


def _down(reach: str) -> str:
    every = f"sum(count_over_time(probe_success[{reach}]))"
    return f"{every} - sum(sum_over_time(probe_success[{reach}]))"


INDICATORS: dict[str, tuple[str, Bad]] = {
    "ratio": (
        f"ratio: {{errors: {{metric: '{ERRORS}'}}, total: {{metric: {ALL}}}}}",
        _risen(ERRORS),
    ),
    "latency": (
        f"latency: {{success: {{metric: '{QUICK}'}}, total: {{metric: {TIMED}}}}}",
        _slow,
    ),
    "bool_gauge": ("bool_gauge: {metric: probe_success}", _down),
}


def _history(seed: int) -> str:
    """Return what two servers showed each second, as OpenMetrics."""
    chance = random.Random(seed)  # noqa: S311 - the same numbers every time
    names = (
        *('requests_total{code="200"', 'requests_total{code="500"'),
        *('seconds_bucket{le="0.2"', "seconds_count{", "probe_success{"),
    )
    told: dict[str, list[str]] = {name: [] for name in names}
    for server in ("web-1", "web-2"):
        counts = dict.fromkeys(names, 0)
        for second in range(151):
            for _ in range(20):
                counts[names[int(chance.random() < 0.1)]] += 1
                counts[names[3]] += 1
                counts[names[2]] += int(chance.random() < 0.7)
            counts[names[4]] = int(chance.random() < 0.8)
            for name, count in counts.items():
                labels = f'job="web",instance="{server}:80"'
                comma = "" if name.endswith("{") else ","
                sample = f"{name}{comma}{labels}}} {count} {at(second):.3f}"
                told[name].append(sample)
    return "\n".join([*(line for lines in told.values() for line in lines), "# EOF\n"])


@pytest.fixture(params=range(2))
def url(
    request: pytest.FixtureRequest, programs: dict[str, str], tmp_path: Path
) -> Iterator[str]:
    with remembering(programs, tmp_path, _history(request.param)) as address:
        yield address


def _parsed(indicator: str) -> Slo:
    return pyrra_slo(indicator, "99.9", "50")


def _by_prometheus(url: str, bad: Bad, since: float, until: float) -> float:
    """Return the bad events after one scrape and up to another."""
    # Version 2 takes the sample at the range's beginning in, version 3 leaves it out.
    gauges = bad is _down
    reach = f"{round((until - since) * 1000) - (500 if gauges else 0)}ms"
    ((_, value),) = (
        series["value"] for series in asked(url, "query", query=bad(reach), time=until)
    )
    return float(value)


def _samples(api: PrometheusApi, objective: Slo) -> list[Event]:
    counters = SampleCounters([objective])
    return [
        event
        for selector in counters.uses
        for event in counters.feed(selector, api.raw(selector, 151.0, at(150)))
    ]


@pytest.mark.parametrize("kind", INDICATORS)
def test_as_many_events_are_bad_as_pyrra_finds(url: str, kind: str) -> None:
    indicator, bad = INDICATORS[kind]
    objective = _parsed(indicator)
    with closing(Client(Endpoint(url=url), SystemClock())) as client:
        api = PrometheusApi(client, SystemClock())
        recorded = _samples(api, objective)
        gate = events_since(api, objective.bad, 100.0, at(150)).total
    promise = step(slos=(SloPromise(slo=objective.name, spends_at_most=0.9),))
    story = timeline(fault(), recorded)
    finding = answer(judged(plan(promise, slos=[objective]), story), "spends_at_most")
    told = finding.evidence
    since, until = (parse_instant(str(told[key])) for key in ("since", "until"))
    assert told["bad"] == _by_prometheus(url, bad, since, until) > 0
    assert gate == _by_prometheus(url, bad, at(50), at(150)) > 0
