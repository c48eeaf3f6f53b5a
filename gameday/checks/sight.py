"""Sight: from when to when each observer saw, and which rules were evaluated.

Silence proves something only while somebody was listening.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from gameday.checks.clocks import Clocks
from gameday.model.quantity import show_instant
from gameday.model.timeline import Event, Timeline

SLACK = 0.1  # seconds by which a record may end before the question does
_NAMES = {
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "pager": "the pager",
    "target": "the target",
    "load": "the load",
    "metrics": "the promised metrics",
    "cluster": "the cluster's workloads",
    "events": "the cluster's events",
}
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Blind:
    """A time through which an observer saw nothing, and why."""

    since: float
    until: float
    because: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What was watched, by source; times on gameday's clock."""

    observed: dict[str, list[Span]] = field(default_factory=dict)
    blind: dict[str, list[Blind]] = field(default_factory=dict)
    failed_rules: tuple[Event, ...] = ()
    evaluated: dict[str, tuple[float, float]] = field(default_factory=dict)

    def gap(self, source: str, start: float, end: float) -> str:
        """Return why a source did not see all of a time; empty when it did."""
        name = _NAMES.get(source, source)
        for blind in self.blind.get(source, []):
            if blind.since < end and blind.until > start:
                until = show_instant(min(blind.until, end))
                return (
                    f"{name} could not be seen from {show_instant(blind.since)} to "
                    f"{until}: {blind.because}"
                )
        reached = _reach(self.observed.get(source, []), start)
        if reached + SLACK >= end:
            return ""
        if reached <= start:
            return (
                f"there is no record that {name} was watched at {show_instant(start)}"
            )
        return f"the record of {name} reaches only to {show_instant(reached)}"

    def rules_gap(
        self, alerts: Collection[str] | None, groups: Collection[str], span: Span
    ) -> str:
        """Return why these alerts' rules were not evaluated all through a time.

        `alerts` None: every rule counts; `groups` empty: every group may be theirs.
        """
        start, end = span
        for event in self.failed_rules:
            since = float(event.get("since") or event.at)
            inside = since <= end and start <= event.at
            if inside and _concerns(event, alerts, groups):
                what = event.get("alert") or f"the group {event.get('group', '')}"
                return (
                    f"the rule of {what} was not evaluated at {show_instant(event.at)}:"
                    f" {event.get('because', '')}"
                )
        for group, (last, interval) in sorted(self.evaluated.items()):
            if (not groups or group in groups) and last + interval + SLACK < end:
                return (
                    f"the rules of the group {group} were evaluated only up to "
                    f"{show_instant(last)}"
                )
        return ""


def read_sight(timeline: Timeline, clocks: Clocks) -> Sight:
    """Return what the timeline says about who saw when."""
    return Sight(
        observed=_observed(timeline.of("observed")),
        blind=_blind(timeline.of("blind", "sees")),
        failed_rules=tuple(
            replace(one, at=clocks.ours("prometheus", one.at))
            for one in timeline.of("rule_failed")
        ),
        evaluated=_evaluated(timeline.of("evaluations"), clocks),
    )


def _reach(spans: list[Span], start: float) -> float:
    """Return up to when a source was watched without a break from `start` on."""
    reached = float("-inf")
    for since, until in spans:
        if since <= max(start, reached) + SLACK and until > reached:
            reached = until
    return reached


def _observed(events: Iterable[Event]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for event in events:
        span = (float(event["since"]), float(event["until"]))
        found.setdefault(str(event["source"]), []).append(span)
    return {source: sorted(spans) for source, spans in found.items()}


def _blind(events: Iterable[Event]) -> dict[str, list[Blind]]:
    found: dict[str, list[Blind]] = {}
    since: dict[str, tuple[float, str]] = {}
    for event in events:
        source = str(event["source"])
        if event.kind == "blind":
            since.setdefault(source, (event.at, str(event.get("because", ""))))
        elif source in since:
            at, because = since.pop(source)
            found.setdefault(source, []).append(Blind(at, event.at, because))
    for source, (at, because) in since.items():
        found.setdefault(source, []).append(Blind(at, float("inf"), because))
    return found


def _evaluated(
    events: Iterable[Event], clocks: Clocks
) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for event in events:
        last = clocks.ours("prometheus", float(event["last"]))
        group = str(event["group"])
        if group not in found or found[group][0] < last:
            found[group] = (last, float(event.get("interval") or 0.0))
    return found


def _concerns(
    event: Event, alerts: Collection[str] | None, groups: Collection[str]
) -> bool:
    if alerts is None:
        return True
    name = event.get("alert")
    if name:
        return name in alerts
    return not groups or event.get("group") in groups
