"""`gameday replay`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import (
    output,
    parse_date,
    print_json,
    rules_and_routes,
)

if TYPE_CHECKING:
    from gameday.app.evidence.replay_run import ReplayAnswer


@click.command("replay", epilog=EXITS)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path())
@rules_and_routes("rules")
@click.option(
    "--at",
    "moment",
    metavar="DATE",
    help="Ask time intervals as if the fault began then: 2026-01-03T03:00:00Z.",
)
@click.option(
    "--vary",
    metavar="for=LIST",
    help="Also show what other times of `for` would do: for=1m,2m,5m.",
)
@click.option(
    "--emit",
    type=(click.Choice(["promtool", "amtool"]), click.Path()),
    metavar="promtool|amtool DIR",
    help="Also write each run as a unit test: with --rules for `promtool test rules`, "
    "or its alerts and receivers in the test file proposed for `amtool config routes`.",
)
@click.option(
    "--prometheus",
    default="",
    metavar="PROGRAM|URL",
    help="What evaluates the rules: a program (default: the one on PATH), or a server "
    "that has the run's time, or an empty one that takes remote writes.",
)
@output
def command(  # noqa: PLR0913 - one argument for each option
    *,
    runs: tuple[str, ...],
    rules: tuple[str, ...],
    alertmanager: str,
    moment: str | None,
    vary: str | None,
    emit: tuple[str, str] | None,
    prometheus: str,
    output: str,
) -> int:
    """Say whether other rules and routes would have caught recorded game days.

    RUN is an id, a run's folder (also a downloaded one), or `latest`. Prometheus
    evaluates the rules over what they read in the run; the routes are gameday's own
    reading of them. The same checks judge it by the same promises. No fault, no target.

    Only the questions about alerts are asked again. What the record cannot say, because
    the fault ended too soon or something was not recorded, is inconclusive.
    """
    from dataclasses import asdict

    from gameday.app.evidence import replay
    from gameday.clock import SystemClock
    from gameday.model.verdict import ExitCode, Outcome, worst_code
    from gameday.replays import render

    if emit and emit[0] == "promtool" and not rules:
        raise click.UsageError("--emit promtool needs --rules: which files are tested?")
    tests, folder = emit or (replay.PROMTOOL, "")
    codes = {
        Outcome.PASS: ExitCode.PASS,
        Outcome.FAIL: ExitCode.FAIL,
        Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    }
    wish = replay.ReplayRequest(
        vary=_vary(vary),
        emit=folder,
        tests=tests,
        rules=rules,
        alertmanager=alertmanager,
        prometheus=prometheus,
        at=parse_date("--at", moment) if moment else None,
    )
    found, documents = [], []
    for answer in replay.replay(runs, wish, SystemClock()):
        found.append(codes[answer.replayed.outcome])
        for said in replay.write_tests(answer, folder) if emit else ():
            click.echo(said, err=True)
        if output == "json":
            documents.append(
                {
                    **render.document(answer.replayed, answer.alerts, answer.timings),
                    "varied": [asdict(variant) for variant in answer.varied],
                }
            )
        else:
            _print(answer)
    if output == "json":
        print_json(documents)
    return int(worst_code(found))


def _print(answer: "ReplayAnswer") -> None:
    from gameday.replays import render

    for line in (
        *render.lines(answer.replayed, answer.alerts),
        *map(render.varied, answer.varied),
        *render.drawn(answer.varied),
    ):
        click.echo(line)


def _vary(text: str | None) -> tuple[float, ...]:
    from gameday.replays.vary import parse_vary

    try:
        return parse_vary(text) if text else ()
    except ValueError as error:
        raise click.UsageError(f"--vary: {error}") from None
