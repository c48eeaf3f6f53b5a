"""The rows of alerts: pending and firing as bars, promises as deadlines."""

from gameday.model.timeline import Event
from gameday.reports.drawing import Bar, Row, Run, deadlines
from gameday.reports.wording import labels_text


def alert_rows(run: Run) -> list[Row]:
    """Return a row for each alert with its labels; those promised come first."""
    rows: dict[str, Row] = {}
    promised = [
        alert.alert for step in run.plan.scenario.steps for alert in step.expect.alerts
    ]
    for name in dict.fromkeys(promised):
        episodes = _episodes(run, name)
        made = _alert_rows(run, name, episodes) or [Row(label=name, note="never fired")]
        asked = ("fires_within", "resets_within")
        made[0].deadlines = deadlines(run, asked, name)
        rows |= {f"{name} {number}": row for number, row in enumerate(made)}
    seen = run.timeline.of("alert_pending", "alert_firing", "alert_at_start")
    for name in dict.fromkeys(str(one.get("alert")) for one in seen):
        if name not in promised:
            made = _alert_rows(run, name, _episodes(run, name))
            rows |= {f"{name} {number}": row for number, row in enumerate(made)}
    return list(rows.values())


def _episodes(run: Run, name: str) -> dict[str, list[Event]]:
    kinds = ("alert_at_start", "alert_pending", "alert_firing", "alert_resolved")
    found: dict[str, list[Event]] = {}
    for one in run.timeline.of(*kinds):
        if one.get("alert") == name:
            found.setdefault(labels_text(one.get("labels"), name=name), []).append(one)
    return found


def _alert_rows(run: Run, name: str, found: dict[str, list[Event]]) -> list[Row]:
    rows = []
    for labels, events in found.items():
        label = f"{name} {labels}" if len(found) > 1 else name
        row = Row(label=label, title=f"{name}{labels}")
        row.bars = _alert_bars(run, name, events)
        rows.append(row)
    return rows


def _alert_bars(run: Run, name: str, events: list[Event]) -> list[Bar]:
    bars: list[Bar] = []
    state, since = "", 0.0
    for one in events:
        new = {
            "alert_pending": "pending",
            "alert_firing": "firing",
            "alert_at_start": str(one.get("state", "firing")),
        }.get(one.kind, "")
        if new == state:
            continue
        if state:
            bars.append(run.bar(since, one.at, state, state, f"{name} {state}"))
        state, since = new, one.at
    if state:
        bars.append(run.bar(since, None, state, state, f"{name} {state}"))
    return bars
