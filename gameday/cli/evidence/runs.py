"""`gameday runs`."""

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import output, print_json


@click.command("runs", epilog=EXITS)
@click.option("--last", type=click.IntRange(1), help="Only that many, the newest.")
@output
def command(last: int | None, output: str) -> None:
    """List the runs of this user on this machine, oldest first."""
    from dataclasses import asdict

    from gameday.app import list_runs

    entries = list(list_runs.entries())
    entries = entries[-last:] if last else entries
    if output == "json":
        print_json([asdict(entry) for entry in entries])
        return
    if not entries:
        click.echo("no runs yet; `gameday run SCENARIO` makes one")
    for entry in entries:
        click.echo(
            f"{entry.started[:19]:19}  {entry.outcome:12}  {entry.ending:9}  "
            f"{entry.run}  {entry.scenario}"
        )
