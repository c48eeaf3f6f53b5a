"""Options that several verbs share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Verb = TypeVar("Verb", bound=Callable[..., Any])


def output(verb: Verb) -> Verb:
    """Add `-o json` to a reading verb."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What to print.",
    )(verb)


def env_file(verb: Verb) -> Verb:
    """Add `--env FILE`: values for ${NAME} in scenarios."""
    return click.option(
        "--env",
        "env_file",
        metavar="FILE",
        help="NAME=VALUE lines for ${NAME} in scenarios, over the environment.",
    )(verb)


def print_json(data: Any) -> None:
    """Print data as JSON, readable and with stable keys."""
    import json

    click.echo(json.dumps(data, indent=2, default=str))
