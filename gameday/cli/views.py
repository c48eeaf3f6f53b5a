"""Which view a run gets: a live one on a terminal, plain lines elsewhere."""

import sys

from gameday.cli.screen import Lines
from gameday.model.plan import Plan


def screen_for(plan: Plan, *, plain: bool) -> Lines:
    """Return the live view on a terminal, plain lines elsewhere."""
    if plain or not sys.stdout.isatty():
        return Lines(plan)
    from gameday.cli.live import Live

    return Live(plan)
