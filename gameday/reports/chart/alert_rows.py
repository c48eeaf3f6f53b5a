"""The rows of alerts: pending and firing as bars, promises as deadlines."""

from gameday.model.events import (
    AlertAtStart,
    AlertChange,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
)
from gameday.model.promise import DrawnAt
from gameday.reports.chart.drawing import Bar, DrawnRun, Row, deadlines
from gameday.reports.wording import labels_text

_STARTS = (AlertAtStart, AlertPending, AlertFiring)
_ENDS = (AlertResolved, AlertCleared)


def alert_rows(run: DrawnRun) -> list[Row]:
    """Return a row for each alert with its labels; those promised come first."""
    by_name = _episodes(run)
    promised = dict.fromkeys(
        alert.alert for step in run.plan.scenario.steps for alert in step.expect.alerts
    )
    rows: list[Row] = []
    for name in promised:
        made = _alert_rows(run, name, by_name.pop(name, {}))
        made = made or [Row(label=name, note="never fired")]
        made[0].deadlines = deadlines(run, DrawnAt.ALERT, name)
        rows += made
    for name, episodes in by_name.items():
        rows += _alert_rows(run, name, episodes)
    return rows


def _episodes(run: DrawnRun) -> dict[str, dict[str, list[AlertChange | AlertAtStart]]]:
    """Return the transitions by the alert's name and its other labels."""
    events_by_name: dict[str, dict[str, list[AlertChange | AlertAtStart]]] = {}
    for event in run.timeline.of(AlertChange, AlertAtStart):
        name = event.alert
        labels = labels_text(event.labels, name=name)
        events_by_name.setdefault(name, {}).setdefault(labels, []).append(event)
    return events_by_name


def _alert_rows(
    run: DrawnRun,
    name: str,
    events_by_labels: dict[str, list[AlertChange | AlertAtStart]],
) -> list[Row]:
    rows = []
    for labels, events in events_by_labels.items():
        label = f"{name} {labels}" if len(events_by_labels) > 1 else name
        row = Row(label=label, title=f"{name}{labels}")
        row.bars = _alert_bars(run, name, events)
        rows.append(row)
    return rows


def _alert_bars(
    run: DrawnRun, name: str, events: list[AlertChange | AlertAtStart]
) -> list[Bar]:
    bars: list[Bar] = []
    state, since = "", 0.0
    for event in events:
        new = _state_after(event)
        if new == state:
            continue
        if state:
            bars.append(run.bar(since, event.at, state, state, f"{name} {state}"))
        state, since = new, event.at
    if state:
        bars.append(run.bar(since, None, state, state, f"{name} {state}"))
    return bars


def _state_after(event: AlertChange | AlertAtStart) -> str:
    """Return the state that an alert is in from an event on; empty: inactive."""
    return "" if isinstance(event, AlertResolved | AlertCleared) else event.state
