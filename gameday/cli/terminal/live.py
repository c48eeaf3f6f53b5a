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
        self, board: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> None:
        """Redraw, at most ten times a second."""
        if now - self._drawn >= 0.1:  # noqa: PLR2004
            self._drawn = now
            self._live.update(self._picture(board, awaited, now))

    def close(self, verdict: object, folder: str) -> None:
        """End the view, then say the verdict as in a pipe, in colour."""
        self._live.stop()
        super().close(verdict, folder)  # type: ignore[arg-type]

    def _picture(
        self, board: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> RenderableType:
        parts: list[RenderableType] = [_phases(board)]
        table = Table.grid(padding=(0, 2))
        for name, value in _rows(board, now):
            table.add_row(Text(name, style="dim"), value)
        for waiting in sorted(awaited, key=lambda one: one.until):
            left = show_duration(max(0, round(waiting.until - now)))
            table.add_row(
                Text("waiting for", style="dim"), Text(f"{waiting.what}: {left}")
            )
        parts.append(table)
        title = f"{self.plan.scenario.name} · {self.plan.scenario.target.url}"
        return Panel(Group(*parts), title=title, title_align="left")


def _phases(board: RunState) -> Text:
    text = Text()
    for phase in _PHASES:
        style = "bold reverse" if phase == board.phase else "dim"
        text.append(f" {phase} ", style=style)
        text.append(" ")
    if board.step:
        text.append(board.step, style="bold")
    return text


def _rows(board: RunState, now: float) -> list[tuple[str, Text]]:
    rows = []
    for fault in board.of_step(board.faults, board.step):
        over = fault["id"] in board.ended
        held = show_duration(round(now - fault.at))
        state = "over" if over else f"for {held}"
        style = "green" if over else "bold red"
        what = f"{fault['fault']} on {fault['instance']} {state}"
        rows.append(("fault", Text(what, style=style)))
    for alert in board.alerts.values():
        if alert.state in _STYLES and alert.at > (board.phase_at - 120):
            name = alert.labels.get("alertname", "?")
            rows.append(("alert", Text(f"{name} {alert.state}", _STYLES[alert.state])))
    rows += _load(board)
    rows += _slis(board)
    for source, because in board.blind.items():
        rows.append(("blind", Text(f"{source}: {because}", style="yellow")))
    return rows


def _slis(board: RunState) -> list[tuple[str, Text]]:
    rows = []
    for name, sli in board.slis.items():
        if sli.total > 0:
            bad = sli.bad / sli.total
            words = f"{name}: {show_share(bad)} of {sli.total:.0f} events bad"
            rows.append(("SLI", Text(words, style="red" if sli.bad > 1 else "green")))
    return rows


def _load(board: RunState) -> list[tuple[str, Text]]:
    load = board.load
    if load is None:
        return []
    failed = load["failed"] / max(load["sent"], 1)
    words = (
        f"{load['sent']}/s, {show_share(failed)} failed, "
        f"p99 {show_duration(load['p99'])}"
    )
    return [("load", Text(words, style="red" if failed else "green"))]
