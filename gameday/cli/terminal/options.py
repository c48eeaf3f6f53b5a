"""Options that several verbs share."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gameday.model.target import TargetRef
    from gameday.regressions.compared import Status

Verb = TypeVar("Verb", bound=Callable[..., Any])


FILE_OF_BASELINE = "gameday-baseline.json"


def testbed(verb: Verb) -> Verb:
    """Add `--testbed LABEL`: where the runs were held."""
    return click.option(
        "--testbed",
        default="",
        metavar="LABEL",
        help="Where the runs were held; default: the scenario's label `testbed`.",
    )(verb)


def as_seconds(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | None:
    """Return the seconds of an option that is a time with its unit; for `callback`."""
    from gameday.model.quantity import parse_duration

    try:
        return None if value is None else parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def output_as(formats: Sequence[str], more: str = "") -> Callable[[Verb], Verb]:
    """Add `-o FORMAT`, text by default; `more`: what to say of it besides."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help=f"What to print{more}.",
    )


def output(verb: Verb) -> Verb:
    """Add `-o json` to a reading verb."""
    return output_as(("text", "json"))(verb)


def rules_and_routes(of: str) -> Callable[[Verb], Verb]:
    """Add `--rules PATH` and `--alertmanager FILE`: today's; `of`: what rules."""

    def add(verb: Verb) -> Verb:
        verb = click.option(
            "--alertmanager",
            default="",
            metavar="FILE",
            type=click.Path(),
            help="Today's routes and receivers.",
        )(verb)
        return click.option(
            "--rules",
            multiple=True,
            metavar="PATH",
            type=click.Path(),
            help=f"Today's {of}: a file or a folder; may be given several times.",
        )(verb)

    return add


def baseline_file(what: str) -> Callable[[Verb], Verb]:
    """Add `--baseline FILE`, as `file`; `what`: what the verb has it for."""
    return click.option(
        "--baseline",
        "file",
        default=FILE_OF_BASELINE,
        show_default=True,
        metavar="FILE",
        help=what,
    )


def comparison_options(verb: Verb) -> Verb:
    """Add `--no-baseline` and `--too-few`: what may pass of a comparison."""
    choice = click.Choice(["fail", "pass"])
    verb = click.option(
        "--too-few",
        type=choice,
        default="fail",
        show_default=True,
        help="What a measure exits with of which there are too few runs.",
    )(verb)
    return click.option(
        "--no-baseline",
        type=choice,
        default="fail",
        show_default=True,
        help="What a measure exits with that has none: fail is 3, pass is 0.",
    )(verb)


def forgiven_statuses(no_baseline: str, too_few: str) -> "tuple[Status, ...]":
    """Return what of a comparison may pass."""
    from gameday.regressions.compared import Status

    words = {Status.NO_BASELINE: no_baseline, Status.TOO_FEW: too_few}
    return tuple(status for status, word in words.items() if word == "pass")


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


def parse_date(option: str, text: str) -> float:
    """Return a date and time in seconds since the epoch; UTC unless it says other."""
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"{option} {text!r} is not a date; write it such as 2026-01-03T03:00:00Z"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


_TARGET = (
    click.option("--docker", metavar="PROJECT", help="A running compose project."),
    click.option("--host", metavar="URL", help="With --docker: the engine's address."),
    click.option(
        "--context",
        metavar="NAME",
        help="With --docker: the engine's context; with --namespace: the kubeconfig's.",
    ),
    click.option("--namespace", metavar="NAMESPACE", help="A namespace of a cluster."),
    click.option("--local", metavar="URL", help="A supervisord's address."),
)


def target_options(verb: Verb) -> Verb:
    """Add the options that name a target; see `one_target` and `named_target`."""
    for option in reversed(_TARGET):
        verb = option(verb)
    return verb


def one_target(
    docker: str | None,
    host: str | None,
    context: str | None,
    namespace: str | None,
    local: str | None,
) -> "TargetRef":
    """Return the target that options name; UsageError: they name none, or several."""
    from gameday.errors import UsageError
    from gameday.model.target import TargetRef

    if sum(name is not None for name in (docker, local, namespace)) != 1:
        raise UsageError(
            "name one target: --docker PROJECT, --context NAME --namespace NAMESPACE "
            "or --local URL"
        )
    target = named_target(docker, host, context, namespace)
    return target or TargetRef(kind="local", name=local or "")


def named_target(
    docker: str | None, host: str | None, context: str | None, namespace: str | None
) -> "TargetRef | None":
    """Return the target that options name; None: no target of Docker or a cluster.

    UsageError where they do not go together.
    """
    from gameday.model.target import TargetRef

    if namespace is not None:
        if context is None or docker is not None or host is not None:
            raise click.UsageError("--namespace needs --context, and nothing of Docker")
        return TargetRef(kind="kubernetes", name=context, namespace=namespace)
    options = {"host": host, "context": context}
    given = {key: value for key, value in options.items() if value}
    if docker is not None:
        return TargetRef(kind="docker", name=docker, options=given)
    if given:
        raise click.UsageError(
            "--host belongs to --docker, --context to --docker or --namespace"
        )
    return None
