"""`gameday pager`."""

import click

from gameday.cli.terminal.exits import EXITS


@click.command("pager", epilog=EXITS)
@click.option(
    "--listen",
    default="127.0.0.1:9099",
    show_default=True,
    metavar="HOST:PORT",
    help="Where receivers reach it.",
)
@click.option("--forward", metavar="URL", help="Pass every page on to this address.")
@click.option("--store", metavar="FILE", help="Keep pages here over a restart.")
def command(listen: str, forward: str | None, store: str | None) -> int:
    """Be the far end of the receivers: take pages, keep them, answer GET /pages?since=.

    Receivers reach it at /webhook/RECEIVER, /pagerduty/RECEIVER, /opsgenie/RECEIVER
    and /slack/RECEIVER; the vendor's own path may follow.
    """
    import signal
    import threading

    from gameday.errors import UsageError
    from gameday.observers.pages.pager import Pager

    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    try:
        pager = Pager(listen, forward=forward, store=store)
        pager.start()
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"--listen {listen}: {error.strerror}") from error
    place = f"{listen.rpartition(':')[0]}:{pager.port}"
    click.echo(f"listening on {place}; GET /pages?since=0 shows what arrived")
    ended.wait()
    pager.stop()
    return 0
