"""What another `for` would do: how soon a fault is detected, and what rings without."""

from collections.abc import Sequence
from dataclasses import replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.quantity import parse_duration
from gameday.model.scenario import AlertPromise
from gameday.replays.machine import Life, SeriesResult, Slots, lives, would_fire


@frozen
class Varied:
    """One rule with another `for`; seconds.

    `detected`: from the fault's start to firing; None: it did not fire before the
    record's end. `needs`: when it fires if the fault is held long enough; None: its
    expression was never true. `false_alarms`: how often it fired in the `quiet` time
    before the fault.
    """

    alert: str
    hold: float
    detected: float | None
    needs: float | None
    false_alarms: int
    quiet: float


@frozen
class NotVaried:
    """A rule that other times of `for` were not tried with, and why."""

    alert: str
    because: str


def parse_vary(text: str) -> tuple[float, ...]:
    """Return the durations of `for=1m,2m,5m`; ValueError for anything else."""
    key, _, rest = text.partition("=")
    if key != "for" or not rest:
        raise ValueError(f"{text!r} varies nothing; write for=1m,2m,5m")
    return tuple(parse_duration(part) for part in rest.split(","))


def vary(
    rule: AlertRule,
    promise: AlertPromise,
    results: Sequence[SeriesResult],
    slots: Slots,
    holds: Sequence[float],
    fault: float,
) -> list[Varied]:
    """Return what each `for` would do; `fault`: its start on Prometheus' clock (s)."""
    begins = round((fault - slots.offset) * 1000)
    variants = []
    for hold in holds:
        other = replace(rule, hold=hold)
        alerts = [
            life for life in lives(other, results, slots) if promise.fits(life.labels)
        ]
        variants.append(_varied(other, alerts, begins, slots))
    return variants


def _varied(
    rule: AlertRule, alerts: Sequence[Life], begins: int, slots: Slots
) -> Varied:
    """Return what a rule's alerts would do; `begins`: the fault's start (ms)."""
    after = [life for life in alerts if life.active >= begins]
    fired = [life.firing for life in after if life.firing is not None]
    needs = [would_fire(life, slots.interval) for life in after]
    before = [life for life in alerts if life.firing and life.firing < begins]
    return Varied(
        alert=rule.name,
        hold=rule.hold,
        detected=(min(fired) - begins) / 1000 if fired else None,
        needs=(min(needs) - begins) / 1000 if needs else None,
        false_alarms=len(before),
        quiet=max(0.0, (begins - slots.first) / 1000),
    )
