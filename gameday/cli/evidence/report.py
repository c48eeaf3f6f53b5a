"""`gameday report`."""

import click

from gameday.cli.terminal.exits import EXITS

_SEVERAL = ("summary", "comment", "junit")
_FORMATS = ("html", "md", "junit", "json", "text", "summary", "comment")


@click.command("report", epilog=EXITS)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="summary: for a CI job's page, below 1,000,000 bytes; comment: below 64 kB.",
)
@click.option(
    "--junit-properties",
    is_flag=True,
    help="Have JUnit say what was promised and measured, beyond its strict schema.",
)
@click.option("--out", metavar="FILE", help="Write it there instead of printing it.")
def command(
    runs: tuple[str, ...], form: str, *, junit_properties: bool, out: str | None
) -> None:
    """Render stored runs, judged with today's checks.

    RUN is an id, a run's folder (also a downloaded one), a folder of such, or `latest`,
    which is the default. summary, comment and junit take several, the worst first.
    """
    from gameday.app.judge_run import find_all, judge_stored
    from gameday.app.render_report import render, render_several

    if junit_properties and form != "junit":
        raise click.UsageError("--junit-properties is for --format junit")
    records = find_all(runs or ("latest",))
    if len(records) > 1 and form not in _SEVERAL:
        raise click.UsageError(
            f"--format {form} is of one run; of several: {', '.join(_SEVERAL)}"
        )
    stored = [judge_stored(record) for record in records]
    if form in _SEVERAL:
        text = render_several(stored, form, properties=junit_properties)
    else:
        text = render(stored[0], form)
    if out is None:
        click.echo(text, nl=False)
        return
    from gameday.store.folder import write_file

    click.echo(write_file(out, text))
