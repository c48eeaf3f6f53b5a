"""`gameday gate`."""

from typing import TYPE_CHECKING

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import (
    baseline_file,
    comparison_options,
    forgiven_statuses,
    output,
    print_json,
)

if TYPE_CHECKING:
    from gameday.app.evidence.gate import Gates
    from gameday.gate.decide import Decision
    from gameday.gate.override import Override


@click.command("gate", epilog=EXITS)
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path())
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="What has to hold (kind: GatePolicy); default: what stored runs know. With "
    "--serve it may be given several times.",
)
@click.option(
    "--prometheus",
    default="",
    metavar="URL",
    help="Count with this Prometheus instead of the policy's.",
)
@click.option(
    "--rules",
    multiple=True,
    metavar="PATH",
    type=click.Path(),
    help="Today's alert rules, which proofs have to be about.",
)
@click.option(
    "--alertmanager",
    default="",
    metavar="FILE",
    type=click.Path(),
    help="Today's routes, which proofs have to be about.",
)
@baseline_file("What the newest runs are compared with, where it is there.")
@comparison_options
@click.option("--by", metavar="NAME", help="Override: who ships in spite of the gate.")
@click.option("--because", metavar="TEXT", help="Override: why.")
@click.option("--until", metavar="DATE", help="Override: until when it holds.")
@click.option("--serve", is_flag=True, help="Answer over HTTP until stopped.")
@click.option(
    "--listen",
    default="127.0.0.1:9095",
    show_default=True,
    metavar="HOST:PORT",
    help="With --serve: where. Elsewhere than on this machine only with a token.",
)
@click.option(
    "--token-file",
    default="",
    metavar="FILE",
    type=click.Path(),
    help="With --serve: the bearer token that requests have to bring.",
)
@output
def command(  # noqa: PLR0913 - one argument for each option
    *,
    folders: tuple[str, ...],
    policies: tuple[str, ...],
    prometheus: str,
    rules: tuple[str, ...],
    alertmanager: str,
    file: str,
    no_baseline: str,
    too_few: str,
    by: str | None,
    because: str | None,
    until: str | None,
    serve: bool,
    listen: str,
    token_file: str,
    output: str,
) -> int:
    """Say whether a change may ship: budget left, proof fresh, nothing broken or worse.

    Looks at stored runs, at the runs in each FOLDER, at the ledger, compares the newest
    runs with the baseline, and counts SLOs' events in Prometheus. Without evidence it
    is inconclusive. Changes nothing.

    --by, --because and --until together open the gate in spite of its outcome; that is
    recorded, and the outcome stays what it is.
    """
    from gameday.app.evidence import gate
    from gameday.clock import SystemClock
    from gameday.errors import UsageError
    from gameday.gate.override import code, document

    if serve and any((by, because, until)):
        raise UsageError(
            "--serve answers by what is recorded: override with a `gameday gate --by "
            "… --because … --until …` of its own"
        )
    clock = SystemClock()
    wish = gate.GateRequest(
        prometheus=prometheus,
        folders=folders,
        rules=rules,
        alertmanager=alertmanager,
        baseline=file,
        forgiven=forgiven_statuses(no_baseline, too_few),
    )
    asked = gate.read_policies(policies, folders)
    gates = gate.Gates(policies=asked, clock=clock, wish=wish)
    if serve:
        return _serve(gates, listen, token_file)
    if len(gates.policies) != 1:
        raise UsageError("several policies are only for --serve; name one")
    (name,) = gates.policies
    wanted = _override(name, clock.now(), (by, because, until))
    decision, override = gates.decided(name)
    if wanted is not None:
        override = wanted
        click.echo(
            f"recorded in {gate.record(wanted, decision.outcome.value)}", err=True
        )
    if output == "json":
        print_json(document(decision, override))
    else:
        _print(decision, override)
    return int(code(decision, override))


def _print(decision: "Decision", override: "Override | None") -> None:
    from gameday.model.quantity import show_instant
    from gameday.model.verdict import Outcome
    from gameday.reports.wording import clean

    click.echo(f"{decision.outcome.value}: {clean(decision.gate)}")
    for reason in decision.reasons:
        about = clean(f"{reason.question} {reason.subject}".strip())
        click.echo(f"  {reason.outcome.value:12}  {about}: {clean(reason.because)}")
    if override is not None and decision.outcome is not Outcome.PASS:
        said = f"overridden by {override.by} until {show_instant(override.until)}"
        click.echo(clean(f"{said}: {override.because}"))


def _override(
    gate: str, now: float, words: tuple[str | None, str | None, str | None]
) -> "Override | None":
    from gameday.cli.terminal.options import parse_date
    from gameday.gate.override import Override

    by, because, until = words
    if not any(words):
        return None
    if not (by and because and until):
        raise click.UsageError("an override needs --by, --because and --until")
    over = parse_date("--until", until)
    if over <= now:
        raise click.UsageError(f"--until {until!r} is over already")
    return Override(gate=gate, by=by, because=because, at=now, until=over)


def _serve(gates: "Gates", listen: str, token_file: str) -> int:
    import signal
    import threading

    from gameday.app.evidence.gate_server import GateServer
    from gameday.files.text import source

    token = ""
    if token_file:
        read = source.read(token_file)
        token = read.text.strip()
        if not token:
            why = read.problem.message if read.problem else "is empty"
            raise click.UsageError(f"--token-file {token_file}: {why}")
    server = GateServer(gates, listen, token)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    threading.Thread(target=server.serve, daemon=True).start()
    names = ", ".join(sorted(gates.policies))
    click.echo(f"answering for {names} on port {server.port}: GET /v1/gate/NAME")
    ended.wait()
    server.stop()
    return 0
