"""When the groups were evaluated: from the stamps of what their rules wrote.

A group is evaluated at one phase of its interval, for good. Where nothing that it
wrote was recorded, the time at which its last evaluation began is near enough to say
so, and the error says how near; a group that was not there may have any phase.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gameday.model.alerting.alert import AlertRule, RecordingRule, static
from gameday.model.alerting.recording import Recording, SeriesRecord
from gameday.replays.machine import ERROR, Slots

LATE = 0.01  # seconds: an evaluation's clock may be read so long after its slot
Rule = AlertRule | RecordingRule


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPhase:
    """A group's phase in ms within its interval, in ms; `error` in s."""

    phase: int
    interval: int
    error: float


def phases(recording: Recording, rules: Sequence[Rule]) -> dict[str, GroupPhase]:
    """Return each group's phase, by the group's name, as it was recorded.

    `rules`: as they were when the run was held.
    """
    phases_by_group: dict[str, GroupPhase] = {}
    for group in recording.groups:
        interval = round(group.interval * 1000)
        near = math.floor((group.last - LATE / 2) * 1000)
        phases_by_group[group.name] = GroupPhase(
            phase=near % interval, interval=interval, error=LATE / 2 + ERROR
        )
    for series in recording.series:
        rule = _writer(series, rules)
        known = phases_by_group.get(rule.group) if rule else None
        if rule is None or known is None or not series.at or known.error == ERROR:
            continue
        stamp = next(
            (
                at
                for at, value in zip(series.at, series.values, strict=True)
                if value is not None
            ),
            None,
        )
        if stamp is not None:
            offset = round((rule.query_offset or 0.0) * 1000)
            phase = (stamp + offset) % known.interval
            phases_by_group[rule.group] = GroupPhase(
                phase=phase, interval=known.interval, error=ERROR
            )
    return phases_by_group


def _writer(series: SeriesRecord, rules: Iterable[Rule]) -> Rule | None:
    """Return the only rule that may have written a series."""
    name = series.labels.get("__name__", "")
    kind: type[Rule] = RecordingRule
    if name == "ALERTS":
        kind, name = AlertRule, series.labels.get("alertname", "")
    fitting = [
        rule
        for rule in rules
        if isinstance(rule, kind)
        and rule.name == name
        and _fits(rule.labels, series.labels)
    ]
    groups = {rule.group for rule in fitting}
    return fitting[0] if len(groups) == 1 else None


def _fits(labels: Mapping[str, str], series: Mapping[str, str]) -> bool:
    return all(series.get(name) == text for name, text in static(labels).items())


def slots(
    rule: Rule, known: Mapping[str, GroupPhase], since: float, until: float
) -> Slots:
    """Return a rule's evaluations within a time in seconds, on Prometheus' clock.

    The slots are those of its samples: a query offset is taken off.
    """
    phase = known.get(rule.group)
    interval = round((rule.interval or 60.0) * 1000)
    error = interval / 1000
    start = 0
    if phase is not None:
        start = phase.phase
        if phase.interval % interval == 0:
            error = phase.error
    offset = round((rule.query_offset or 0.0) * 1000)
    earliest = math.ceil(since * 1000)
    first = earliest + (start - offset - earliest) % interval
    return Slots(
        first=first,
        last=math.floor(until * 1000) - offset,
        interval=interval,
        offset=offset / 1000,
        error=error,
    )
