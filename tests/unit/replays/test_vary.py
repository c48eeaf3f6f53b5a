"""Another `for`: sooner detection against false alarms."""

import pytest

from gameday.replays.machine import SeriesResult, Slots
from gameday.replays.render import drawn, varied
from gameday.replays.vary import NotVaried, Varied, parse_vary, vary
from tests.builders import promise, rule

S = 1000
TIMES = Slots(first=0, last=200 * S, interval=S)
# true for 3 s in quiet time, then from 102 s to 120 s; the fault begins at 100 s.
TRUE = [*range(40 * S, 43 * S, S), *range(102 * S, 120 * S, S)]


def tried(*holds: float) -> list[Varied]:
    results = [SeriesResult(labels={}, at=TRUE)]
    return vary(rule("Down"), promise("Down"), results, TIMES, holds, 100.0)


def test_a_shorter_one_is_sooner_and_rings_without_a_fault() -> None:
    trials = [(trial.detected, trial.false_alarms) for trial in tried(0.0, 2.0, 5.0)]
    assert trials == [(2.0, 1), (4.0, 1), (7.0, 0)]
    assert {trial.quiet for trial in tried(0.0)} == {100.0}


def test_one_that_outlasts_the_fault_says_what_it_needs() -> None:
    (trial,) = tried(60.0)
    assert (trial.detected, trial.needs) == (None, 62.0)
    assert "a longer fault would after 1m2s" in varied(trial)


def test_detection_is_drawn_against_false_alarms() -> None:
    given: list[Varied | NotVaried] = [
        *tried(60.0, 0.0, 5.0),
        NotVaried(alert="Slow", because="x"),
    ]
    _, head, *rows = drawn(given)
    assert head.split() == ["Down:", "time", "to", "detect", "false", "alarms"]
    assert [row.split() for row in rows] == [
        ["for", "0s", "|#", "2s", "|", "!", "1"],
        ["for", "5s", "|###", "7s", "|", "0"],
        ["for", "1m", "|" + "." * 30, "1m2s", "|", "0"],
    ]
    assert varied(NotVaried(alert="Slow", because="x")) == "  Slow is not varied: x"


def test_another_alert_of_the_name_does_not_count() -> None:
    results = [SeriesResult(labels={"zone": "b"}, at=TRUE)]
    wanted = promise("Down", labels={"zone": "a"})
    (trial,) = vary(rule("Down"), wanted, results, TIMES, [0.0], 100.0)
    assert (trial.detected, trial.needs, trial.false_alarms) == (None, None, 0)


def test_what_is_varied_is_written_as_a_list() -> None:
    assert parse_vary("for=0s,1m30s") == (0.0, 90.0)
    for text in ("", "for=", "hold=1m", "for=5", "for=1m,"):
        with pytest.raises(
            ValueError, match=r"bare number|not a duration|varies nothing"
        ):
            parse_vary(text)
