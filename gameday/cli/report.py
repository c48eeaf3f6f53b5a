"""`gameday report`."""

import click

from gameday.cli.exits import EXITS

_FORMATS = ("html", "md", "junit", "json", "text")


@click.command("report", epilog=EXITS)
@click.argument("run", metavar="RUN", default="latest")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
)
@click.option("--out", metavar="FILE", help="Write it there instead of printing it.")
def command(run: str, form: str, out: str | None) -> None:
    """Render a stored run, judged with today's checks.

    RUN is an id, a run's folder (also a downloaded one), or `latest`.
    """
    from gameday.app.judging import find, judge_stored
    from gameday.app.rendering import render

    text = render(judge_stored(find(run)), form)
    if out is None:
        click.echo(text, nl=False)
        return
    from gameday.store.folder import write_file

    click.echo(write_file(out, text))
