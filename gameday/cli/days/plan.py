"""`gameday plan`."""

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import env_file, output, print_json


@click.command("plan", epilog=EXITS)
@click.argument("path", metavar="PATH")
@click.option("--seed", type=int, help="Choose the victims by this number.")
@env_file
@output
def command(path: str, seed: int | None, env_file: str | None, output: str) -> int:
    """Resolve a scenario against the live target and its observers: the dry run.

    Shows what would be hit and how, the blast radius, the rules and routes that each
    promise depends on, and the earliest and latest time at which each can come true.
    Asks the steady-state hypothesis and looks at the guardrails, as a run would before
    its fault. Reads only; touches nothing.
    """
    from gameday.runner.engine.fork_server import ForkServer

    fork_server = ForkServer()
    fork_server.warm()  # first of all: it imports the engine beside what follows
    from gameday.app.days.make_plan import fetch, prepare, read
    from gameday.clock import SystemClock

    clock = SystemClock()
    scenario = read([path], env_file)[0]
    fetch("gameday.app.days.expected_ending")  # while target and Prometheus answer
    prepared = prepare(scenario, clock, seed)
    from gameday.app.days.expected_ending import expected_ending

    plan, end = prepared.plan, expected_ending(prepared, clock, fork_server)
    if output == "json":
        import json

        from gameday.store.plans import to_json

        refused = list(plan.refusals) or ([end.because] if end else [])
        print_json({**json.loads(to_json(plan)), "refusals": refused})
    elif prepared.lost:
        click.echo(f"refused: {prepared.lost}")
    else:
        from gameday.cli.terminal.plan_text import lines

        for line in lines(plan, refused=end.because if end else ""):
            click.echo(line)
    if end is not None:
        return 2 if end.refusal else 3
    return 1 if any(timing.state == "cannot_be_kept" for timing in plan.timings) else 0
