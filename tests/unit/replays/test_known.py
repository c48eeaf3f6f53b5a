"""The record of `ALERTS` says what a rule that is as it was did, to the millisecond."""

from collections.abc import Collection

from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.recording import Recording, SeriesRecord
from gameday.replays.known import known_lives, written_by
from gameday.replays.machine import Key, Slots
from tests.builders import rule

S = 1000  # ms
EVERY = Slots(first=728, last=60 * S, interval=S, error=1.0)


def wrote(state: str, since: int, until: int, **labels: str) -> SeriesRecord:
    """Return a series of `ALERTS` with its end; seconds."""
    at = [second * S + 890 for second in range(since, until + 1)]
    return SeriesRecord(
        labels={"__name__": "ALERTS", "alertstate": state, **labels},
        at=at,
        values=[*[1.0] * (len(at) - 1), None],
    )


def times(given: AlertRule, *series: SeriesRecord) -> list[tuple[object, ...]]:
    known, slots = known_lives(given, series, EVERY)
    assert slots.error == 0.001
    return [(life.active, life.firing, life.ended) for life in known]


def test_it_fires_and_ends_when_it_did_whatever_the_groups_phase_was_taken_for() -> (
    None
):
    given = rule("Down", hold=3.0)
    series = [
        wrote("pending", 10, 13, alertname="Down", severity="page"),
        wrote("firing", 13, 20, alertname="Down", severity="page"),
    ]
    assert times(given, *series) == [(10_890, 13_890, 20_890)]


def test_that_it_keeps_firing_is_in_the_record_and_not_added_to_it() -> None:
    given = rule("Down", keep_firing=6.0)
    series = wrote("firing", 13, 26, alertname="Down", severity="page")
    assert times(given, series) == [(13_890, 13_890, 26_890)]


def test_a_label_whose_template_is_not_filled_in_here_is_in_the_record_too() -> None:
    given = rule("Down", labels={"value": "{{ $value }}"})
    series = wrote("firing", 13, 26, alertname="Down", value="0")
    assert times(given, series) == [(13_890, 13_890, 26_890)]


# --- which of several rules of one name wrote it ----------------------------------

ONE = wrote("firing", 1, 9, alertname="Down", severity="page", instance="a")
MORE = wrote(
    "firing", 5, 9, alertname="Down", severity="page", more="yes", instance="a"
)
RULES = [rule("Down"), rule("Down", labels={"severity": "page", "more": "yes"})]


def keys(*series: SeriesRecord) -> Collection[Key]:
    return {
        frozenset(
            (name, text)
            for name, text in each.labels.items()
            if name not in ("__name__", "alertstate")
        )
        for each in series
    }


def written(made: dict[int, Collection[Key]]) -> dict[int, list[SeriesRecord]]:
    record = Recording(since=0.0, until=60.0, series=(ONE, MORE))
    return written_by(record, RULES, made.__getitem__)


def test_what_both_may_have_written_is_of_the_one_that_makes_such_labels() -> None:
    assert written({0: keys(ONE), 1: keys(MORE)}) == {0: [ONE], 1: [MORE]}


def test_where_both_or_neither_do_nothing_is_known_of_them() -> None:
    assert written({0: keys(ONE, MORE), 1: keys(MORE)}) == {}
    assert written({0: keys(), 1: keys()}) == {}
