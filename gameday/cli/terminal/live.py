"""The live view of a run on a terminal (rich): what is, and what is awaited."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gameday.cli.terminal.screen import Lines
from gameday.model.plan import Plan
from gameday.model.quantity import show_duration, show_share
from gameday.runner.conditions import PendingCondition
from gameday.runner.run_state import RunState

_PHASES = ("warmup", "gate", "fault", "hold", "undo", "aftermath")
_STYLES = {"firing": "bold red", "pending": "yellow", "resolved": "green"}


class Live(Lines):
    """Phases, faults, alerts, load and what is awaited, redrawn as it changes."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)

        self._console = Console(file=sys.stdout)
        self._live = RichLive(
            console=self._console, refresh_per_second=8, transient=True
        )
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back."""
        self._live.stop()

    def line(self, at: float, text: str) -> None:
        """Keep the line among the last ones, and in the terminal's own history."""
        stamped = f"{at - (self._first or at):7.1f}s  {text}"
        self._live.console.print(Text(stamped), highlight=False)

    def tick(
        self, run_state: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> None:
        """Redraw, at most ten times a second."""
        if now - self._drawn >= 0.1:  # noqa: PLR2004
            self._drawn = now
            self._live.update(self._renderable(run_state, awaited, now))

    def close(self, verdict: object, folder: str) -> None:
        """End the view, then say the verdict as in a pipe, in colour."""
        self._live.stop()
        super().close(verdict, folder)  # type: ignore[arg-type]

    def _renderable(
        self, run_state: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> RenderableType:
        parts: list[RenderableType] = [_phases(run_state)]
        table = Table.grid(padding=(0, 2))
        for name, value in _rows(run_state, now):
            table.add_row(Text(name, style="dim"), value)
        for waiting in sorted(awaited, key=lambda condition: condition.until):
            left = show_duration(max(0, round(waiting.until - now)))
            table.add_row(
                Text("waiting for", style="dim"), Text(f"{waiting.what}: {left}")
            )
        parts.append(table)
        title = f"{self.plan.scenario.name} · {self.plan.scenario.target.url}"
        return Panel(Group(*parts), title=title, title_align="left")


def _phases(run_state: RunState) -> Text:
    text = Text()
    for phase in _PHASES:
        style = "bold reverse" if phase == run_state.phase else "dim"
        text.append(f" {phase} ", style=style)
        text.append(" ")
    if run_state.step:
        text.append(run_state.step, style="bold")
    return text


def _rows(run_state: RunState, now: float) -> list[tuple[str, Text]]:
    rows = []
    for fault in run_state.of_step(run_state.faults, run_state.step):
        over = fault.id in run_state.ended
        held = show_duration(round(now - fault.at))
        state = "over" if over else f"for {held}"
        style = "green" if over else "bold red"
        what = f"{fault.fault} on {fault.instance} {state}"
        rows.append(("fault", Text(what, style=style)))
    for alert in run_state.alerts.values():
        if alert.state in _STYLES and alert.at > (run_state.phase_at - 120):
            name = alert.labels.get("alertname", "?")
            rows.append(("alert", Text(f"{name} {alert.state}", _STYLES[alert.state])))
    rows += _load(run_state)
    rows += _slis(run_state)
    for source, because in run_state.blind.items():
        rows.append(("blind", Text(f"{source}: {because}", style="yellow")))
    return rows


def _slis(run_state: RunState) -> list[tuple[str, Text]]:
    rows = []
    for name, sli in run_state.slis.items():
        if sli.total > 0:
            bad = sli.bad / sli.total
            words = f"{name}: {show_share(bad)} of {sli.total:.0f} events bad"
            rows.append(("SLI", Text(words, style="red" if sli.bad > 1 else "green")))
    return rows


def _load(run_state: RunState) -> list[tuple[str, Text]]:
    load = run_state.load
    if load is None:
        return []
    failed = load.failed / max(load.sent, 1)
    p99 = "unknown" if load.p99 is None else show_duration(load.p99)
    words = f"{load.sent}/s, {show_share(failed)} failed, p99 {p99}"
    return [("load", Text(words, style="red" if failed else "green"))]
