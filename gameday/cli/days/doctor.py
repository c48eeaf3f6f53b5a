"""`gameday doctor`."""

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import env_file, output, print_json

_MARKS = {True: "ok", False: "NO", None: "--"}


@click.command("doctor", epilog=EXITS)
@click.argument("path", metavar="[SCENARIO]", required=False)
@env_file
@output
def command(path: str | None, env_file: str | None, output: str) -> int:
    """Say what this machine, and a SCENARIO's target and observers, can and cannot do.

    Reads only. Exits with 1 when something that a run, or the scenario, needs is
    missing (a full disk, a fault that the target cannot do); for rights in a cluster
    it prints the Role that would give them, ready to be applied.
    """
    from dataclasses import asdict

    from gameday.app.days.make_plan import read
    from gameday.app.doctor import diagnose
    from gameday.clock import SystemClock

    scenario = read([path], env_file)[0] if path else None
    diagnoses = list(diagnose(scenario, SystemClock()))
    if output == "json":
        print_json([asdict(ability) for ability in diagnoses])
    else:
        width = max(len(ability.subject) for ability in diagnoses)
        for ability in diagnoses:
            click.echo(
                f"{_MARKS[ability.able]:2}  {ability.subject:{width}}  {ability.says}"
            )
        for remedy in (ability.remedy for ability in diagnoses if ability.remedy):
            click.echo(f"---\n{remedy}", nl=False)
    return 1 if any(ability.able is False for ability in diagnoses) else 0
