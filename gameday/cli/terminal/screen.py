"""What a person sees while a run goes on: a live view, or plain lines in a pipe."""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click

from gameday.cli.terminal.wording import line_for
from gameday.model.events import Event
from gameday.model.plan import Plan
from gameday.model.quantity import show_duration
from gameday.model.verdict import Verdict
from gameday.runner.conditions import PendingCondition
from gameday.runner.run_state import RunState

RECENT = 5.0  # seconds before the start; what is older is in the report
QUIET = 10.0  # seconds after which a pipe is told what is still awaited


class Lines:
    """One line for each thing worth telling, with the seconds since the start."""

    def __init__(self, plan: Plan, *, aside: bool = False) -> None:
        self.plan = plan
        self._aside = aside  # on standard error: the output is for a machine
        self._first: float | None = None
        self._told = 0.0
        self._unread = False  # whoever read the pipe has gone

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave nothing behind."""

    def show(self, event: Event, run_state: RunState) -> None:
        """Print the event when it is worth a line."""
        self._first = self._first or event.at
        text = line_for(event, run_state)
        if text and event.at >= self._first - RECENT:
            self._told = event.at
            self.line(event.at, text)

    def line(self, at: float, text: str) -> None:
        """Print one line."""
        since = at - (self._first or at)
        self.print_line(f"{since:7.1f}s  {text}")

    def print_line(self, text: str) -> None:
        """Print a line; a reader that has had enough ends no run, nor its exit code."""
        if self._unread:
            return
        try:
            click.echo(text, err=self._aside)
        except BrokenPipeError:
            self._unread = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if self._aside else 1)

    def tick(
        self, run_state: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> None:
        """Say every now and then what is awaited and for how long still."""
        del run_state
        if awaited and now - self._told >= QUIET:
            self._told = now
            self.line(now, "waiting for " + waiting_text(awaited, now))

    def close(self, verdict: Verdict, folder: str) -> None:
        """Print the verdict and where its files are."""
        from gameday.reports import console

        self.print_line("")
        for line in console.summary(verdict):
            self.print_line(line)
        self.print_line(f"report: {folder}/report.html")


def waiting_text(awaited: Sequence[PendingCondition], now: float) -> str:
    """Return what is awaited, the most urgent first."""
    first = sorted(awaited, key=lambda condition: condition.until)
    return ", ".join(
        f"{condition.what} ({show_duration(round(condition.until - now))} left)"
        for condition in first
    )
