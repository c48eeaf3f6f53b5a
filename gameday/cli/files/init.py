"""`gameday init`."""

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import one_target, target_options


@click.command("init", epilog=EXITS)
@target_options
@click.option("--prometheus", metavar="URL", help="Knows the rules and the counters.")
@click.option("--alertmanager", metavar="URL", help="Knows the routes.")
@click.option("--pager", metavar="URL", help="A `gameday pager` that receivers reach.")
@click.option("--url", metavar="URL", help="Where the system answers.")
@click.option(
    "--into", default=".", show_default=True, metavar="DIR", help="Where to write."
)
def command(  # noqa: PLR0913 - one argument for each option
    *,
    docker: str | None,
    host: str | None,
    context: str | None,
    namespace: str | None,
    local: str | None,
    prometheus: str | None,
    alertmanager: str | None,
    pager: str | None,
    url: str | None,
    into: str,
) -> None:
    """Write a first scenario, experiment and SLO for a running system.

    Chooses the service with the most replicas, the alert rule that speaks of it and
    a counter of requests. Reads only; overwrites nothing. Everything that it writes
    passes `gameday check`.
    """
    from gameday.app import init
    from gameday.clock import SystemClock
    from gameday.files.scenario import starter

    wish = init.InitRequest(
        target=one_target(docker, host, context, namespace, local),
        prometheus=prometheus or "",
        alertmanager=alertmanager or "",
        pager=pager or "",
        url=url or "",
    )
    beginning, notes = init.look(wish, SystemClock())
    for path in starter.write(starter.texts(beginning), into):
        click.echo(f"wrote {path}")
    for note in notes:
        click.echo(f"note: {note}", err=True)
    scenario = click.format_filename(f"{into.rstrip('/')}/{starter.SCENARIO}")
    scenario = scenario.removeprefix("./")
    click.echo("next:")
    click.echo(f"  gameday plan {scenario}")
    click.echo(f"  gameday run {scenario}")
