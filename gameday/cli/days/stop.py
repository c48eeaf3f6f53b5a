"""`gameday stop`."""

import click

from gameday.cli.terminal.exits import EXITS


@click.command("stop", epilog=EXITS)
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--because", default="", help="The reason, kept in the run's report.")
def command(run: str | None, because: str) -> int:
    """End running game days now (or one RUN), reverting their faults.

    Returns when everything is undone; the runs' reports are written as for Ctrl-C.
    """
    from gameday.app.heal import dead_with_faults, running, stop
    from gameday.clock import SystemClock
    from gameday.errors import UsageError

    clock = SystemClock()
    days = [day for day in running(clock) if run in (None, day.run)]
    if run is not None and not days:
        raise UsageError(f"no run {run!r} is going on")
    if not days:
        click.echo("no game day is running")
        dead = dead_with_faults(clock)
        for entry in dead:
            click.echo(f"{entry.run}: it died and left faults: `gameday heal`")
        return 5 if dead else 0
    still = []
    for entry, ended in stop(days, because, clock):
        click.echo(
            f"{entry.run}: {'everything is undone' if ended else 'NOT OVER YET'}"
        )
        if not ended:
            still.append(entry)
    return 5 if still else 0
