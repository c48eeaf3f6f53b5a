"""Alert rules, routes and receivers, as Prometheus and Alertmanager mean them."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.alerting.regex import fully_matches
from gameday.model.alerting.time_interval import Muting, TimeInterval


def static(labels: Mapping[str, str]) -> dict[str, str]:
    """Return those of a rule's labels that are not templates."""
    return {key: text for key, text in labels.items() if "{{" not in text}


@frozen
class AlertRule:
    """One alerting rule. A name is not a key: several rules may share one.

    `labels` and `annotations` are unexpanded. Times in seconds; `interval` is
    the group's evaluation interval, None where it is not known, and `place` the
    rule's place in its group. `query_offset` None: the file states none, and the
    global one holds. `reads` names the metrics of the expression. `series`: the
    labels of the series that Prometheus selects for it now (None: not asked).
    """

    name: str
    expr: str
    group: str = ""
    file: str = ""
    hold: float = 0.0  # the rule's `for`
    keep_firing: float = 0.0
    interval: float | None = None
    query_offset: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None
    reads: tuple[str, ...] = ()
    place: int = 0
    series: tuple[Mapping[str, str], ...] | None = None

    @property
    def static_labels(self) -> dict[str, str]:
        """The labels that are not templates."""
        return static(self.labels)

    def may_have(self, labels: Mapping[str, str]) -> bool:
        """Return whether no static label differs; any other label may be anything."""
        own = self.static_labels
        return all(own[key] == text for key, text in labels.items() if key in own)


@frozen
class RecordingRule:
    """One recording rule; its fields mean what an AlertRule's do."""

    name: str
    expr: str
    group: str = ""
    file: str = ""
    interval: float | None = None
    query_offset: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    place: int = 0


Rule = AlertRule | RecordingRule


@frozen
class Matcher:
    """A label matcher: `op` is one of =, !=, =~, !~ (regexes are anchored)."""

    name: str
    op: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the labels fit; a label that is absent is empty."""
        actual = labels.get(self.name, "")
        if self.op in ("=", "!="):
            return (actual == self.value) == (self.op == "=")
        return fully_matches(self.value, actual) == (self.op == "=~")


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether the labels fit all of the matchers."""
    return all(matcher.matches(labels) for matcher in matchers)


@frozen
class Route:
    """One node of Alertmanager's routing tree, its inherited values filled in."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 14400.0
    goes_on: bool = False  # `continue`
    mute_times: tuple[str, ...] = ()
    active_times: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()

    def paths(self, labels: Mapping[str, str]) -> list[tuple["Route", ...]]:
        """Return where an alert with these labels ends, each with the way there.

        Children are tried in order; the first that fits takes the alert, unless it
        says `continue`; without one the route itself does (Alertmanager, "Route").
        """
        paths_found: list[tuple[Route, ...]] = []
        for child in self.routes:
            if match_all(child.matchers, labels):
                paths_found += [(self, *way) for way in child.paths(labels)]
                if not child.goes_on:
                    break
        return paths_found or [(self,)]


# How a pager takes what the integrations of a kind send; it takes no other.
_HEARD_AS = {
    "webhook": "webhook",
    "pagerduty": "pagerduty",
    "opsgenie": "opsgenie",
    **dict.fromkeys(
        ("slack", "discord", "msteams", "msteamsv2", "mattermost", "rocketchat"),
        "slack",
    ),
}


@frozen
class Integration:
    """One way out of a receiver: `kind` is webhook, pagerduty, slack and so on."""

    kind: str
    send_resolved: bool = True

    @property
    def heard_as(self) -> str:
        """The vendor as which a pager takes its messages; empty: it cannot."""
        return _HEARD_AS.get(self.kind, "")


@frozen
class Receiver:
    """Where notifications go."""

    name: str
    integrations: tuple[Integration, ...] = ()

    @property
    def tells_resolved(self) -> bool:
        """Whether at least one integration reports the end of an alert."""
        return any(way.send_resolved for way in self.integrations)

    @property
    def unobservable(self) -> str:
        """By what it is told, where no pager can take that; empty: one can."""
        if not self.integrations or any(way.heard_as for way in self.integrations):
            return ""
        return " and ".join(dict.fromkeys(way.kind for way in self.integrations))


@frozen
class InhibitRule:
    """While an alert fits `source`, those that fit `target` are muted."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def mutes(self, source: Mapping[str, str], target: Mapping[str, str]) -> bool:
        """Return whether an alert, while it fires, mutes another.

        One that fits both sides is not muted by another that fits both, and so never
        by itself (Alertmanager, "Inhibition").
        """
        if not match_all(self.source, source) or not match_all(self.target, target):
            return False
        both = match_all(self.target, source) and match_all(self.source, target)
        return not both and self.are_equal(source, target)

    def are_equal(self, labels: Mapping[str, str], other: Mapping[str, str]) -> bool:
        """Return whether the labels that have to be equal are."""
        return all(labels.get(name, "") == other.get(name, "") for name in self.equal)


@frozen
class Routing:
    """What gameday reads of an Alertmanager configuration."""

    route: Route
    receivers: tuple[Receiver, ...] = ()
    inhibit: tuple[InhibitRule, ...] = ()
    time_intervals: tuple[str, ...] = ()  # their names
    intervals: tuple[TimeInterval, ...] = ()

    def receiver(self, name: str) -> Receiver | None:
        """Return the receiver of that name."""
        return next(
            (receiver for receiver in self.receivers if receiver.name == name), None
        )

    def receivers_named(self, names: Iterable[str]) -> tuple[Receiver, ...]:
        """Return the receivers of these names, in their order."""
        receivers = (self.receiver(name) for name in names)
        return tuple(receiver for receiver in receivers if receiver is not None)

    def muting(self, route: Route) -> Muting | None:
        """Return when a route sends nothing; None where it has no time intervals."""
        mutes, actives = (
            tuple(interval for interval in self.intervals if interval.name in names)
            for names in (route.mute_times, route.active_times)
        )
        return Muting(mutes, actives) if mutes or actives else None


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return Alertmanager's fingerprint of a label set: FNV-1a, 64 bits, in hex.

    Names in order, name and value each followed by the byte 255 (which UTF-8 does
    not have): the `Fingerprint` of a label set in Prometheus' common library.
    """
    digest = 0xCBF29CE484222325
    for name, value in sorted(labels.items()):
        for byte in name.encode() + b"\xff" + value.encode() + b"\xff":
            digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"
