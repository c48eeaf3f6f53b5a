"""`gameday run`."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import as_seconds, env_file, output_as

if TYPE_CHECKING:
    from gameday.app.days.game_days import GameDayOptions, HeldGameDay
    from gameday.model.scenario import Scenario

_FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")


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
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many targets at once; scenarios on one target are held in turn.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    metavar="N",
    help="Hold each N times, the fault each time elsewhere between scrapes and "
    "evaluations (DIR/1, DIR/2, …).",
)
@click.option("--shard", metavar="N/M", help="Hold only the Nth of M equal shares.")
@click.option(
    "--base",
    metavar="REF",
    help="Hold only what a change since this commit may concern.",
)
@output_as(_FORMATS, "; with others than text, people read standard error")
@click.option(
    "--junit-properties",
    is_flag=True,
    help="Have JUnit say what was promised and measured, beyond its strict schema.",
)
@click.option("--plain", is_flag=True, help="Plain lines, also on a terminal.")
@env_file
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Plan, run, judge and report each scenario; a folder stands for all in it.

    All PATHs are validated before the first one runs. Ctrl-C undoes everything and
    still leaves a report of what was seen.
    """
    from gameday.app.days.game_days import (
        GameDayOptions,
        read_scenarios,
        with_unheld,
        worst,
    )
    from gameday.app.days.suites import paths_of
    from gameday.app.result import Options

    all_paths = paths_of(paths)
    wishes = GameDayOptions(
        out=given["out"],
        several=list(paths) != all_paths or len(all_paths) > 1,
        seed=given["seed"],
        env_file=given["env_file"],
        wait_for_target=given["wait_for_target"],
        repeat=given["repeat"],
        options=Options(
            inconclusive=given["inconclusive"],
            anyway=given["anyway"],
            junit_properties=given["junit_properties"],
        ),
    )
    scenarios = _chosen(read_scenarios(all_paths, wishes), given)
    held = _hold(scenarios, wishes, given) if scenarios else []
    held = with_unheld(scenarios, held)
    _print(held, given)
    return int(worst(held))


def _chosen(scenarios: "Sequence[Scenario]", given: dict[str, Any]) -> "list[Scenario]":
    """Return the scenarios of this shard that a change may concern."""
    from gameday.app.days import suites

    chosen = list(scenarios)
    if given["shard"]:
        try:
            chosen = suites.shard(chosen, *suites.parse_shard(given["shard"]))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--shard") from None
    if given["base"]:
        concerned = suites.changed_since(chosen, given["base"], given["env_file"])
        chosen = [scenario for scenario in chosen if scenario.path in concerned]
    if len(chosen) < len(scenarios):
        _echo(f"{len(chosen)} of {len(scenarios)} scenarios are held here")
    if given["out"] and len({scenario.name for scenario in chosen}) < len(chosen):
        raise click.UsageError(
            "two of these scenarios have one name, and so one folder in --out; give "
            "each a name of its own"
        )
    return chosen


def _hold(
    scenarios: "Sequence[Scenario]", wishes: "GameDayOptions", given: dict[str, Any]
) -> "list[HeldGameDay]":
    if given["jobs"] > 1 and len({scenario.target.url for scenario in scenarios}) > 1:
        from gameday.app.days.side_by_side import hold_side_by_side

        command = _command(given)
        return hold_side_by_side(scenarios, given["jobs"], command, _echo)
    from gameday.app.days.game_days import Audience, hold
    from gameday.cli.terminal.views import close, screen_for

    aside = given["output"] != "text"
    watch = Audience(
        screen=lambda plan: screen_for(plan, plain=given["plain"], aside=aside),
        tell=_echo,
        over=close,
    )
    return hold(scenarios, wishes, watch)


def _command(given: dict[str, Any]) -> "Callable[[Sequence[Scenario]], list[str]]":
    """Return what runs the scenarios of one target, with the same wishes."""
    from pathlib import Path

    words = [sys.executable, "-m", "gameday", "run", "--plain", "-o", "json"]
    words += ["--inconclusive", given["inconclusive"]]
    words += ["--repeat", str(given["repeat"])]
    words += ["--wait-for-target", f"{given['wait_for_target']:.3f}s"]
    for name in ("anyway", "junit_properties"):
        words += [f"--{name.replace('_', '-')}"] if given[name] else []
    for name, value in (("--seed", given["seed"]), ("--env", given["env_file"])):
        words += [] if value is None else [name, str(value)]

    def command(group: "Sequence[Scenario]") -> list[str]:
        out = given["out"]
        if out and len(group) == 1:
            out = str(Path(out) / group[0].name)
        place = ["--out", out] if out else []
        return [*words, *place, "--", *(scenario.path for scenario in group)]

    return command


def _print(held: "Sequence[HeldGameDay]", given: dict[str, Any]) -> None:
    """Say why there was no run; then print what was asked for."""
    for game_day in held:
        if game_day.error is not None:
            _echo(str(game_day.error))  # it touched nothing
    from gameday.app import outputs

    several = len(held) > 1
    if several:
        from gameday.reports import console

        lines = console.several(outputs.judged(held))
        if given["repeat"] > 1:
            lines = [*lines, *outputs.phases(held)]
        for line in ["", *lines]:
            click.echo(line, err=given["output"] != "text")
    if given["output"] != "text":
        properties = given["junit_properties"]
        text = outputs.render(held, given["output"], properties=properties)
        click.echo(text, nl=False)


def _echo(text: str) -> None:
    click.echo(text, err=True)
