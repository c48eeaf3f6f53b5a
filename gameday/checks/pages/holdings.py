"""What Alertmanager held in a run: every alert under its labels there."""

from collections.abc import Iterator, Mapping, Sequence

from gameday.checks.pages.chat import GroupedAlert
from gameday.checks.pages.matching import Key, Matching
from gameday.checks.pages.pages import RESOLVED, Page, label_key
from gameday.checks.record.clocks import Clocks, instant
from gameday.model.events import Routed
from gameday.model.timeline import Timeline

_FOREVER = float("inf")


def read_holdings(
    timeline: Timeline, pages: Sequence[Page], matching: Matching, clocks: Clocks
) -> tuple[GroupedAlert, ...]:
    """Return the alerts that fired here, and those that only Alertmanager told of."""
    return (
        *_observed_alerts(matching),
        *_alerts_from_elsewhere(timeline, pages, matching, clocks),
    )


def _observed_alerts(matching: Matching) -> Iterator[GroupedAlert]:
    for identity in matching.identities:
        spans = tuple(
            (life.firing or 0.0, _FOREVER if life.resolved is None else life.resolved)
            for life in identity.lives
        )
        for labels in matching.labels_in_alertmanager(identity) or [identity.labels]:
            yield GroupedAlert(labels, spans, identity)


def _alerts_from_elsewhere(
    timeline: Timeline, pages: Sequence[Page], matching: Matching, clocks: Clocks
) -> Iterator[GroupedAlert]:
    """Yield the alerts of other Prometheus servers, as they were routed or paged."""
    others: dict[Key, tuple[Mapping[str, str], dict[float, float]]] = {}
    for labels, starts, ends in _mentions(timeline, pages):
        if not matching.match(labels, starts).identities:
            _, spans = others.setdefault(label_key(labels), (labels, {}))
            began = clocks.to_our_clock("prometheus", starts)
            over = _FOREVER if ends is None else clocks.to_our_clock("prometheus", ends)
            spans[began] = min(spans.get(began, _FOREVER), over)
    for labels, spans in others.values():
        yield GroupedAlert(labels, tuple(sorted(spans.items())))


def _mentions(
    timeline: Timeline, pages: Sequence[Page]
) -> Iterator[tuple[Mapping[str, str], float, float | None]]:
    for event in timeline.of(Routed):
        starts = instant(event.starts)
        labels = {**event.labels, "alertname": event.alert}
        yield labels, event.at if starts is None else starts, None
    for page in pages:
        for told in page.alerts:
            over = told.ends if told.status == RESOLVED else None
            if told.labels and told.starts is not None:
                yield told.labels, told.starts, over
