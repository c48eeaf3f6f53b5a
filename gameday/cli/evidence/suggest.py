"""`gameday suggest`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import (
    as_seconds,
    one_target,
    output,
    print_json,
    target_options,
)

if TYPE_CHECKING:
    from gameday.app.evidence.suggest import SuggestedRule, Suggestions


@click.command("suggest", epilog=EXITS)
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path())
@target_options
@click.option(
    "--rules",
    multiple=True,
    metavar="PATH",
    type=click.Path(),
    help="Alert rules: a file or a folder; may be given several times. Default: those "
    "that Prometheus has.",
)
@click.option("--prometheus", metavar="URL", help="Knows the series and the services.")
@click.option("--alertmanager", metavar="URL", help="Knows the routes.")
@click.option("--pager", metavar="URL", help="A `gameday pager` that receivers reach.")
@click.option("--url", metavar="URL", help="Where the system answers.")
@click.option(
    "--max-age",
    default="30d",
    show_default=True,
    metavar="DURATION",
    callback=as_seconds,
    help="How long a proof is fresh.",
)
@click.option(
    "--protect",
    multiple=True,
    metavar="NAME",
    help="An instance, a service or LABEL=VALUE that is not to be hit.",
)
@click.option(
    "--include-risky",
    is_flag=True,
    help="Also hit what has volumes, StatefulSets, what is protected, and services "
    "with a single instance.",
)
@output
@click.option(
    "--out", metavar="DIR", type=click.Path(), help="Write the files there; else none."
)
def command(  # noqa: PLR0913 - one argument for each option
    *,
    folders: tuple[str, ...],
    docker: str | None,
    host: str | None,
    context: str | None,
    namespace: str | None,
    local: str | None,
    rules: tuple[str, ...],
    prometheus: str | None,
    alertmanager: str | None,
    pager: str | None,
    url: str | None,
    max_age: float,
    protect: tuple[str, ...],
    include_risky: bool,
    output: str,
    out: str | None,
) -> None:
    """Suggest for each unproven alert rule the fault that would make it fire.

    What a rule reads tells the fault and the service; its own arithmetic tells what to
    promise. Says of which rules it does not know how. Reads only: with --out it writes
    an experiment and a scenario for each, never over a file. What is proven is told by
    this user's stored runs, and by those in each FOLDER (downloaded artifacts).
    """
    from gameday.app import init
    from gameday.app.evidence import suggest
    from gameday.clock import SystemClock

    begin = init.InitRequest(
        target=one_target(docker, host, context, namespace, local),
        prometheus=prometheus or "",
        alertmanager=alertmanager or "",
        pager=pager or "",
        url=url or "",
    )
    wish = suggest.SuggestRequest(
        begin=begin,
        rules=rules,
        folders=folders,
        protect=protect,
        include_risky=include_risky,
        max_age=max_age,
    )
    clock = SystemClock()
    looked = suggest.look(wish, suggest.target_of(wish, clock), clock)
    written = suggest.write(looked, out) if out is not None else []
    if output == "json":
        print_json([_json(entry, written=out is not None) for entry in looked.entries])
    else:
        _print(looked, out, written)
    for note in looked.notes:
        click.echo(f"note: {note}", err=True)


def _print(suggestions: "Suggestions", out: str | None, written: Sequence[str]) -> None:
    width = max(len(entry.state) for entry in suggestions.entries)
    for entry in suggestions.entries:
        click.echo(f"  {entry.state:{width}}  {entry.rule.name}{_reason_text(entry)}")
    unproven, suggested = suggestions.unproven, suggestions.suggested
    click.echo(
        f"{len(suggested)} of {len(unproven)} unproven alert rules have a suggestion"
    )
    if any(entry.state == "risky" for entry in unproven):
        click.echo("--include-risky also suggests what is risky")
    if out is None and suggested:
        click.echo("nothing was written; --out DIR writes an experiment and a scenario")
    for path in written:
        click.echo(f"wrote {click.format_filename(path)}")


def _reason_text(entry: "SuggestedRule") -> str:
    hit = entry.suggestion.hit if entry.suggestion else None
    words = [hit.text] if hit else []
    words += [entry.because] if entry.because else []
    return f": {'; '.join(words)}" if words else ""


def _json(entry: "SuggestedRule", *, written: bool) -> dict[str, Any]:
    hit = entry.suggestion.hit if entry.suggestion else None
    proof = entry.proof
    return {
        "rule": entry.rule.name,
        "group": entry.rule.group,
        "file": entry.rule.file,
        "state": entry.state,
        "because": entry.because,
        "fault": hit.kind if hit else None,
        "service": hit.service if hit else None,
        "arguments": dict(hit.arguments) if hit else {},
        "scenario": proof.scenario if proof and written else None,
        "experiment": proof.experiment if proof and written else None,
    }
