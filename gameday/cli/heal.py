"""`gameday heal`."""

import click

from gameday.cli.exits import EXITS


@click.command("heal", epilog=EXITS)
@click.option("--run", metavar="RUN", help="Only what this run left.")
def command(run: str | None) -> int:
    """Undo every fault that the ledger still holds open; idempotent.

    Runs that are going on are left alone; `gameday stop` ends them.
    """
    from gameday.app.healing import heal_all
    from gameday.clock import SystemClock

    healed = heal_all(SystemClock(), run)
    for one in healed:
        where = f"{one.fault.kind} on {one.fault.victim.name} ({one.fault.undo.target})"
        click.echo(
            f"{'undone' if one.undone.ok else 'BROKEN'}  {where}: {one.undone.found}"
        )
        if not one.undone.ok and one.undone.by_hand:
            click.echo(f"        by hand: {one.undone.by_hand}")
    if not healed:
        click.echo("nothing is broken")
    return 0 if all(one.undone.ok for one in healed) else 5
