"""`gameday coverage`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import output_as, rules_and_routes

if TYPE_CHECKING:
    from gameday.coverage.register import Register

_FORMATS = ("text", "json", "md", "badge")


@click.command("coverage", epilog=EXITS)
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path())
@rules_and_routes("alert rules")
@click.option(
    "--base", default="", metavar="REF", help="Say which rules differ from this commit."
)
@click.option(
    "--max-age",
    default="30d",
    show_default=True,
    metavar="DURATION",
    help="How long a proof is fresh.",
)
@click.option(
    "--fail-under", metavar="SHARE", help="Exit with 1 below this share, such as 80%."
)
@click.option(
    "--new-rules-proven",
    is_flag=True,
    help="With --base: exit with 1 where a new or changed rule is not proven.",
)
@output_as(_FORMATS)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(),
    help="Also write coverage.json, coverage.md and coverage.svg there.",
)
def command(  # noqa: PLR0913 - one argument for each option
    *,
    folders: tuple[str, ...],
    rules: tuple[str, ...],
    alertmanager: str,
    base: str,
    max_age: str,
    fail_under: str | None,
    new_rules_proven: bool,
    output: str,
    out: str | None,
) -> int:
    """Say which alert rules, routes and receivers a fault has proven, and when.

    Looks at this user's stored runs and at the runs in each FOLDER (downloaded
    artifacts). Without --rules and --alertmanager, the rules and routes are those that
    the newest run saw. Touches nothing.

    A rule is proven where a finished run had promised it and it fired in time, and
    neither the rule, its route, its receiver nor what was hit has changed since.
    """
    from gameday.app.evidence import coverage
    from gameday.clock import SystemClock
    from gameday.errors import UsageError

    if new_rules_proven and not base:
        raise UsageError("--new-rules-proven needs --base REF: new since which commit?")
    least = _share(fail_under)
    wish = coverage.CoverageRequest(
        rules=rules,
        alertmanager=alertmanager,
        folders=folders,
        base=base,
        max_age=_duration(max_age),
    )
    register = coverage.cover(wish, SystemClock())
    _print(register, output)
    if out is not None:
        for path in coverage.write(register, out):
            click.echo(f"wrote {path}", err=True)
    return _code(register, least, new_rules_proven=new_rules_proven)


def _print(register: "Register", output: str) -> None:
    from gameday.coverage import render

    if output == "json":
        click.echo(render.to_json(register), nl=False)
    elif output == "md":
        click.echo(render.markdown(register), nl=False)
    elif output == "badge":
        click.echo(render.badge(register), nl=False)
    else:
        for line in render.text(register):
            click.echo(line)


def _code(register: "Register", least: float | None, *, new_rules_proven: bool) -> int:
    """Return 1 where too little is proven, 3 where nobody can tell.

    A record that could not be read might hold what is missing.
    """
    from gameday.coverage import render
    from gameday.model.quantity import keeps, show_share

    ratio = register.ratio
    if ratio is None and (least is not None or new_rules_proven):
        click.echo("no alert rule is known: name the files with --rules", err=True)
        return 3
    missed = []
    if least is not None and ratio is not None and not keeps(least, ratio):
        missed.append(f"{show_share(ratio)} is below {show_share(least)}")
    if new_rules_proven:
        missed += [render.annotation(rule) for rule in register.unproven_since_base]
    for why in missed:
        click.echo(why, err=True)
    if not missed:
        return 0
    return 3 if register.unread else 1


def _share(text: str | None) -> float | None:
    from gameday.model.quantity import parse_share

    try:
        share = None if text is None else parse_share(text)
    except ValueError as error:
        raise click.UsageError(f"--fail-under: {error}") from None
    if share is not None and share > 1.0:
        raise click.UsageError(f"--fail-under: {text} is more than all rules, 100%")
    return share


def _duration(text: str) -> float:
    from gameday.model.quantity import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.UsageError(f"--max-age: {error}") from None
