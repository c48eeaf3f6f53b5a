"""Counters, scrapes, processes, settings: the parts that only think."""

from dataclasses import replace

import pytest

from gameday.errors import ObserverLost
from gameday.model.plan import ScrapeJob
from gameday.model.slos.slo import Series, Slo, Term
from gameday.observers.prometheus.api import ScrapeTarget, quoted, span
from gameday.observers.prometheus.counters import SampleCounters
from gameday.observers.prometheus.scrape_targets import (
    PROCESS_METRIC,
    Processes,
    Scrapes,
)
from gameday.observers.prometheus.settings import read_settings

WEB = {"job": "web", "instance": "web-1:80"}


def slo(name: str, bad: str, *total: str) -> Slo:
    return Slo(
        name=name,
        service="shop",
        objective=0.99,
        window=3600.0,
        bad=(Term(selector=bad, sign=-1.0),),
        total=tuple(Term(selector=selector) for selector in total),
        format="openslo",
    )


def series(*samples: tuple[float, float], **labels: str) -> Series:
    return Series(labels=labels, samples=samples)


def test_each_sample_is_reported_once_for_every_use() -> None:
    counters = SampleCounters([slo("a", "x", "x", "y"), slo("b", "z", "x")])
    assert list(counters.uses) == ["x", "y", "z"]
    reported = counters.feed("x", [series((1.0, 5.0), (2.0, 6.0), code="200")])
    assert [(e.slo, e.side, e.sign) for e in reported] == [
        ("a", "bad", -1.0),
        ("a", "total", 1.0),
        ("b", "total", 1.0),
    ]
    assert reported[0].values == [[1.0, 5.0], [2.0, 6.0]]
    assert reported[0].at == 2.0
    again = counters.feed("x", [series((2.0, 6.0), (3.0, 9.0), code="200")])
    assert {tuple(map(tuple, event.values)) for event in again} == {((3.0, 9.0),)}
    assert counters.feed("x", [series((3.0, 9.0), code="200")]) == []


def test_what_was_seen_is_kept_by_series() -> None:
    counters = SampleCounters([slo("a", "x", "x")])
    counters.feed("x", [series((1.0, 5.0), code="200"), series((4.0, 1.0), code="500")])
    counters.feed("x", [series((2.0, 6.0), code="200")])
    kept = {
        counter.labels["code"]: counter.samples
        for counter in counters.series(Term(selector="x"))
    }
    assert kept == {"200": ((1.0, 5.0), (2.0, 6.0)), "500": ((4.0, 1.0),)}
    assert counters.newest() == 4.0
    assert SampleCounters([]).newest() == 0.0


def test_samples_of_a_gauge_become_counters() -> None:
    every = Term(selector="ok", reads="samples")
    true = Term(selector="ok", sign=-1.0, reads="values")
    gauged = replace(slo("a", "ok"), bad=(every, true), total=(every,))
    counters = SampleCounters([gauged])
    first = counters.feed("ok", [series((1.0, 1.0), (2.0, 0.0))])
    again = counters.feed("ok", [series((2.0, 0.0), (3.0, 1.0), (4.0, 0.0))])
    values = [(e.side, e.sign, e.gauge, e.values) for e in first + again]
    assert values == [
        ("bad", 1.0, True, [[1.0, 1.0], [2.0, 2.0]]),
        ("bad", -1.0, True, [[1.0, 1.0], [2.0, 1.0]]),
        ("total", 1.0, True, [[1.0, 1.0], [2.0, 2.0]]),
        ("bad", 1.0, True, [[3.0, 3.0], [4.0, 4.0]]),
        ("bad", -1.0, True, [[3.0, 2.0], [4.0, 2.0]]),
        ("total", 1.0, True, [[3.0, 3.0], [4.0, 4.0]]),
    ]
    assert [counter.samples[-1] for counter in counters.series(true)] == [(4.0, 2.0)]


def target(last: float = 10.0, interval: float = 1.0) -> ScrapeTarget:
    return ScrapeTarget(
        labels=WEB, health="up", last=last, interval=interval, timeout=0.5
    )


def up(*samples: tuple[float, float]) -> Series:
    return Series(labels={"__name__": "up", **WEB}, samples=samples)


def test_a_target_is_reported_once_and_then_on_each_change() -> None:
    scrapes = Scrapes()
    reported = scrapes.feed([up((1.0, 1.0), (2.0, 1.0), (3.0, 0.0))], [target()], 3.5)
    assert [(e.at, e.up, e.state) for e in reported] == [
        (1.0, True, "up"),
        (3.0, False, "down"),
    ]
    assert (reported[0].job, reported[0].instance, reported[0].targets) == (
        "web",
        "web-1:80",
        1,
    )
    assert scrapes.feed([up((2.0, 1.0), (3.0, 0.0))], [target()], 4.0) == []
    (back,) = scrapes.feed([up((3.0, 0.0), (4.0, 1.0))], [target()], 4.5)
    assert (back.at, back.up) == (4.0, True)


def test_a_target_that_is_no_longer_listed_is_gone_after_its_last_scrape() -> None:
    scrapes = Scrapes()
    scrapes.feed([up((1.0, 1.0))], [target()], 1.5)
    assert scrapes.feed([], [], 2.0) == []
    (gone,) = scrapes.feed([], [], 4.0)
    assert (gone.at, gone.up, gone.state) == (2.0, False, "gone")
    assert gone.targets == 0
    assert scrapes.feed([], [], 9.0) == []
    (back,) = scrapes.feed([up((9.5, 1.0))], [target()], 10.0)
    assert (back.at, back.up) == (9.5, True)


def test_two_targets_of_one_address_are_two() -> None:
    scrapes = Scrapes()
    first = Series(labels={**WEB, "probe": "a"}, samples=((1.0, 1.0),))
    two = Series(labels={**WEB, "probe": "b"}, samples=((1.0, 0.0),))
    reported = scrapes.feed([first, two], [], 1.5)
    assert [event.up for event in reported] == [True, False]


def test_a_time_is_covered_once_every_target_was_scraped_after_it() -> None:
    scrapes = Scrapes()
    scrapes.feed([], [target(last=10.0)], 10.5)
    assert scrapes.covered(10.0)
    assert not scrapes.covered(10.5)
    assert (scrapes.interval, scrapes.timeout) == (1.0, 0.5)
    scrapes.feed([], [target(last=10.0, interval=600.0)], 10.5)
    assert scrapes.covered(600.0)
    assert not scrapes.covered(611.0)


def test_settings_are_read_with_prometheus_own_defaults() -> None:
    text = """
global: {scrape_interval: 15s, evaluation_interval: 5s, rule_query_offset: 1m30s}
scrape_configs:
  - {job_name: web, scrape_interval: 1s, scrape_timeout: 500ms}
  - {job_name: db}
"""
    settings = read_settings(text)
    assert settings.jobs == (
        ScrapeJob(name="web", interval=1.0, timeout=0.5),
        ScrapeJob(name="db", interval=15.0, timeout=10.0),
    )
    assert (settings.scrape_interval, settings.scrape_timeout) == (15.0, 10.0)
    assert (settings.evaluation_interval, settings.query_offset) == (5.0, 90.0)
    bare = read_settings("{}")
    assert (bare.evaluation_interval, bare.query_offset) == (60.0, 0.0)


@pytest.mark.parametrize("text", ["[", "- a", "", "!!python/object:os.system {}"])
def test_settings_that_are_none_are_an_answer_lost(text: str) -> None:
    with pytest.raises(ObserverLost):
        read_settings(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0.0), ("0", 0.0), ("1m30s", 90.0), ("1y", 31_536_000.0), ("2w", 1209600.0)],
)
def test_durations_as_prometheus_writes_them(text: str, seconds: float) -> None:
    assert span(text) == seconds


def test_labels_are_quoted_as_both_generations_read_them() -> None:
    labels = {"__name__": "ALERTS", "a": 'say "hi"\n\\', "service.name": "x"}
    assert quoted(labels) == 'a="say \\"hi\\"\\n\\\\","service.name"="x"'


def starts(*samples: tuple[float, float]) -> Series:
    return series(*samples, __name__=PROCESS_METRIC, **WEB)


def test_each_process_is_told_once_at_the_scrape_that_shows_it() -> None:
    processes = Processes()
    first = processes.feed([starts((10.0, 3.0), (15.0, 3.0))])
    again = processes.feed([starts((10.0, 3.0), (15.0, 3.0), (20.0, 3.0))])
    anew = processes.feed([starts((20.0, 3.0), (25.0, 21.5), (30.0, 21.5))])
    assert [(event.at, event.fields) for event in first] == [
        (10.0, {**WEB, "began": 3.0})
    ]
    assert again == []
    assert [(event.at, event.began) for event in anew] == [(25.0, 21.5)]


def test_a_clock_that_is_slewed_makes_no_new_process() -> None:
    processes = Processes()
    processes.feed([starts((10.0, 3.0))])
    assert processes.feed([starts((15.0, 4.0), (20.0, 3.0))]) == []
