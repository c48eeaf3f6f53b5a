"""`gameday judge`."""

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import output


@click.command("judge", epilog=EXITS)
@click.argument("run", metavar="RUN", default="latest")
@output
def command(run: str, output: str) -> int:
    """Judge a stored run again with today's checks.

    RUN is an id, a run's folder (also a downloaded one), or `latest`. Writes
    nothing; `gameday report` writes files.
    """
    from gameday.app.days.run import exit_code
    from gameday.app.judge_run import find, judge_stored
    from gameday.reports import console, verdict_json

    stored = judge_stored(find(run))
    if output == "json":
        click.echo(verdict_json.render(stored.verdict), nl=False)
    else:
        for line in console.summary(stored.verdict):
            click.echo(line)
    return int(exit_code(stored.verdict, refusal=bool(stored.plan.refusals)))
