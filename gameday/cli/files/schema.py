"""`gameday schema`."""

import click

from gameday.cli.terminal.exits import EXITS


@click.command("schema", epilog=EXITS)
@click.argument(
    "kind",
    type=click.Choice(["scenario", "gate"]),
    default="scenario",
    metavar="[scenario|gate]",
)
def command(kind: str) -> None:
    """Print the JSON Schema of scenario files, or of gate policies, for editors."""
    from gameday.files.scenario import schema

    click.echo(schema.text(kind), nl=False)
