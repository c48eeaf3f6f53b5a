"""Prometheus' alert state machine, over an expression's values at each evaluation.

An alert is there from the first evaluation with a result; it fires from the one at
which it has been there for `for`; it ends at the first without a result, or where it
has not come back for `keep_firing_for` (Prometheus, rules/alerting.go).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import (
    AlertChange,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
    Event,
)

ERROR = 0.001  # seconds: evaluations are known to the millisecond
_TEMPLATE = re.compile(r"\{\{-?\s*\$labels\.([a-zA-Z_]\w*)\s*-?\}\}")
Key = frozenset[tuple[str, str]]


@frozen
class Slots:
    """The evaluations of a group: the first, the last and the interval, in ms.

    `offset`: the group's query offset in s; `error`: how exact the first is, in s.
    """

    first: int
    last: int
    interval: int
    offset: float = 0.0
    error: float = ERROR

    def seconds(self, at: int) -> float:
        """Return a time of its evaluations on Prometheus' clock, in seconds."""
        return at / 1000 + self.offset


@frozen
class SeriesResult:
    """One series of an expression: its labels, and when it had a value (ms)."""

    labels: Mapping[str, str]
    at: Sequence[int]


@dataclass(slots=True, kw_only=True)
class Life:
    """One alert from its first evaluation to its end; ms, None: not reached.

    `truth`: the last evaluation at which its expression was true.
    """

    rule: AlertRule
    labels: Mapping[str, str]
    active: int
    truth: int
    firing: int | None = None
    ended: int | None = None
    absent: int | None = None

    def fires_at(self, at: int) -> bool:
        """Whether it has fired by then, and has not ended."""
        if self.firing is None or at < self.firing:
            return False
        return self.ended is None or at < self.ended


class Unexpandable(ValueError):
    """A label's template that cannot be filled in here; the text says which."""


class Duplicate(ValueError):
    """Alerts of one evaluation that have the same labels; the text says whose."""


def labels_of(rule: AlertRule, series: Mapping[str, str]) -> dict[str, str]:
    """Return an alert's labels: its series', then its rule's; Unexpandable."""
    labels = {name: text for name, text in series.items() if name != "__name__"}
    for name, template in rule.labels.items():
        text = _TEMPLATE.sub(lambda match: series.get(match[1], ""), template)
        if "{{" in text:
            raise Unexpandable(
                f"the label {name} of {rule.name} is a template that is not filled in "
                f"here: {template}"
            )
        labels[name] = text
    labels["alertname"] = rule.name
    return {name: text for name, text in labels.items() if text}


def lives(
    rule: AlertRule,
    results: Iterable[SeriesResult],
    slots: Slots,
    *,
    once: bool = True,
) -> list[Life]:
    """Return every life of a rule's alerts, in the order in which they began.

    `once`: two series of one evaluation that end up with the same labels are Duplicate,
    as Prometheus fails to evaluate such a rule.
    """
    present: dict[int, dict[Key, Mapping[str, str]]] = {}
    for result in results:
        labels: Mapping[str, str] = labels_of(rule, result.labels)
        key = frozenset(labels.items())
        for at in result.at:
            there = present.setdefault(at, {})
            if once and key in there:
                raise Duplicate(
                    f"Prometheus fails to evaluate {rule.name}: several of its series "
                    "have the same labels once the rule's own are added"
                )
            there[key] = labels
    machine = _Machine(rule)
    for at in range(slots.first, slots.last + 1, slots.interval):
        machine.evaluate(at, present.get(at, {}))
    return machine.lives


class _Machine:
    """One rule's alerts, from evaluation to evaluation; times in ms."""

    def __init__(self, rule: AlertRule) -> None:
        self.lives: list[Life] = []
        self._rule = rule
        self._active: dict[Key, Life] = {}
        self._hold = round(rule.hold * 1000)
        self._keep = round(rule.keep_firing * 1000)

    def evaluate(self, at: int, present: Mapping[Key, Mapping[str, str]]) -> None:
        """Take one evaluation: the alerts for which there is a result."""
        for key, labels in present.items():
            life = self._active.get(key)
            if life is None:
                life = Life(rule=self._rule, labels=labels, active=at, truth=at)
                self._active[key] = life
                self.lives.append(life)
            life.truth, life.absent = at, None
            if life.firing is None and at - life.active >= self._hold:
                life.firing = at
        for key in [key for key in self._active if key not in present]:
            if self._is_over(self._active[key], at):
                self._active.pop(key).ended = at

    def _is_over(self, life: Life, at: int) -> bool:
        if life.firing is None or not self._keep:
            return True
        life.absent = at if life.absent is None else life.absent
        return at - life.absent >= self._keep


def events_of(life: Life, slots: Slots) -> list[Event]:
    """Return what a run's observer would have reported of an alert's life."""

    def changed(kind: type[AlertChange], at: int) -> Event:
        return kind(
            at=_seconds(at, slots),
            alert=life.rule.name,
            labels=dict(life.labels),
            starts=_seconds(life.active, slots),
            error=slots.error,
        )

    told = []
    if life.firing != life.active:
        told.append(changed(AlertPending, life.active))
    if life.firing is not None:
        told.append(changed(AlertFiring, life.firing))
    if life.ended is not None:
        kind = AlertCleared if life.firing is None else AlertResolved
        told.append(changed(kind, life.ended))
    return told


def _seconds(at: int, slots: Slots) -> float:
    """Return an evaluation's own time, on Prometheus' clock, in seconds."""
    return round(slots.seconds(at), 3)


def would_fire(life: Life, interval: int) -> int:
    """Return when an alert would have fired, had its expression stayed true (ms)."""
    hold = round(life.rule.hold * 1000)
    return life.active + -(-hold // interval) * interval
