"""`gameday ci`."""

import re

import click

from gameday.cli.terminal.exits import EXITS

_WORD = re.compile(r"[\w./@:+~=,\[\]-]+")


@click.group("ci", epilog=EXITS)
def command() -> None:
    """Game days in a CI pipeline."""


@command.command("init", epilog=EXITS)
@click.argument("server", type=click.Choice(["github", "gitlab", "jenkins"]))
@click.option(
    "--scenarios",
    default="scenarios",
    show_default=True,
    metavar="PATH",
    help="The scenarios, or a folder of them, as seen from the checkout.",
)
@click.option(
    "--requirement",
    metavar="SPEC",
    help="What pip installs gameday from: a wheel, or git+https://….",
)
@click.option(
    "--into", default=".", show_default=True, metavar="DIR", help="Where to write."
)
def init(server: str, scenarios: str, requirement: str | None, into: str) -> None:
    """Write a pipeline that checks, holds game days, and puts everything back.

    Overwrites nothing. Exit code 3, nobody can tell, is a warning on GitLab and makes
    a build of Jenkins unstable; GitHub knows no such thing.
    """
    from gameday.files import ci_templates
    from gameday.files.scenario import starter

    wanted = requirement or ci_templates.REQUIREMENT
    for option, value in (("--scenarios", scenarios), ("--requirement", wanted)):
        if not _WORD.fullmatch(value):
            raise click.BadParameter(
                f"{value!r} would not be one word of a shell; expected letters, "
                "digits and ./@:+~=,[]-",
                param_hint=option,
            )
    texts = ci_templates.texts(server, scenarios, wanted)
    for path in starter.write(texts, into):
        click.echo(f"wrote {path}")
    if requirement is None:
        click.echo(f"next: write where gameday comes from in place of {wanted}")
