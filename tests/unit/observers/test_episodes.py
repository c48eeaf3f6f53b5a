"""Alert episodes from raw samples, against an engine that is written down here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.model.events import AlertChange
from gameday.model.slos.slo import Series
from gameday.observers.prometheus.episodes import About, Episodes

DOWN = {"alertname": "Down", "severity": "page"}


@dataclass
class Engine:
    """One rule's evaluations: what it wrote, at which slots.

    Nothing is " ", p pending, f firing, x a failed evaluation (neither sample nor
    marker).
    """

    story: str
    first: float = 100.0
    interval: float = 1.0
    offset: float = 0.0
    state: str = ""
    active: float | None = None
    seen: float = field(default=0.0)

    def slots(self) -> list[tuple[float, str]]:
        """Return each slot with what it wrote."""
        return [
            (round(self.first + n * self.interval, 3), sign)
            for n, sign in enumerate(self.story)
        ]

    def samples(self, since: float, until: float) -> list[Series]:
        """Return what `ALERTS[range]` gives for that time."""
        series = []
        for sign, state in (("p", "pending"), ("f", "firing")):
            pairs = tuple(
                (at, 1.0)
                for at, was in self.slots()
                if was == sign and since < at <= until
            )
            if pairs:
                labels = {"__name__": "ALERTS", "alertstate": state, **DOWN}
                series.append(Series(labels=labels, samples=pairs))
        return series

    def about(self, labels: Mapping[str, str], first: float | None) -> About:
        """Tell of the rule."""
        assert labels["alertname"] == "Down"
        assert first is None or first >= self.first
        return About(
            group="g",
            interval=self.interval,
            offset=self.offset,
            hold=2 * self.interval,
            state=self.state,
            active=self.active,
        )

    def ended(
        self, labels: Mapping[str, str], last: float, until: float
    ) -> float | None:
        """Return the slot of the marker."""
        sign = labels["alertstate"][0]
        for at, was in self.slots():
            if last < at <= min(until, self.seen) and was not in (sign, "x"):
                return at
        return None

    def evaluated(self, group: str) -> float:
        """Return the newest slot."""
        assert group == "g"
        return self.seen + self.offset


def watch(engine: Engine, every: int = 1, rounds: int = 0) -> list[Any]:
    """Look at the engine after every so many slots, with overlap."""
    episodes = Episodes(engine)
    events: list[Any] = []
    slots = engine.slots()
    for number in [*range(0, len(slots), every), *[len(slots) - 1] * (rounds + 2)]:
        engine.seen = slots[number][0]
        start = engine.seen - (3 + every) * engine.interval
        samples = engine.samples(start, engine.seen)
        events += episodes.feed(samples, start, engine.seen + engine.offset + 0.1)
    return events


def told(events: Iterable[AlertChange]) -> list[tuple[str, float]]:
    return [(event.state, event.at) for event in events]


@pytest.mark.parametrize("every", [1, 2, 5])
def test_an_episode_is_pending_firing_and_resolved_at_its_slots(every: int) -> None:
    events = watch(Engine("   ppfff   "), every)
    assert told(events) == [("pending", 103.0), ("firing", 105.0), ("resolved", 108.0)]
    assert {event.starts for event in events} == {103.0}
    assert events[-1].exact
    assert events[-1].labels == DOWN
    assert [event.error for event in events] == [0.001] * 3


def test_a_rule_without_for_fires_at_once() -> None:
    assert told(watch(Engine("   ff   "))) == [("firing", 103.0), ("resolved", 105.0)]


def test_a_pending_that_goes_away_is_cleared() -> None:
    assert told(watch(Engine("   pp   "))) == [("pending", 103.0), ("cleared", 105.0)]


def test_two_episodes_in_one_look_are_two() -> None:
    events = watch(Engine("   ff  ff    "), every=12)
    assert told(events) == [
        ("firing", 103.0),
        ("resolved", 105.0),
        ("firing", 107.0),
        ("resolved", 109.0),
    ]
    assert [event.starts for event in events] == [103.0, 103.0, 107.0, 107.0]


def test_times_carry_the_query_offset() -> None:
    events = watch(Engine("   pff   ", offset=10.0))
    assert told(events) == [("pending", 113.0), ("firing", 114.0), ("resolved", 116.0)]
    assert events[0].starts == 113.0


def test_a_gap_without_a_marker_is_no_end_but_missing_evaluations() -> None:
    engine = Engine("   ffxxff   ")
    episodes = Episodes(engine)
    engine.seen = 111.0
    events = episodes.feed(engine.samples(90.0, 111.0), 90.0, 111.1)
    assert told(events) == [("firing", 103.0), ("resolved", 109.0)]
    (gap,) = episodes.gaps
    assert (gap.group, gap.alert, gap.at, gap.missed) == ("g", "Down", 104.0, 2)


def test_an_end_that_was_marked_late_is_not_exact() -> None:
    events = watch(Engine("   ffxx    "))
    assert told(events) == [("firing", 103.0), ("resolved", 107.0)]
    assert not events[-1].exact
    assert events[-1].error == 2.0  # each failed evaluation may have been the end


def test_failing_evaluations_are_no_end_while_the_rule_lists_the_alert() -> None:
    engine = Engine("   ffxxxxxxxxx", state="firing")
    assert told(watch(engine, rounds=5)) == [("firing", 103.0)]


def test_an_alert_that_nobody_lists_any_more_ended_without_a_mark() -> None:
    events = watch(Engine("   ffxxxxxx"), rounds=5)
    assert told(events) == [("firing", 103.0), ("resolved", 105.0)]
    assert not events[-1].exact
    assert events[-1].error == 2.0  # it was told at 107: up to then nobody knows


def test_what_a_restarted_engine_has_not_restored_goes_on() -> None:
    """Its rule lists it as pending and writes no samples: it never ended."""
    engine = Engine("   fffxxxxxxfff   ")
    episodes = Episodes(engine)
    events: list[Any] = []
    for at, sign in engine.slots():
        engine.seen, engine.state = at, {"f": "firing", "x": "pending"}.get(sign, "")
        samples = engine.samples(at - 4.0, at)
        events += episodes.feed(samples, at - 4.0, at + 0.1)
    assert told(events) == [("firing", 103.0), ("resolved", 115.0)]
    assert events[-1].exact
    (gap,) = episodes.gaps
    assert (gap.at, gap.missed) == (105.0, 6)


def test_firing_again_from_pending_after_a_gap_is_a_new_episode() -> None:
    events = watch(Engine("  ppffxxxppff   "), every=14)
    kinds = [kind for kind, _ in told(events)]
    assert kinds == ["pending", "firing", "resolved", "pending", "firing", "resolved"]
    exact = [event.exact for event in events if event.kind == "alert_resolved"]
    assert exact == [False, True]


def test_an_episode_that_is_older_than_the_first_look_says_since_when() -> None:
    engine = Engine("fffff", active=40.25, state="firing")
    episodes = Episodes(engine)
    engine.seen = 104.0
    (firing,) = episodes.feed(engine.samples(99.0, 104.0), 99.0, 104.1)
    assert firing.starts == 40.25
    assert firing.at == 42.25
    assert firing.error == 1.0
    assert episodes.firing == [DOWN]
    assert episodes.knows(DOWN)
    assert not episodes.knows({"alertname": "Other"})


@given(
    story=st.text(alphabet="  pf", min_size=1, max_size=40),
    every=st.integers(1, 40),
)
def test_how_often_one_looks_changes_nothing(story: str, every: int) -> None:
    often = told(watch(Engine(f"  {story}    "), 1))
    seldom = told(watch(Engine(f"  {story}    "), every))
    assert often == seldom
