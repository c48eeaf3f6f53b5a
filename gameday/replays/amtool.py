"""A recording as a test of routes: which alerts rang, and where Alertmanager sent them.

The file's format is the one that is proposed for `amtool config routes test
--test-file`: `tests`, each with the alerts that are there together, and of each the
receivers that hear of it and whether another inhibits it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.events import AlertFiring, Routed, Suppressed
from gameday.model.timeline import Timeline

Labels = tuple[tuple[str, str], ...]


@frozen(kw_only=False)
class _Sent:
    """An alert as Alertmanager had it: its labels, its receivers, whether inhibited."""

    labels: Labels
    receivers: tuple[str, ...]
    inhibited: bool


def render(run: str, timeline: Timeline) -> str:
    """Return the file; empty where Alertmanager's routing of no alert was recorded."""
    sent = _sent(timeline)
    return "\n".join(_lines(run, sent)) + "\n" if sent else ""


def _sent(timeline: Timeline) -> list[_Sent]:
    rang = {event.alert for event in timeline.of(AlertFiring)}
    inhibited = {
        _labels(event.labels)
        for event in timeline.of(Suppressed)
        if event.by == "inhibition"
    }
    routed = {
        _labels(event.labels): tuple(sorted(event.receivers))
        for event in timeline.of(Routed)
        if event.alert in rang
    }
    return [
        _Sent(labels, receivers, labels in inhibited)
        for labels, receivers in sorted(routed.items())
    ]


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _lines(run: str, all_sent: Sequence[_Sent]) -> Iterator[str]:
    yield "# Written by `gameday replay --emit amtool`: who heard of what in this run."
    yield "tests:"
    yield f"  - name: {json.dumps(run)}"
    yield "    alerts:"
    for sent in all_sent:
        pairs = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sent.labels)
        yield f"      - labels: {{{pairs}}}"
        yield f"        expected_receivers: {json.dumps(list(sent.receivers))}"
        if sent.inhibited:
            yield "        expected_inhibited: true"
