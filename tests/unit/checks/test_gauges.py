"""SLOs that count the samples of a gauge."""

import pytest

from gameday.checks.record.samples import read_samples
from gameday.model.events import Event, event
from gameday.model.timeline import Timeline

WEB = {"job": "web", "instance": "web-1:80"}


def sampled(side: str, sign: float, values: list[list[float]]) -> Event:
    return event(
        values[-1][0],
        "sample",
        slo="probes",
        side=side,
        sign=sign,
        series=WEB,
        values=values,
        gauge=True,
    )


@pytest.fixture
def restarted() -> Timeline:
    """20 samples, a second apart; 8 to 12 are false; the process restarts at 10."""
    every = [[float(at), float(at)] for at in range(1, 21)]
    true = [[at, at - min(max(at - 7, 0.0), 5.0)] for at, _ in every]
    return Timeline(
        [
            event(0.0, "scrape", job="web", instance="web-1:80", up=True),
            event(1.0, "process", job="web", instance="web-1:80", began=-1000.0),
            event(10.0, "process", job="web", instance="web-1:80", began=9.5),
            sampled("bad", 1.0, every),
            sampled("bad", -1.0, true),
            sampled("total", 1.0, every),
        ]
    )


def test_a_restart_of_the_process_resets_no_count_of_samples(
    restarted: Timeline,
) -> None:
    counters = read_samples(restarted).of("probes")
    assert counters.count("total", 5.0, 15.0).value == 10.0
    bad = counters.count("bad", 5.0, 15.0)
    assert bad.value == 5.0
    assert bad.resets == 0
