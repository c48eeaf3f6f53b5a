"""When the groups were evaluated: from the stamps of what their rules wrote.

A group is evaluated at one phase of its interval, for good. Where nothing that it
wrote was recorded, the time at which its last evaluation began is near enough to say
so, and the error says how near; a group that was not there may have any phase.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, RecordingRule, Rule, static
from gameday.model.alerting.recording import GroupRecord, Recording, SeriesRecord
from gameday.replays.machine import ERROR, Slots

LATE = 0.01  # seconds: an evaluation's clock may be read so long after its slot


@frozen
class GroupPhase:
    """A group's phase in ms within its interval, in ms; `error` in s."""

    name: str
    file: str
    phase: int
    interval: int
    error: float

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the group that it is: its file, and its name."""
        return self.file, self.name


@frozen(kw_only=False)
class PhasesOfGroups:
    """Every group's phase, as it was recorded."""

    groups: tuple[GroupPhase, ...]

    def of(self, rule: Rule) -> GroupPhase | None:
        """Return the phase of a rule's group; None: no such group was recorded.

        Several files may have groups of one name. A file may lie elsewhere than it
        did, so that its last part has to do, or the name where only one group has it.
        """
        named = [group for group in self.groups if group.name == rule.group]
        same = [group for group in named if group.file == rule.file]
        alike = [group for group in named if _last(group.file) == _last(rule.file)]
        for groups in (same, alike, named):
            if len(groups) == 1:
                return groups[0]
        return None


def _last(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def phases(recording: Recording, rules: Sequence[Rule]) -> PhasesOfGroups:
    """Return each group's phase, as it was recorded.

    `rules`: as they were when the run was held.
    """
    near = PhasesOfGroups(tuple(_near(group) for group in recording.groups))
    exact: dict[tuple[str, str], GroupPhase] = {}
    for series in recording.series:
        stamp = _first_value(series)
        writer = None if stamp is None else _writer(series, rules, near, stamp)
        if stamp is None or writer is None:
            continue
        group, rule = writer
        phase = (stamp + _offset(rule)) % group.interval
        exact.setdefault(group.key, replace(group, phase=phase, error=ERROR))
    return PhasesOfGroups(tuple(exact.get(group.key, group) for group in near.groups))


def _writer(
    series: SeriesRecord, rules: Iterable[Rule], near: PhasesOfGroups, stamp: int
) -> tuple[GroupPhase, Rule] | None:
    """Return the rule that wrote a series, and its group; None: nobody can tell.

    Rules of several groups may have: then it is of the only one that was evaluated
    when the sample was written.
    """
    writers: dict[tuple[str, str], tuple[GroupPhase, Rule]] = {}
    for rule in _writers(series, rules):
        group = near.of(rule)
        if group is not None:
            writers[group.key] = (group, rule)
    fitting = list(writers.values())
    if len(fitting) > 1:
        fitting = [writer for writer in fitting if _agrees(*writer, stamp)]
    return fitting[0] if len(fitting) == 1 else None


def _near(group: GroupRecord) -> GroupPhase:
    """Return a group's phase as the time of its last evaluation tells it."""
    interval = round(group.interval * 1000)
    near = math.floor((group.last - LATE / 2) * 1000)
    return GroupPhase(
        name=group.name,
        file=group.file,
        phase=near % interval,
        interval=interval,
        error=LATE / 2 + ERROR,
    )


def _agrees(group: GroupPhase, rule: Rule, stamp: int) -> bool:
    """Whether a sample may be of a group, by when the group is evaluated."""
    apart = (stamp + _offset(rule) - group.phase) % group.interval
    return min(apart, group.interval - apart) <= group.error * 1000


def _offset(rule: Rule) -> int:
    """Return by how much earlier than it is evaluated a rule looks (ms)."""
    return round((rule.query_offset or 0.0) * 1000)


def _first_value(series: SeriesRecord) -> int | None:
    samples = zip(series.at, series.values, strict=True)
    return next((at for at, value in samples if value is not None), None)


def _writers(series: SeriesRecord, rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that may have written a series."""
    name = series.labels.get("__name__", "")
    kind: type[Rule] = RecordingRule
    if name == "ALERTS":
        kind, name = AlertRule, series.labels.get("alertname", "")
    return [
        rule
        for rule in rules
        if isinstance(rule, kind)
        and rule.name == name
        and _fits(rule.labels, series.labels)
    ]


def _fits(labels: Mapping[str, str], series: Mapping[str, str]) -> bool:
    return all(series.get(name) == text for name, text in static(labels).items())


def slots(rule: Rule, known: PhasesOfGroups, since: float, until: float) -> Slots:
    """Return a rule's evaluations within a time in seconds, on Prometheus' clock.

    The slots are those of its samples: a query offset is taken off.
    """
    phase = known.of(rule)
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
