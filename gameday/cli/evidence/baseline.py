"""`gameday baseline`."""

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import baseline_file, testbed


@click.group("baseline", epilog=EXITS)
def command() -> None:
    """What was measured before, for `gameday compare`."""


@command.command("set", epilog=EXITS)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@baseline_file("The file; commit it.")
@testbed
@click.option(
    "--accept",
    is_flag=True,
    help="Also runs of a change that is not on the default branch yet.",
)
def set_(runs: tuple[str, ...], file: str, testbed: str, accept: bool) -> None:
    """Add passing runs to the baseline.

    Where a rule, a route, an interval or the fault has changed, what was measured
    before it goes; and so does what the scenario no longer asks.
    """
    from gameday.app.evidence.compare import set_baseline

    path, count = set_baseline(runs, file, testbed, accept=accept)
    click.echo(f"{path}: {count} measures")
