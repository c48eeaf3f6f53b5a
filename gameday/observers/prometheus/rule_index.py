"""Which rule an alert comes from, and where its samples stand in time.

`query_offset` (Prometheus 2.53 and later) moves a rule's samples back: `ALERTS`
carries the slot less the offset, while `activeAt` carries the slot itself. A
group's own offset is shown nowhere in the API; it is learnt from the first
episode: activeAt minus the first sample, confirmed by `ALERTS_FOR_STATE`, whose
value is activeAt in whole seconds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from gameday.model.alerting.alert import AlertRule
from gameday.model.slos.slo import Series
from gameday.observers.prometheus.api import LOOKBACK, PrometheusApi, quoted
from gameday.observers.prometheus.episodes import About
from gameday.observers.prometheus.rules import Listed, LiveRule, LiveRuleGroup

MOST_BACK = 0.97  # of Prometheus' own look-back: a little less than all of it
MOST_OFFSET = 86_400.0
_MILLI = 0.001


class RuleIndex:
    """Answers what the reconstruction of episodes asks; implements `Oracle`."""

    def __init__(self, api: PrometheusApi, known: Iterable[AlertRule] = ()) -> None:
        self._api = api
        self._groups: Sequence[LiveRuleGroup] = ()
        self._offsets: dict[str, float] = {
            rule.group: rule.query_offset
            for rule in known
            if rule.query_offset is not None
        }
        self._by_name: dict[str, list[tuple[LiveRuleGroup, LiveRule]]] = {}
        self.default_offset = 0.0
        self.may_offset = True
        self.lookback = LOOKBACK
        self.asked_from = 0.0  # what ended earlier is not looked into

    def read(self, groups: Sequence[LiveRuleGroup]) -> None:
        """Take the rules as they are now."""
        self._groups = groups
        self._by_name = {}
        for group in groups:
            for rule in group.rules:
                if rule.alerting:
                    self._by_name.setdefault(rule.name, []).append((group, rule))

    @property
    def longest(self) -> float:
        """The longest interval of groups with alerts that matter for a poll (s)."""
        intervals = [
            group.interval
            for group in self._groups
            if any(rule.alerting for rule in group.rules)
        ]
        return max(intervals, default=0.0)

    def active(self) -> list[Mapping[str, str]]:
        """Return the labels of every alert that is listed as active."""
        rules = (rule for group in self._groups for rule in group.rules)
        return [listed.labels for rule in rules for listed in rule.alerts]

    @property
    def offset(self) -> float:
        """The largest query offset known (s)."""
        return max([self.default_offset, *self._offsets.values()])

    def about(self, labels: Mapping[str, str], first: float | None) -> About:
        """Return what is known of an alert; learns the offset from its `first`."""
        group, rule, listed = self._find(labels)
        if group is None or rule is None:
            return About(group="", interval=15.0, offset=self.default_offset)
        if first is not None and listed is not None and self.may_offset:
            self._learn_offset(group, labels, first, listed)
        return About(
            group=group.name,
            interval=group.interval,
            offset=self._offsets.get(group.name, self.default_offset),
            hold=rule.hold,
            state=listed.state if listed else "",
            active=listed.active if listed else None,
        )

    def evaluated(self, group: str) -> float:
        """Return when the group was last evaluated."""
        return max(
            (known.last for known in self._groups if known.name == group), default=0.0
        )

    def ended(
        self, labels: Mapping[str, str], last: float, until: float
    ) -> float | None:
        """Return the slot of the staleness marker after `last`; None: no such."""
        about = self.about(labels, None)
        step = about.interval
        if last < self.asked_from:
            return last + step
        end = min(until, last + MOST_BACK * self.lookback)
        if end < last + step:
            return None
        selector = f"ALERTS{{{quoted(labels)}}}"
        changed = _with_exact_labels(self._api.grid(selector, last, end, step), labels)
        present = {at for series in changed for at, _ in series.samples}
        slots = math.floor((end - last) / step + 1e-9)
        for number in range(1, slots + 1):
            slot = round(last + number * step, 3)
            if slot in present:
                continue
            before = self._api.query(selector, slot - _MILLI)
            return slot if _with_exact_labels(before, labels) else None
        return None

    def _find(
        self, labels: Mapping[str, str]
    ) -> tuple[LiveRuleGroup | None, LiveRule | None, Listed | None]:
        wanted = {k: v for k, v in labels.items() if v and k != "alertstate"}
        candidates = [
            (group, rule)
            for group, rule in self._by_name.get(wanted.get("alertname", ""), ())
            if rule.fits(wanted)
        ]
        for group, rule in candidates:
            for listed in rule.alerts:
                if listed.labels == wanted:
                    return group, rule, listed
        if not candidates:
            return None, None, None
        group, rule = min(candidates, key=lambda pair: pair[0].interval)
        return group, rule, None

    def _learn_offset(
        self,
        group: LiveRuleGroup,
        labels: Mapping[str, str],
        first: float,
        listed: Listed,
    ) -> None:
        ahead = math.floor((listed.active - first) * 1000 + 1e-3) / 1000
        if ahead == self._offsets.get(group.name, self.default_offset):
            return
        if not 0.0 <= ahead <= MOST_OFFSET:
            return
        if ahead == 0.0:
            self._offsets[group.name] = 0.0
            return
        plain = {name: value for name, value in labels.items() if name != "alertstate"}
        pending = self._api.query(f"ALERTS_FOR_STATE{{{quoted(plain)}}}", first)
        states = [
            series.samples[-1][1]
            for series in _with_exact_labels(pending, plain)
            if series.samples
        ]
        # The whole second of activeAt: less than one behind the offset.
        if any(ahead - 1 < value - first <= ahead + _MILLI for value in states):
            self._offsets[group.name] = ahead


def _with_exact_labels(
    all_series: Iterable[Series], labels: Mapping[str, str]
) -> list[Series]:
    """Return the series with these labels and no others."""
    return [
        series
        for series in all_series
        if {k: v for k, v in series.labels.items() if k != "__name__"} == dict(labels)
    ]
