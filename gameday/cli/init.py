"""`gameday init`."""

import click

from gameday.cli.exits import EXITS


@click.command("init", epilog=EXITS)
@click.option("--docker", metavar="PROJECT", help="A running compose project.")
@click.option("--host", metavar="URL", help="With --docker: the engine's address.")
@click.option("--context", metavar="NAME", help="With --docker: the engine's context.")
@click.option("--local", metavar="URL", help="A supervisord's address.")
@click.option("--prometheus", metavar="URL", help="Knows the rules and the counters.")
@click.option("--alertmanager", metavar="URL", help="Knows the routes.")
@click.option("--pager", metavar="URL", help="A `gameday pager` that receivers reach.")
@click.option("--url", metavar="URL", help="Where the system answers with 200.")
@click.option(
    "--into", default=".", show_default=True, metavar="DIR", help="Where to write."
)
def command(  # noqa: PLR0913 - one argument for each option
    *,
    docker: str | None,
    host: str | None,
    context: str | None,
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
    from gameday.app import starting
    from gameday.clock import SystemClock
    from gameday.errors import UsageError
    from gameday.files import starter
    from gameday.model.target import TargetRef

    if (docker is None) == (local is None):
        raise UsageError("name one target: --docker PROJECT or --local URL")
    options = {"host": host, "context": context}
    given = {name: value for name, value in options.items() if value is not None}
    if local is not None and given:
        raise UsageError(f"--{next(iter(given))} goes with --docker")
    wish = starting.Wish(
        target=TargetRef(
            kind="docker" if docker is not None else "local",
            name=docker or local or "",
            options=given,
        ),
        prometheus=prometheus or "",
        alertmanager=alertmanager or "",
        pager=pager or "",
        url=url or "",
    )
    beginning, notes = starting.look(wish, SystemClock())
    for path in starter.write(starter.texts(beginning), into):
        click.echo(f"wrote {path}")
    for note in notes:
        click.echo(f"note: {note}", err=True)
    scenario = click.format_filename(f"{into.rstrip('/')}/{starter.SCENARIO}")
    scenario = scenario.removeprefix("./")
    click.echo("next:")
    click.echo(f"  gameday plan {scenario}")
    click.echo(f"  gameday run {scenario}")
