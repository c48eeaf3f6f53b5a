"""Which view a run gets: a live one on a terminal, plain lines elsewhere."""

import sys
from typing import TYPE_CHECKING

from gameday.cli.terminal.screen import Lines
from gameday.model.plan import Plan

if TYPE_CHECKING:
    from gameday.app.result import Result
    from gameday.runner.dependencies import Screen


def screen_for(plan: Plan, *, plain: bool, aside: bool = False) -> Lines:
    """Return the live view on a terminal, plain lines elsewhere.

    `aside`: on standard error, since the output is for a machine.
    """
    if plain or aside or not sys.stdout.isatty():
        return Lines(plan, aside=aside)
    from gameday.cli.terminal.live import Live

    return Live(plan)


def close(screen: "Screen", result: "Result") -> None:
    """Say in a view what came of its run."""
    if isinstance(screen, Lines):
        screen.close(result.verdict, result.folder)
