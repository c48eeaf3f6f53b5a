"""`gameday pager`."""

import click

from gameday.cli.exits import EXITS


@click.command("pager", epilog=EXITS)
@click.option(
    "--listen",
    default="127.0.0.1:9099",
    show_default=True,
    metavar="HOST:PORT",
    help="Where receivers reach it.",
)
@click.option("--forward", metavar="URL", help="Pass every page on to this address.")
def command(listen: str, forward: str | None) -> None:
    """Be the far end of the receivers: take pages, keep them, answer GET /pages?since=.

    Receivers reach it at /webhook/RECEIVER, /pagerduty/RECEIVER, /opsgenie/RECEIVER
    and /slack/RECEIVER; the vendor's own path may follow.
    """
    from gameday.observers import pager

    pager.serve(listen, forward)
