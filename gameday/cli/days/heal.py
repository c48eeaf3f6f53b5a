"""`gameday heal`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import named_target

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
    help="With --namespace: do not wait (30 s at most) for a heartbeat of whoever "
    "holds its lock; the last one's age tells whether that run is alive.",
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

    Runs that are going on are left alone, and named: `gameday stop` ends them. Ends
    with 5 where something stays broken, else with 2 where a run that is going on may
    have faults in place, or where there is no such project or namespace.
    """
    from gameday.app.heal import heal_all, note_by_hand, running_with_faults, undo_line
    from gameday.clock import SystemClock
    from gameday.model.verdict import worst_code

    if by_hand:
        if run is None:
            raise click.UsageError("--by-hand needs --run")
        for fault in note_by_hand(SystemClock(), run):
            click.echo(f"noted   {fault.kind} on {fault.victim.name}: undone by hand")
        return 0
    marked = named_target(docker, host, context, namespace)
    clock = SystemClock()
    healed = heal_all(clock, run)
    for mended in healed:
        fault = mended.fault
        where = f"{fault.kind} on {fault.victim.name} ({fault.undo.target})"
        click.echo(undo_line("undone", where, mended.undone))
    codes = [0 if healing.undone.ok else 5 for healing in healed]
    for entry in running_with_faults(clock, run):
        what = f"run {entry.run} ({entry.scenario}), process {entry.process.pid}"
        click.echo(f"GOING ON  {what}: left alone; `gameday stop` ends it")
        codes.append(2)
    if marked is not None:
        codes += _by_marks(marked, wait=not no_wait)
    if not codes:
        click.echo("nothing is broken")
    return int(worst_code(codes)) if codes else 0


def _by_marks(target: "TargetRef", *, wait: bool) -> list[int]:
    """Undo by marks; return for each thing the exit code that it asks for."""
    from dataclasses import replace

    from gameday.app.heal import heal_marked, undo_line
    from gameday.clock import SystemClock

    if target.namespace:  # who names it by hand means it
        target = replace(target, options={"consent": target.namespace})
    done = heal_marked(target.url, SystemClock(), wait=wait, tell=_echo)
    for fault in done.found:
        if fault.left.unread is not None:
            click.echo(f"UNSEEN  {fault.left.what}: {fault.undone.found}")
            click.echo(f"        by hand: {fault.undone.by_hand}")
            continue
        whose = f", run {fault.left.run}" if fault.left.run else ""
        where = f"{fault.left.what} (by its mark{whose})"
        click.echo(undo_line("undone", where, fault.undone))
    for fault in done.unseen:
        click.echo(
            f"unseen  {fault.left.what}: not looked at, nothing known to be there"
        )
    codes = [0 if fault.undone.ok else 5 for fault in done.found]
    if done.lock:
        click.echo(f"lock    {done.lock}")
        codes.append(0)
    if done.going_on:
        click.echo(f"GOING ON  {done.going_on}")
        codes.append(2)
    return codes


def _echo(text: str) -> None:
    click.echo(text, err=True)
