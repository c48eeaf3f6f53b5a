"""`gameday heal`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.exits import EXITS
from gameday.cli.options import named_target

if TYPE_CHECKING:
    from gameday.model.target import TargetRef


@click.command("heal", epilog=EXITS)
@click.option("--run", metavar="RUN", help="Only what this run left.")
@click.option(
    "--by-hand",
    is_flag=True,
    help="What --run left was undone by hand: only note it, let the target go.",
)
@click.option(
    "--docker",
    metavar="PROJECT",
    help="Also what carries gameday's marks in this compose project, though no ledger "
    "knows it; frees its lock. For when the ledger is lost.",
)
@click.option("--host", metavar="HOST", help="The Docker engine's address.")
@click.option(
    "--context",
    metavar="CONTEXT",
    help="The Docker context or, with --namespace, the kubeconfig's "
    "(`in-cluster` in a pod).",
)
@click.option(
    "--namespace",
    metavar="NAMESPACE",
    help="Also what carries gameday's marks in this namespace of the cluster that "
    "--context names, from any machine; frees its lock, unless something is left or "
    "this account may not look everywhere.",
)
@click.option(
    "--no-wait",
    is_flag=True,
    help="With --namespace: do not wait for a heartbeat of whoever holds its lock; the "
    "last one's age tells whether that run is alive.",
)
def command(  # noqa: PLR0913 - one argument for each option
    *,
    run: str | None,
    by_hand: bool,
    docker: str | None,
    host: str | None,
    context: str | None,
    namespace: str | None,
    no_wait: bool,
) -> int:
    """Undo every fault that the ledger still holds open; idempotent.

    Runs that are going on are left alone; `gameday stop` ends them.
    """
    from gameday.app.healing import fate, heal_all, note_by_hand
    from gameday.clock import SystemClock

    if by_hand:
        if run is None:
            raise click.UsageError("--by-hand needs --run")
        for entry in note_by_hand(SystemClock(), run):
            click.echo(f"noted   {entry.kind} on {entry.victim.name}: undone by hand")
        return 0
    marked = named_target(docker, host, context, namespace)
    healed = heal_all(SystemClock(), run)
    for one in healed:
        where = f"{one.fault.kind} on {one.fault.victim.name} ({one.fault.undo.target})"
        click.echo(fate("undone", where, one.undone))
    ok = all(one.undone.ok for one in healed)
    nothing = not healed
    if marked is not None:
        told = _by_marks(marked, wait=not no_wait)
        ok, nothing = ok and all(told), nothing and not told
    if nothing:
        click.echo("nothing is broken")
    return 0 if ok else 5


def _by_marks(target: "TargetRef", *, wait: bool) -> list[bool]:
    """Undo by marks; return for each whether it worked."""
    from dataclasses import replace

    from gameday.app.healing import fate, heal_marked
    from gameday.clock import SystemClock

    if target.namespace:  # who names it by hand means it
        target = replace(target, options={"consent": target.namespace})
    found, lock = heal_marked(target.url, SystemClock(), wait=wait)
    for one in found:
        if one.left.unread is not None:
            click.echo(f"UNSEEN  {one.left.what}: {one.undone.found}")
            click.echo(f"        by hand: {one.undone.by_hand}")
            continue
        whose = f", run {one.left.run}" if one.left.run else ""
        where = f"{one.left.what} (by its mark{whose})"
        click.echo(fate("undone", where, one.undone))
    if lock:
        click.echo(f"lock    {lock}")
    return [one.undone.ok for one in found] + ([True] if lock else [])
