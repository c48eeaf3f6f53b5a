"""What identifies a rule, a route or a receiver, and what changed in it.

Annotations change no verdict, and a rule's group and file may be renamed. A property
that only one side knows (a file has no interval, an API has no offset) is no change.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.alerting.alert import (
    AlertRule,
    Receiver,
    RecordingRule,
    Route,
    static,
)
from gameday.model.quantity import show_duration


@frozen
class Language:
    """What the register has to know of PromQL: one spelling, and the metrics read."""

    spell: Callable[[str], str]
    metrics: Callable[[str], Iterable[str]]


@frozen
class RuleDefinition:
    """One alert rule, with the recording rules that it reads; durations in seconds.

    `records`: by recorded name, its expressions and labels in one spelling.
    """

    name: str
    expr: str
    group: str = ""
    file: str = ""
    line: int | None = None
    hold: float = 0.0
    keep_firing: float = 0.0
    interval: float | None = None
    query_offset: float | None = None
    labels: Mapping[str, str]
    records: Mapping[str, tuple[str, ...]]

    @property
    def static_labels(self) -> dict[str, str]:
        """The labels that are not templates."""
        return static(self.labels)

    def may_match(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels may be this rule's."""
        return all(labels.get(key) == text for key, text in self.static_labels.items())


def define(
    rules: Iterable[AlertRule], recorded: Iterable[RecordingRule], language: Language
) -> tuple[RuleDefinition, ...]:
    """Return the rules' definitions, in their order."""
    by_name: dict[str, list[RecordingRule]] = {}
    for record in recorded:
        by_name.setdefault(record.name, []).append(record)
    return tuple(
        RuleDefinition(
            name=rule.name,
            expr=language.spell(rule.expr),
            group=rule.group,
            file=rule.file,
            line=rule.line,
            hold=rule.hold,
            keep_firing=rule.keep_firing,
            interval=rule.interval,
            query_offset=rule.query_offset,
            labels=dict(rule.labels),
            records=_records(rule.expr, by_name, language),
        )
        for rule in rules
    )


def _records(
    expr: str, by_name: Mapping[str, Sequence[RecordingRule]], language: Language
) -> dict[str, tuple[str, ...]]:
    """Return what an expression reads of recording rules, and these in turn."""
    records_read: dict[str, tuple[str, ...]] = {}
    waiting = list(language.metrics(expr))
    while waiting:
        name = waiting.pop()
        if name in records_read or name not in by_name:
            continue
        records = by_name[name]
        records_read[name] = tuple(
            sorted(
                f"{language.spell(recorded.expr)} {_pairs(recorded.labels)}"
                for recorded in records
            )
        )
        for record in records:
            waiting += language.metrics(record.expr)
    return records_read


def rule_changes(then: RuleDefinition, now: RuleDefinition) -> list[str]:
    """Return in words what differs between two versions of a rule."""
    changes = []
    if then.expr != now.expr:
        changes.append("its expression changed")
    for name, before, after in (
        ("for", then.hold, now.hold),
        ("keep_firing_for", then.keep_firing, now.keep_firing),
        ("interval", then.interval, now.interval),
        ("query_offset", then.query_offset, now.query_offset),
    ):
        if before is not None and after is not None and before != after:
            changes.append(f"{name} {_seconds(before)} -> {_seconds(after)}")
    for name in sorted(then.labels.keys() | now.labels.keys()):
        old, new = then.labels.get(name), now.labels.get(name)
        if old != new:
            changes.append(f"label {name} {_text(old)} -> {_text(new)}")
    records = sorted(then.records.keys() | now.records.keys())
    return changes + [
        f"the recording rule {name} changed"
        for name in records
        if then.records.get(name) != now.records.get(name)
    ]


def path_words(path: Sequence[Route]) -> str:
    """Return a way down the routing tree as one line: its matchers, its receiver."""
    steps = [
        ", ".join(
            f'{matcher.name}{matcher.op}"{matcher.value}"' for matcher in route.matchers
        )
        for route in path[1:]
    ]
    way = " / ".join(f"{{{step}}}" for step in steps) or "{}"
    return f"{way} -> {path[-1].receiver}"


def path_changes(then: Sequence[Route], now: Sequence[Route]) -> list[str]:
    """Return in words what differs between two ways to one receiver."""
    if path_words(then) != path_words(now):
        return [f"it is {path_words(now)} now"]
    changes = []
    before, after = then[-1], now[-1]
    for name, old, new in (
        ("group_wait", before.group_wait, after.group_wait),
        ("group_interval", before.group_interval, after.group_interval),
        ("repeat_interval", before.repeat_interval, after.repeat_interval),
    ):
        if old != new:
            changes.append(f"{name} {_seconds(old)} -> {_seconds(new)}")
    if sorted(before.group_by) != sorted(after.group_by):
        changes.append(f"group_by {_list(before.group_by)} -> {_list(after.group_by)}")
    changes += _mute_changes(then, now)
    return changes


def _mute_changes(then: Sequence[Route], now: Sequence[Route]) -> Iterator[str]:
    for old, new in zip(then, now, strict=True):
        for name, before, after in (
            ("mute_time_intervals", old.mute_times, new.mute_times),
            ("active_time_intervals", old.active_times, new.active_times),
        ):
            if before != after:
                yield f"{name} {_list(before)} -> {_list(after)}"


def receiver_changes(then: Receiver, now: Receiver) -> list[str]:
    """Return in words what differs between two versions of a receiver.

    Addresses and keys are not compared: Alertmanager does not tell them.
    """
    before, after = (_integrations_of(receiver) for receiver in (then, now))
    if before == after:
        return []
    return [f"receiver {now.name}: {_list(before)} -> {_list(after)}"]


def _integrations_of(receiver: Receiver) -> list[str]:
    return sorted(
        way.kind if way.send_resolved else f"{way.kind} (send_resolved: false)"
        for way in receiver.integrations
    )


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]"


def _seconds(seconds: float) -> str:
    return show_duration(seconds) if seconds else "0s"


def _text(value: str | None) -> str:
    return "nothing" if value is None else f'"{value}"'


def _pairs(labels: Mapping[str, str]) -> str:
    return _list(f"{name}={text}" for name, text in sorted(labels.items()))
