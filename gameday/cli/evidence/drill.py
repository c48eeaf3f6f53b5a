"""`gameday drill`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import output, print_json

if TYPE_CHECKING:
    from gameday.app.evidence.drill import DrillResult
    from gameday.plans.drill import Between, DrillPlan


@click.command("drill", epilog=EXITS)
@click.argument("receiver", metavar="RECEIVER")
@click.option(
    "--alertmanager",
    default="",
    metavar="URL",
    help="Where to send it; default: the newest stored run's.",
)
@click.option(
    "--pages",
    default="",
    metavar="URL",
    help="A `gameday pager` that the receiver reaches; without one Alertmanager's own "
    "counts tell.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    help="A label of the alert, as a real one has; default: what the routes ask for.",
)
@click.option("--yes", is_flag=True, help="Send it; without this it is only shown.")
@click.option(
    "--between",
    default="09:00-17:00 Mon-Fri",
    show_default=True,
    metavar="TIMES",
    help="When paging integrations may be reached, by this machine's clock.",
)
@click.option("--wake", is_flag=True, help="Reach paging integrations at any time.")
@output
def command(  # noqa: PLR0913 - one argument for each option
    *,
    receiver: str,
    alertmanager: str,
    pages: str,
    labels: tuple[str, ...],
    yes: bool,
    between: str,
    wake: bool,
    output: str,
) -> int:
    """Send a labelled synthetic alert to a receiver, without a fault.

    Shows the receiver, its integrations and what would be inhibited; sends only with
    --yes. The alert has the label gameday_drill and a summary that begins with DRILL,
    and is over within 5 minutes. What it proves is delivery: not detection.
    """
    from gameday.app.evidence.drill import DrillRequest, DrillRun, local_time
    from gameday.clock import SystemClock
    from gameday.model.verdict import ExitCode, Outcome
    from gameday.plans.drill import too_early

    clock = SystemClock()
    wish = DrillRequest(
        receiver=receiver,
        labels=_labels(labels),
        alertmanager=alertmanager,
        pages=pages,
    )
    times = _parse_between(between)
    drilling = DrillRun(wish, clock)
    try:
        plan = drilling.plan
        refusals = list(plan.refusals)
        early = "" if wake else too_early(plan, times, local_time(clock.now()))
        if early:
            refusals.append(
                f"{early}, outside of {between}; --wake sends it all the same"
            )
        sent = drilling.send() if yes and not refusals else None
    finally:
        drilling.close()
    if output == "json":
        print_json(_document(plan, refusals, sent))
    else:
        _print(plan, refusals, sent)
    if refusals:
        return int(ExitCode.USAGE)
    codes = {Outcome.FAIL: ExitCode.FAIL, Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE}
    return int(codes.get(sent.outcome, ExitCode.PASS)) if sent else 0


def _print(plan: "DrillPlan", refusals: list[str], sent: "DrillResult | None") -> None:
    from gameday.coverage.definition import path_words
    from gameday.model.verdict import Outcome
    from gameday.reports.wording import clean

    for receiver in plan.receivers:
        ways = ", ".join(way.kind for way in receiver.integrations) or "no integration"
        click.echo(clean(f"receiver {receiver.name}: {ways}"))
    for path in plan.paths:
        click.echo(clean(f"by the route {path_words(path)}"))
    pairs = ", ".join(f'{name}="{text}"' for name, text in sorted(plan.labels.items()))
    click.echo(clean(f"labels {{{pairs}}}"))
    click.echo(clean(f"would inhibit: {', '.join(plan.inhibits) or 'nothing'}"))
    for why in refusals:
        click.echo(clean(f"refused: {why}"), err=True)
    if sent is not None:
        after = "" if sent.after is None else f" after {sent.after:.1f} s"
        click.echo(clean(f"{sent.outcome.value}: {sent.because}{after}"))
        if sent.outcome is Outcome.PASS:
            click.echo("delivery is proven, detection is not")
    elif not refusals:
        click.echo("nothing was sent; --yes sends it")


def _document(
    plan: "DrillPlan", refusals: list[str], sent: "DrillResult | None"
) -> dict[str, object]:
    from gameday.coverage.definition import path_words

    return {
        "receiver": plan.receiver.name,
        "receivers": {
            receiver.name: [way.kind for way in receiver.integrations]
            for receiver in plan.receivers
        },
        "routes": [path_words(path) for path in plan.paths],
        "labels": dict(plan.labels),
        "inhibits": list(plan.inhibits),
        "refusals": refusals,
        "sent": None
        if sent is None
        else {
            "outcome": sent.outcome.value,
            "because": sent.because,
            "after": sent.after,
            "file": sent.path,
        },
    }


def _labels(given: tuple[str, ...]) -> dict[str, str]:
    labels = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name or not value:
            raise click.UsageError(f"--label {text!r} is not NAME=VALUE")
        labels[name] = value
    return labels


def _parse_between(text: str) -> "Between":
    from gameday.plans.drill import parse_between

    try:
        return parse_between(text)
    except ValueError as error:
        raise click.UsageError(f"--between: {error}") from None
