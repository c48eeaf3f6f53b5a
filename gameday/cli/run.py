"""`gameday run`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.exits import EXITS
from gameday.cli.options import env_file

if TYPE_CHECKING:
    from gameday.app.planning import Prepared
    from gameday.model.fault import Undone
    from gameday.model.scenario import Scenario
    from gameday.ports import Clock


@click.command("run", epilog=EXITS)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--out", metavar="DIR", help="Where the files go (several: DIR/SCENARIO)."
)
@click.option("--seed", type=int, help="Choose the victims by this number.")
@click.option(
    "--inconclusive",
    type=click.Choice(["fail", "pass"]),
    default="fail",
    show_default=True,
    help="What a run that could not be judged exits with: fail is 3, pass is 0.",
)
@click.option("--plain", is_flag=True, help="Plain lines, also on a terminal.")
@env_file
def command(
    paths: tuple[str, ...],
    out: str | None,
    seed: int | None,
    inconclusive: str,
    plain: bool,
    env_file: str | None,
) -> int:
    """Plan, run, judge and report each scenario in turn.

    All PATHs are validated before the first one runs. Ctrl-C undoes everything and
    still leaves a report of what was seen.
    """
    from pathlib import Path

    from gameday.app.planning import fetch, modules_for, read
    from gameday.cli.views import screen_for
    from gameday.clock import SystemClock
    from gameday.model.verdict import worst_code
    from gameday.runner.engine import Nursery

    clock = SystemClock()
    nursery = Nursery()
    scenarios = read(paths, env_file)
    nursery.warm(modules_for(scenarios))
    fetch("gameday.app.running")  # while the target and Prometheus are waited for
    codes = []
    for scenario in scenarios:
        prepared = _prepare(scenario, clock, seed)
        from gameday.app.running import Options, run

        folder = out
        if out is not None and len(scenarios) > 1:
            folder = str(Path(out) / scenario.name)
        with screen_for(prepared.plan, plain=plain) as screen:
            options = Options(out=folder, inconclusive=inconclusive)
            result = run(prepared, options, clock, screen, nursery)
            screen.close(result.verdict, result.folder)
        codes.append(result.code)
        if result.code in (4, 5, 130):
            break
    return int(worst_code(codes))


def _prepare(scenario: "Scenario", clock: "Clock", seed: int | None) -> "Prepared":
    """Plan, once what dead runs have left is healed; else it would be planned with."""
    from gameday.app.healing import heal_before, heal_held
    from gameday.app.planning import prepare

    def tell(text: str) -> None:
        click.echo(text, err=True)

    for one in heal_before(scenario.target.url, clock, tell):
        tell(_fate(f"{one.fault.kind} on {one.fault.victim.name}", one.undone))
    prepared = prepare(scenario, clock, seed)
    if not prepared.plan.refusals:
        return prepared
    found = heal_held(prepared.target, clock)
    for other in found:
        whose = f"{other.left.what}, left by run {other.left.run or '?'}"
        tell(_fate(whose, other.undone))
    return prepare(scenario, clock, seed) if found else prepared


def _fate(what: str, undone: "Undone") -> str:
    return f"{'healed' if undone.ok else 'BROKEN'}  {what}: {undone.found}"
