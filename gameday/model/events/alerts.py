"""Events of alert rules, alerts, routes and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from gameday.frozen import frozen
from gameday.model.events.codec import Event, Instant, Labels, Seconds, StepEvent


def _are_matchers(values: Sequence[Mapping[str, Any]]) -> bool:
    return all(type(text) is str for labels in values for text in labels.values())


def _are_entries(values: Sequence[Mapping[str, Any]]) -> bool:
    return all(_are_texts(entry.get("labels")) for entry in values)


def _are_texts(labels: object) -> bool:
    """Whether labels are such; null where a payload has none."""
    if labels is None:
        return True
    return type(labels) is dict and all(type(text) is str for text in labels.values())


@frozen
class AlertChange(Event):
    """An alert changed; `at` is the rule's evaluation.

    `starts` tells this episode from others; `error`: how exact `at` is.
    """

    alert: str
    labels: Labels
    starts: Instant = 0.0
    error: Seconds = 0.0

    @property
    def state(self) -> str:
        """The state that it leads to: pending, firing, resolved or cleared."""
        return self.kind.removeprefix("alert_")


@frozen
class AlertPending(AlertChange, kind="alert_pending"):
    """An alert is pending."""


@frozen
class AlertFiring(AlertChange, kind="alert_firing"):
    """An alert fires."""


@frozen
class AlertResolved(AlertChange, kind="alert_resolved"):
    """An alert that fired does no more.

    `exact` is false where its end was not marked (an outage, a failed evaluation).
    """

    exact: bool = True


@frozen
class AlertCleared(AlertChange, kind="alert_cleared"):
    """An alert is no longer pending and never fired.

    `exact` is false where its end was not marked.
    """

    exact: bool = True


@frozen
class AlertAtStart(StepEvent, kind="alert_at_start"):
    """An alert was pending or firing already when the fault began."""

    alert: str
    labels: Labels
    state: str = ""


@frozen
class Suppressed(Event, kind="suppressed"):
    """Alertmanager suppresses an alert, by a silence, an inhibition or a mute_time.

    `detail`: its id, or who.
    """

    alert: str
    labels: Labels
    by: str = ""
    detail: str = ""


@frozen
class Unsuppressed(Event, kind="unsuppressed"):
    """Alertmanager does not suppress an alert any more."""

    alert: str
    labels: Labels
    by: str = ""
    detail: str = ""


@frozen
class Silence(Event, kind="silence"):
    """A silence is active.

    `matchers`: name, op and value of each; `by`: who made it.
    """

    id: str
    matchers: Annotated[Sequence[Mapping[str, Any]], _are_matchers]
    since: Instant | None = None
    until: Instant | None = None
    by: str = ""


@frozen
class SilenceEnded(Event, kind="silence_ended"):
    """A silence was deleted before its time, or has expired."""

    id: str


@frozen
class Page(Event, kind="page", omits=("doubt", "late", "sender")):
    """A page was received; `at` is on the pager's clock.

    `status`: firing, resolved or unknown; `alerts`: labels, status, starts, ends and
    fingerprint of each; `titles`: of a message, where a vendor's has no labels;
    `truncated`: alerts that Alertmanager left out; `sender`: the receiver that the
    message itself names; `late`, `doubt`: of a page that only a replay computed, how
    much later it may come, and why it may not come at all.
    """

    receiver: str
    vendor: str = ""
    status: str = "unknown"
    group_key: str | None = None
    alerts: Annotated[Sequence[Mapping[str, Any]], _are_entries] = ()
    dedup_key: str | None = None
    titles: Sequence[str] = ()
    truncated: int = 0
    seq: int = 0
    sender: str = ""
    late: Seconds = 0.0
    doubt: str = ""


@frozen
class PageRefused(Event, kind="page_refused"):
    """A page that the pager did not take; `at` is on the pager's clock."""

    receiver: str
    vendor: str = ""
    because: str = ""
    seq: int = 0


@frozen
class Routed(Event, kind="routed"):
    """Alertmanager's own routing of an alert.

    It holds the alert by this fingerprint.
    """

    alert: str
    labels: Labels
    receivers: Sequence[str]
    starts: Instant = 0.0
    fingerprint: str = ""


@frozen
class RuleFailed(Event, kind="rule_failed", omits=("file", "rule", "since")):
    """An evaluation failed or was missed, or the rule is not the same any more.

    `what`: failed, missed, changed or restarted; `rule`: a recording rule; both it and
    `alert` empty: the whole group.
    """

    group: str = ""
    alert: str = ""
    because: str = ""
    what: str = ""
    file: str = ""
    rule: str = ""
    since: Instant | None = None


@frozen
class Evaluations(Event, kind="evaluations"):
    """A rule group was evaluated up to `last`; told at the end of each step."""

    group: str
    file: str = ""
    interval: Seconds = 0.0
    last: Instant
