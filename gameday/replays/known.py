"""The lives of alerts as Prometheus itself wrote them during the run, in `ALERTS`.

For a rule that is what it was this is the truth: a sample that was being scraped while
the rule was evaluated has a stamp before the evaluation and was not seen by it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.recording import Recording, SeriesRecord
from gameday.replays.machine import ERROR, Key, Life, SeriesResult, Slots, lives


def written_by(
    recording: Recording,
    rules: Sequence[AlertRule],
    made: Callable[[int], Collection[Key]],
) -> dict[int, list[SeriesRecord]]:
    """Return, by a rule's place, the series of `ALERTS` that it wrote.

    `made`: the labels of the alerts that a rule makes, by evaluating it; asked where
    several rules may have written a series. Nothing of a rule: that cannot be told.
    """
    written: dict[int, list[SeriesRecord]] = {at: [] for at in range(len(rules))}
    unclear: set[int] = set()
    for series in recording.series:
        able = [place for place, rule in enumerate(rules) if _is_of(series, rule)]
        if len(able) > 1:
            makers = _makers(series, able, made)
            if len(makers) != 1:
                unclear.update(able)
                continue
            able = makers
        for place in able:
            written[place].append(series)
    return {place: some for place, some in written.items() if place not in unclear}


def _makers(
    series: SeriesRecord, able: Iterable[int], made: Callable[[int], Collection[Key]]
) -> list[int]:
    """Return which of the rules make the alert of a series, by evaluating them."""
    key = frozenset(_alert_labels(series).items())
    return [place for place in able if key in made(place)]


def known_lives(
    rule: AlertRule, written: Sequence[SeriesRecord], slots: Slots
) -> tuple[list[Life], Slots]:
    """Return every life of a rule's alerts as it was recorded, and its evaluations."""
    stamps = [series.at[0] for series in written if series.at]
    if stamps:
        first = slots.first + (stamps[0] - slots.first) % slots.interval
        slots = replace(slots, first=first, error=ERROR)
    fired: dict[Key, list[int]] = {}
    results = []
    for recorded in written:
        labels = _alert_labels(recorded)
        at = _present(recorded, slots)
        results.append(SeriesResult(labels=labels, at=at))
        if recorded.labels.get("alertstate") == "firing":
            fired.setdefault(frozenset(labels.items()), []).extend(at)
    # That it keeps firing for a while is in the record already.
    as_written = replace(rule, labels={}, keep_firing=0.0)
    known = lives(as_written, results, slots, once=False)
    for life in known:
        life.rule = rule
        at = fired.get(frozenset(life.labels.items()), [])
        until = slots.last + 1 if life.ended is None else life.ended
        inside = [slot for slot in at if life.active <= slot < until]
        life.firing = min(inside, default=None)
    return known, slots


def _alert_labels(series: SeriesRecord) -> dict[str, str]:
    return {
        name: text
        for name, text in series.labels.items()
        if name not in ("__name__", "alertstate")
    }


def _is_of(series: SeriesRecord, rule: AlertRule) -> bool:
    labels = series.labels
    return (
        labels.get("__name__") == "ALERTS"
        and labels.get("alertname") == rule.name
        and all(
            labels.get(name, "") == text for name, text in rule.static_labels.items()
        )
    )


def _present(series: SeriesRecord, slots: Slots) -> list[int]:
    """Return the evaluations at which an alert was there; a missed one has no mark."""
    present: list[int] = []
    last: int | None = None
    for at, value in zip(series.at, series.values, strict=True):
        if last is not None:
            present += range(last + slots.interval, at, slots.interval)
        if value is not None:
            present.append(at)
        last = None if value is None else at
    return [at for at in present if slots.first <= at <= slots.last]


def lag(known: Sequence[Life], evaluated: Iterable[Life]) -> float:
    """Return by how many seconds evaluations of one rule differ: what was not seen yet.

    Compared are lives that began to fire, by their labels and order.
    """
    other = _fired(evaluated)
    longest = 0.0
    for key, mine in _fired(known).items():
        for life, twin in zip(mine, other.get(key, ()), strict=False):
            pairs = ((life.firing, twin.firing), (life.ended, twin.ended))
            apart = (abs(a - b) for a, b in pairs if a is not None and b is not None)
            longest = max(longest, max(apart, default=0) / 1000)
    return longest


def _fired(lives: Iterable[Life]) -> Mapping[Key, list[Life]]:
    by_labels: dict[Key, list[Life]] = {}
    for life in lives:
        if life.firing is not None:
            by_labels.setdefault(frozenset(life.labels.items()), []).append(life)
    return by_labels
