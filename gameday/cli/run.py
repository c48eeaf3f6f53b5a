"""`gameday run`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.exits import EXITS
from gameday.cli.options import env_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gameday.model.scenario import Scenario


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
@click.option(
    "--anyway",
    is_flag=True,
    help="Go on where no alert promise can be answered: all are firing or muted.",
)
@click.option("--plain", is_flag=True, help="Plain lines, also on a terminal.")
@env_file
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    paths: tuple[str, ...],
    out: str | None,
    seed: int | None,
    inconclusive: str,
    anyway: bool,
    plain: bool,
    env_file: str | None,
) -> int:
    """Plan, run, judge and report each scenario in turn.

    All PATHs are validated before the first one runs. Ctrl-C undoes everything and
    still leaves a report of what was seen.
    """
    from gameday.app.planning import fetch, modules_for, read
    from gameday.cli.views import screen_for
    from gameday.clock import SystemClock
    from gameday.runner.engine import Nursery

    clock = SystemClock()
    nursery = Nursery()
    scenarios = read(paths, env_file)
    nursery.warm(modules_for(scenarios))
    fetch("gameday.app.running")  # while the target and Prometheus are waited for
    from gameday.app.readying import ready

    def one(scenario: "Scenario") -> int:
        prepared = ready(scenario, clock, seed, _tell)
        from gameday.app.running import Options, run

        options = Options(
            out=_folder(out, scenario.name, several=len(scenarios) > 1),
            inconclusive=inconclusive,
            anyway=anyway,
            followed=scenario is not scenarios[-1],
        )
        with screen_for(prepared.plan, plain=plain) as screen:
            result = run(prepared, options, clock, screen, nursery)
            screen.close(result.verdict, result.folder)
        for file in result.unwritten:
            _tell(f"not written: {file}")
        return result.code

    return _each(scenarios, one)


def _each(scenarios: "Sequence[Scenario]", run: "Callable[[Scenario], int]") -> int:
    """Run one scenario after the other; return the worst of their exit codes."""
    from gameday.errors import GamedayError
    from gameday.model.verdict import worst_code

    codes: list[int] = []
    for scenario in scenarios:
        try:
            codes.append(run(scenario))
        except GamedayError as error:
            if not codes:
                raise
            _tell(str(error))  # this one touched nothing; those before it did
            codes.append(2)
        if codes[-1] in (4, 5, 130):
            break
    return int(worst_code(codes))


def _folder(out: str | None, name: str, *, several: bool) -> str | None:
    from pathlib import Path

    return str(Path(out) / name) if out is not None and several else out


def _tell(text: str) -> None:
    click.echo(text, err=True)
