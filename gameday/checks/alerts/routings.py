"""Where Alertmanager's own routing sent a promised alert, if no pages are observed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.alerts.promised_alert import PromisedAlert
from gameday.checks.pages.matching import Match
from gameday.checks.record.clocks import instant
from gameday.model.events import Routed


@dataclass(frozen=True)
class Routings:
    """The routings of one promised alert in its step."""

    promised: PromisedAlert

    @cached_property
    def receivers(self) -> list[str]:
        """The receivers that Alertmanager's own routing named."""
        return sorted({name for event in self._of_promise for name in event.receivers})

    def since(self, receiver: str) -> float | None:
        """Return since when every victim's alert was routed there; None: one is not."""
        victims, firsts = self.promised.step.victims, dict[str, float]()
        for event in self._of_promise:
            identity = self._match(event).identity
            sets = [event.labels, *([identity.labels] if identity else [])]
            whose = frozenset[str]().union(*map(victims.of, sets))
            for victim in (whose & self.promised.required) or {""}:
                if receiver in event.receivers:
                    firsts.setdefault(victim, event.at)
        if not firsts or self.promised.promise.victims == "any":
            return min(firsts.values(), default=None)
        told_apart = "" not in firsts
        if told_apart and not self.promised.required <= firsts.keys():
            return None
        return max(firsts.values())

    def why_unclear(self, receiver: str) -> str:
        """Return why what was routed there may have been this alert; empty: none."""
        for event in self.promised.step.run.timeline.of(Routed):
            match = self._match(event)
            possible = self.promised.identities & set(match.identities)
            inside = self.promised.start <= event.at <= self.promised.step.end
            if possible and not match.sure and inside and receiver in event.receivers:
                return f"it cannot be told whether what went to {receiver} was it"
        return ""

    @cached_property
    def _of_promise(self) -> list[Routed]:
        """The step's events about the promise's alerts."""
        start, end = self.promised.start, self.promised.step.end
        events = self.promised.step.run.timeline.between(start, end, Routed)
        return [
            event
            for event in events
            if self.promised.is_about(self._match(event).identity, _alert(event)[0])
        ]

    def _match(self, event: Routed) -> Match:
        """Return which alert was routed."""
        return self.promised.step.run.matching.match(*_alert(event))


def _alert(event: Routed) -> tuple[Mapping[str, str], float | None]:
    """Return the labels of an alert that was routed, and since when it fired."""
    return {**event.labels, "alertname": event.alert}, instant(event.starts)
