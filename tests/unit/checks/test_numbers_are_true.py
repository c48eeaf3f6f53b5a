"""A simulated shop, of which everything is known, against what its scrapes tell.

Targets with scrape intervals and offsets of their own serve requests, some of which
fail, and are killed and begin anew; series exist once they count something. Whatever
happens, the true number of bad events lies within measured ± error, and no answer is
wrong: where it cannot be right it is inconclusive.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.checks.record.samples import read_samples
from gameday.model.events import Event, Sample
from gameday.model.scenario import SloPromise
from gameday.model.slos.counting import count_signed
from gameday.model.slos.scraped import read_targets
from gameday.model.slos.slo import Series
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    answer,
    at,
    fault,
    judged,
    objective,
    phases,
    plan,
    step,
    timeline,
    watched,
)

NAME = "checkout-availability"
BEGINS, OVER, LASTS = 40.0, 160.0, 220.0
WINDOW = 30 * 86400.0


@dataclass
class Process:
    """One life of a target: when it began, ended, and how many it had served before."""

    since: float
    until: float


@dataclass
class Server:
    """A target: `rate` requests per second, of which those in `bad` fail."""

    name: str
    rate: int
    interval: float
    offset: float
    bad: tuple[tuple[float, float, int], ...]  # since, until, every n-th request
    kills: tuple[float, ...] = ()
    down: float = 0.0
    before: int = 0  # requests before the story
    lives: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        since = -1e9
        for kill in sorted(self.kills):
            if kill > since:
                self.lives.append(Process(since, kill))
                since = kill + self.down
        self.lives.append(Process(since, 1e9))

    def requests(self) -> list[tuple[float, bool]]:
        """Return every request that was served: when, and whether it failed."""
        times = [number / self.rate for number in range(int(LASTS * self.rate))]
        return [
            (when, self._fails(when, number))
            for number, when in enumerate(times)
            if self.life(when) is not None
        ]

    def _fails(self, when: float, number: int) -> bool:
        return any(
            since <= when < until and number % nth == 0
            for since, until, nth in self.bad
        )

    def life(self, when: float) -> Process | None:
        """Return the process that serves at a time; None while it is down."""
        return next(
            (life for life in self.lives if life.since <= when < life.until), None
        )

    def scrapes(self) -> list[float]:
        """Return when it is scraped, with success."""
        count = int((LASTS - self.offset) / self.interval) + 1
        times = [self.offset + self.interval * number for number in range(count)]
        return [when for when in times if self.life(when) is not None]

    def samples(self) -> list[Sample]:
        """Return the counters' samples: by code, born when they first count."""
        served = self.requests()
        told_samples: list[Sample] = []
        for code, failed in (("200", False), ("500", True)):
            times = [when for when, bad in served if bad is failed]
            values = []
            for scrape in self.scrapes():
                life = self.life(scrape)
                assert life is not None
                low = bisect.bisect_left(times, life.since)
                count = bisect.bisect_left(times, scrape) - low
                count += self.before if life.since < 0 and not failed else 0
                if count:
                    values.append([at(scrape), float(count)])
            for side in ("total", "bad") if failed else ("total",):
                labels = {"job": "web", "instance": self.name, "code": code}
                if values:
                    sample = Sample(
                        at=at(0), slo=NAME, side=side, series=labels, values=values
                    )
                    told_samples.append(sample)
        return told_samples


@st.composite
def servers(draw: st.DrawFn, name: str) -> Server:
    """Return a server with a fate."""
    interval = draw(st.sampled_from([1.0, 5.0, 15.0]))
    gap = 4 * interval + 10  # one restart between two scrapes, not more
    first = draw(st.floats(BEGINS, OVER - gap))
    kills = draw(st.sampled_from([(), (first,), (first, first + gap)]))
    since = draw(st.floats(0.0, OVER))
    return Server(
        name=name,
        rate=draw(st.integers(2, 8)),
        interval=interval,
        offset=draw(st.floats(0.0, interval)),
        bad=((since, since + draw(st.floats(0.5, 40.0)), draw(st.integers(1, 5))),),
        kills=kills,
        down=draw(st.floats(0.0, 8.0)),
        before=draw(st.sampled_from([0, 7, 5000])),
    )


SHOPS = st.tuples(servers("web-1:80"), servers("web-2:80"), servers("web-3:80"))


def story(*parts: Sequence[Event]) -> Timeline:
    ended = at(LASTS)
    return timeline(
        fault(begins=at(BEGINS), ends=at(100)),
        *parts,
        scenery=phases(gate=at(3), begins=at(BEGINS), ends=at(100), over=at(OVER)),
        monitoring=watched(until=ended),
        ended=ended,
    )


def spends(told: Timeline, at_most: float) -> Finding:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=at_most),))
    planned = plan(expect, slos=[objective(window=WINDOW)])
    return answer(judged(planned, told), "spends_at_most")


def failed(shop: tuple[Server, ...], start: float, end: float) -> int:
    """Return the true number of bad events in a time."""
    return sum(
        bad and start <= when < end
        for server in shop
        for when, bad in server.requests()
    )


@settings(max_examples=60, deadline=None)
@given(shop=SHOPS)
def test_the_truth_lies_within_the_error(shop: tuple[Server, ...]) -> None:
    told = story(*(server.samples() for server in shop))
    counted = read_samples(told).of(NAME).count("bad", at(BEGINS), at(OVER))
    widest = max(server.interval for server in shop) + max(
        server.down for server in shop
    )
    padded = failed(shop, BEGINS - widest, OVER + widest)  # up to its scrapes
    assert counted.value + counted.unknown + 1e-6 >= failed(shop, BEGINS, OVER)
    assert counted.value - counted.surplus - 1e-6 <= padded


@settings(max_examples=60, deadline=None)
@given(shop=SHOPS, bad_events=st.floats(0.5, 400.0))
def test_no_answer_is_wrong(shop: tuple[Server, ...], bad_events: float) -> None:
    """`bad_events` is what the promise allows."""
    told = story(*(server.samples() for server in shop))
    window = spends(told, 1.0).evidence.get("events_in_window")
    if window is None:
        return  # nothing was counted, and that is said
    finding = spends(told, bad_events / (0.001 * window))
    widest = max(server.interval for server in shop) + max(
        server.down for server in shop
    )
    if finding.outcome is Outcome.PASS:
        assert failed(shop, BEGINS, OVER) <= bad_events + 1e-6
    if finding.outcome is Outcome.FAIL:
        assert failed(shop, BEGINS - widest, OVER + widest) > bad_events - 1e-6


RATE = 50


def steady(name: str, interval: float, offset: float, failing: list[float]) -> Series:
    """Return a counter of all requests but those in `failing`, by its own scrapes."""
    times = [offset + interval * n for n in range(-3, int(LASTS / interval) + 1)]
    return Series(
        labels={"job": name, "instance": f"{name}:1"},
        samples=tuple(
            (when, float(int(RATE * (when + 100)) - bisect.bisect(failing, when)))
            for when in times
        ),
    )


@settings(max_examples=150, deadline=None)
@given(
    intervals=st.tuples(
        st.sampled_from([1.0, 5.0, 15.0]), st.sampled_from([1.0, 5.0, 15.0])
    ),
    offsets=st.tuples(st.floats(0, 15), st.floats(0, 15)),
    span=st.tuples(st.floats(40, 60), st.floats(120, 160)),
    failing=st.tuples(st.floats(80, 85), st.floats(0, 10)),
)
def test_a_difference_of_two_jobs_holds_the_truth(
    intervals: tuple[float, float],
    offsets: tuple[float, float],
    span: tuple[float, float],
    failing: tuple[float, float],
) -> None:
    """Bad is what the edge counts and the service behind it does not count as good."""
    since, lasts = failing
    bad = [since + n / RATE for n in range(int(lasts * RATE))]
    edge = steady("lb", intervals[0], offsets[0], [])
    good = steady("app", intervals[1], offsets[1], bad)
    targets = read_targets([edge], [good])
    counted = count_signed([(1.0, edge), (-1.0, good)], *span, targets)
    assert counted.value - counted.surplus <= len(bad) + 3
    assert counted.value + counted.unknown >= len(bad) - 3


@st.composite
def outages(draw: st.DrawFn) -> tuple[Server, ...]:
    """Return a shop whose servers fail for a while, each as long as it likes."""
    drawn = []
    for number in range(draw(st.integers(1, 3))):
        interval = draw(st.sampled_from([1.0, 3.0, 10.0]))
        begins = draw(st.floats(45.0, 100.0))
        lasts = draw(st.floats(3.0, 40.0))
        drawn.append(
            Server(
                name=f"web-{number}:80",
                rate=draw(st.integers(3, 8)),
                interval=interval,
                offset=draw(st.floats(0.0, interval)),
                bad=((begins, begins + lasts, 1),),
                kills=draw(st.sampled_from([(), (draw(st.floats(50.0, 130.0)),)])),
                down=draw(st.floats(0.0, 2.0)),
            )
        )
    return tuple(drawn)


@settings(max_examples=80, deadline=None)
@given(shop=outages(), within=st.floats(1.0, 55.0))
def test_no_recovery_is_answered_wrongly(
    shop: tuple[Server, ...], within: float
) -> None:
    planned = plan(step(recovers_within=within), slos=[objective()])
    told = story(*(server.samples() for server in shop))
    finding = answer(judged(planned, told), "recovers_within")
    last = max(when for server in shop for when, bad in server.requests() if bad)
    if finding.outcome is Outcome.PASS:
        assert last - 100 <= within + 1e-3
    if finding.outcome is Outcome.FAIL:
        assert last - 100 > within - 1e-3


@settings(max_examples=30, deadline=None)
@given(shop=SHOPS, order=st.randoms(use_true_random=False), by=st.floats(-1e6, 1e6))
def test_order_and_epoch_change_nothing(
    shop: tuple[Server, ...], order: st.DataObject, by: float
) -> None:
    parts = [sample for server in shop for sample in server.samples()]
    first = read_samples(Timeline(parts)).of(NAME)
    moved = [
        part.but(
            at=part.at + by,
            values=[[when + by, value] for when, value in part.values],
        )
        for part in parts
    ]
    order.shuffle(moved)  # type: ignore[attr-defined]
    second = read_samples(Timeline(moved)).of(NAME)
    for side in ("bad", "total"):
        counted = first.count(side, at(BEGINS), at(OVER))
        other = second.count(side, at(BEGINS) + by, at(OVER) + by)
        assert abs(counted.value - other.value) < 1e-6
        assert abs(counted.unknown - other.unknown) < 1e-3 * max(1.0, counted.unknown)
