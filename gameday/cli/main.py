"""The command line: one verb per module, imported only when it is called.

The only place where an exception becomes a message and an exit code.
"""

import gc
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from gameday import __version__
from gameday.cli.terminal.exits import EXITS

# verb -> its line in `--help`; the module is gameday.cli.ROOM.VERB.
VERBS = {
    "check": "Validate scenarios, experiments, SLOs, alert rules and routes.",
    "plan": "Resolve a scenario against the live target: the dry run.",
    "run": "Plan, run, judge and report one or more scenarios.",
    "judge": "Judge a stored run again with today's checks.",
    "report": "Render a stored run.",
    "runs": "List the runs of this user on this machine.",
    "coverage": "Say which alert rules and receivers a fault has proven, and when.",
    "suggest": "Suggest game days that would prove the other alert rules.",
    "replay": "Say whether other rules and routes would have caught recorded runs.",
    "drill": "Send a labelled synthetic alert to a receiver, without a fault.",
    "gate": "Say whether a change may ship.",
    "stop": "End running game days now, reverting their faults.",
    "heal": "Undo every fault that the ledger still holds open.",
    "pager": "Be the far end of the receivers: take pages and keep them.",
    "doctor": "Say what this machine and target can and cannot do.",
    "init": "Write a first scenario, experiment and SLO.",
    "compare": "Compare runs with a baseline.",
    "baseline": "Keep what runs have measured, for `compare`.",
    "ci": "Write a pipeline for GitHub, GitLab or Jenkins.",
    "schema": "Print the JSON Schema of scenarios, or of gate policies.",
}
ROOMS = {
    "files": ("check", "init", "ci", "schema"),
    "days": ("plan", "run", "stop", "heal", "pager", "doctor"),
    "evidence": (
        *("judge", "report", "runs", "coverage", "suggest", "replay", "drill", "gate"),
        *("compare", "baseline"),
    ),
}

# After so many new objects garbage is looked for. By default it is after 700: what a
# run imports reaches that 180 times, for a twentieth of its start, and has no garbage.
NEW_OBJECTS = 20_000

# These only read. What they have started ends with this process.
NOTHING_TO_TIDY = (["check"], ["plan"])


class Verbs(click.Group):
    """A group that imports a verb's module when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of a game day, not of the alphabet."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb's command; None for a word that is no verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        room = next(room for room, verbs in ROOMS.items() if cmd_name in verbs)
        module = import_module(f"gameday.cli.{room}.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which verb may have been meant when one is misspelt."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the verbs without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    epilog=EXITS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="gameday")
def cli() -> None:
    """Game days with a verdict.

    Take a part of a system away and learn whether the right alert fired, in time, at
    the right receiver; whether it reset; whether anything else rang; how much error
    budget went; and whether everything was put back.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with one of the documented codes."""
    gc.set_threshold(NEW_OBJECTS)
    try:
        code = cli.main(args=arguments, prog_name="gameday", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.Abort:
        code = 130
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader has had enough
        code = 0
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        code = _explain(error)
    code = code if isinstance(code, int) else 0
    verb = sys.argv[1:2]
    if arguments is None and verb in NOTHING_TO_TIDY and sys.gettrace() is None:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """Exit at once: to take down what was imported would cost a tenth of these."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _explain(error: Exception) -> int:
    """Print what went wrong; return the exit code."""
    from gameday.errors import GamedayError, UndoFailed

    if os.environ.get("GAMEDAY_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        error.show()
        return 2
    if isinstance(error, UndoFailed):
        _echo(str(error))
        return 5
    if isinstance(error, GamedayError):
        _echo(str(error))
        return 2
    _echo(
        f"gameday itself broke: {type(error).__name__}: {error}\n"
        "Please report it; GAMEDAY_DEBUG=1 shows where. `gameday heal` undoes what "
        "may be left."
    )
    return 3


def _echo(text: Any) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
