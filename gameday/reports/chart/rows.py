"""The rows of the chart: faults, instances, alerts, pages, probes, what watched."""

from gameday.model.events import (
    AlertAtStart,
    AlertChange,
    AlertCleared,
    AlertResolved,
    Blind,
    Guardrail,
    Hypothesis,
    InstanceChanged,
    Page,
    Probe,
    Sees,
)
from gameday.model.promise import DrawnAt
from gameday.reports.chart.drawing import (
    Bar,
    DrawnRun,
    Mark,
    Row,
    Section,
    cut_to_run,
    deadlines,
)
from gameday.reports.chart.event_text import moment
from gameday.reports.chart.fault_table import FaultRow
from gameday.reports.wording import labels_text, one_line

MOST_ROWS = 24  # of one section; the worst case of a chart stays readable


def sections(run: DrawnRun) -> list[Section]:
    """Return the sections in their order on paper, those with rows only."""
    given = (
        ("Faults", _fault_rows(run)),
        ("Instances", _instance_rows(run)),
        ("Alerts", _alert_rows(run)),
        ("Pages", _page_rows(run)),
        ("Steady state", _probe_rows(run)),
        ("Guardrails", _guardrail_rows(run)),
        ("Not seen", _blind_rows(run)),
    )
    return [
        Section(
            name=name, rows=rows[:MOST_ROWS], left_off=max(0, len(rows) - MOST_ROWS)
        )
        for name, rows in ((name, _all_cut_to_run(run, rows)) for name, rows in given)
        if rows
    ]


def _all_cut_to_run(run: DrawnRun, rows: list[Row]) -> list[Row]:
    """Return the rows cut at the run's beginning, without those of nothing else."""
    kept = []
    for row in rows:
        shown = cut_to_run(run, row)
        was_empty = not row.bars and not row.marks
        if was_empty or shown.bars or shown.marks or row.deadlines:
            kept.append(shown)
    return kept


def _fault_rows(run: DrawnRun) -> list[Row]:
    """Return one row for each fault on each instance."""
    rows: dict[tuple[str, str], Row] = {}
    for hit in run.fault_rows:
        if hit.started is None:
            continue
        label = f"{hit.fault} {hit.instance}"
        row = rows.setdefault((hit.fault, hit.instance), Row(label=label))
        row.bars.append(_fault_bar(run, hit, hit.started))
        service = hit.instance.rpartition("-")[0]
        row.deadlines += deadlines(run, DrawnAt.FAULT, service)
    return list(rows.values())


def _fault_bar(run: DrawnRun, hit: FaultRow, started: float) -> Bar:
    kind = "fault" if hit.bites else "fault weak"
    words = "" if hit.bites else "did not bite" if hit.bites is False else "no proof"
    if not hit.undone:
        words = f"{words} not undone".strip()
    what = f"{hit.fault} on {hit.instance}, {hit.proof}"
    return run.bar(started, hit.ended, kind, words, what)


def _instance_rows(run: DrawnRun) -> list[Row]:
    """Return a row for each instance that was down at some time."""
    events_by_name: dict[str, list[InstanceChanged]] = {}
    for event in run.timeline.of(InstanceChanged):
        events_by_name.setdefault(event.instance, []).append(event)
    rows = []
    for name, events in events_by_name.items():
        row = Row(label=name)
        since: InstanceChanged | None = None
        for event in events:
            if not event.up and since is None:
                since = event
            elif event.up and since is not None:
                row.bars.append(_down(run, since, event.at))
                since = None
        if since is not None:
            row.bars.append(_down(run, since, None))
        rows += [row] if row.bars else []
    return rows


def _down(run: DrawnRun, since: InstanceChanged, until: float | None) -> Bar:
    state = one_line(since.state or "down", 20)
    return run.bar(since.at, until, "down", state, f"{since.instance}: {state}")


def _alert_rows(run: DrawnRun) -> list[Row]:
    """Return a row for each alert with its labels; those promised come first."""
    events_by_alert = _events_by_alert(run)
    promised = dict.fromkeys(
        alert.alert for step in run.plan.scenario.steps for alert in step.expect.alerts
    )
    rows: list[Row] = []
    for name in promised:
        made = _rows_of_alert(run, name, events_by_alert.pop(name, {}))
        made = made or [Row(label=name, note="never fired")]
        made[0].deadlines = deadlines(run, DrawnAt.ALERT, name)
        rows += made
    for name, events_by_labels in events_by_alert.items():
        rows += _rows_of_alert(run, name, events_by_labels)
    return rows


def _events_by_alert(
    run: DrawnRun,
) -> dict[str, dict[str, list[AlertChange | AlertAtStart]]]:
    """Return the transitions by the alert's name and its other labels."""
    events_by_name: dict[str, dict[str, list[AlertChange | AlertAtStart]]] = {}
    for event in run.timeline.of(AlertChange, AlertAtStart):
        name = event.alert
        labels = labels_text(event.labels, name=name)
        events_by_name.setdefault(name, {}).setdefault(labels, []).append(event)
    return events_by_name


def _rows_of_alert(
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


def _page_rows(run: DrawnRun) -> list[Row]:
    """Return a row for each receiver that was paged or was promised a page."""
    rows: dict[str, Row] = {}
    for step in run.plan.scenario.steps:
        for promise in step.expect.alerts:
            for name in promise.reaches:
                row = rows.setdefault(name, Row(label=name))
                row.deadlines += deadlines(run, DrawnAt.RECEIVER, promise.alert)
    for event in run.timeline.of(Page):
        name = event.receiver
        row = rows.setdefault(name, Row(label=name))
        kind = f"page {event.status}"
        title = f"{moment(event).text}: {run.when(event.at)}"
        row.marks.append(Mark(at=event.at, kind=kind, title=title))
    for row in rows.values():
        row.note = "" if row.marks else "no page"
    return list(rows.values())


def _probe_rows(run: DrawnRun) -> list[Row]:
    """Return one row of ticks, thinned: of those side by side the worst is drawn."""
    events = run.timeline.of(Probe, Hypothesis)
    if not events:
        return []
    worst: dict[int, Probe | Hypothesis] = {}
    rank = {False: 0, None: 1, True: 2}
    width = (run.end - run.start) / 400
    for event in events:
        index = int((event.at - run.start) / width)
        old = worst.get(index)
        if old is None or rank[event.ok] < rank[old.ok]:
            worst[index] = event
    kinds = {True: "probe ok", False: "probe bad", None: "probe unsure"}
    marks = [
        Mark(
            at=event.at,
            kind=kinds[event.ok],
            title=f"{moment(event).text}: {run.when(event.at)}",
        )
        for event in worst.values()
    ]
    return [Row(label="hypothesis", marks=marks)]


def _blind_rows(run: DrawnRun) -> list[Row]:
    """Return a row for each observer that could not see for some time."""
    rows: dict[str, Row] = {}
    open_since: dict[str, Blind] = {}
    for event in run.timeline.of(Blind, Sees):
        name = event.source
        if isinstance(event, Blind):
            open_since.setdefault(name, event)
        elif name in open_since:
            _blind(run, rows, open_since.pop(name), event.at)
    for since in open_since.values():
        _blind(run, rows, since, None)
    return list(rows.values())


def _guardrail_rows(run: DrawnRun) -> list[Row]:
    """Return a row for each guardrail that was breached or could not be answered."""
    rows: dict[str, Row] = {}
    for event in run.timeline.of(Guardrail):
        if event.state != "ok":
            name = event.name
            title = f"{moment(event).text}: {run.when(event.at)}"
            kind = "probe bad" if event.state == "breached" else "probe unsure"
            row = rows.setdefault(name, Row(label=name))
            row.marks.append(Mark(at=event.at, kind=kind, title=title))
    return list(rows.values())


def _blind(
    run: DrawnRun, rows: dict[str, Row], since: Blind, until: float | None
) -> None:
    name = since.source
    row = rows.setdefault(name, Row(label=name))
    what = f"{name} could not be seen, {since.because}"
    row.bars.append(run.bar(since.at, until, "blind", "not seen", what))
