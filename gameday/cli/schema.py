"""`gameday schema`."""

import click

from gameday.cli.exits import EXITS


@click.command("schema", epilog=EXITS)
def command() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from gameday.files import schema

    click.echo(schema.text(), nl=False)
