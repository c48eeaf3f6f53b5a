"""`gameday run`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.exits import EXITS
from gameday.cli.options import as_seconds, env_file

if TYPE_CHECKING:
    from gameday.app.game_days import Held


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
@click.option(
    "--wait-for-target",
    callback=as_seconds,
    default="0s",
    metavar="TIME",
    help="Wait that long where another run has the target; default: refuse at once.",
)
@click.option("--plain", is_flag=True, help="Plain lines, also on a terminal.")
@env_file
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    paths: tuple[str, ...],
    out: str | None,
    seed: int | None,
    inconclusive: str,
    anyway: bool,
    wait_for_target: float,
    plain: bool,
    env_file: str | None,
) -> int:
    """Plan, run, judge and report each scenario in turn.

    All PATHs are validated before the first one runs. Ctrl-C undoes everything and
    still leaves a report of what was seen.
    """
    from gameday.app.game_days import Watch, Wishes, hold, read_scenarios, worst
    from gameday.app.result import Options
    from gameday.cli.views import close, screen_for

    wishes = Wishes(
        out=out,
        seed=seed,
        env_file=env_file,
        wait_for_target=wait_for_target,
        options=Options(inconclusive=inconclusive, anyway=anyway),
    )
    scenarios = read_scenarios(paths, wishes)
    watch = Watch(
        screen=lambda plan: screen_for(plan, plain=plain), tell=_tell, over=close
    )
    held = hold(scenarios, wishes, watch)
    for one in held:
        _explain(one)
    return int(worst(held))


def _explain(held: "Held") -> None:
    """Say why there was no run; it touched nothing."""
    if held.error is not None:
        _tell(str(held.error))


def _tell(text: str) -> None:
    click.echo(text, err=True)
