"""`gameday check`."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import env_file, output_as, print_json

if TYPE_CHECKING:
    from gameday.errors import Problem
    from gameday.files.check import CheckResult

_FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")


@click.command("check", epilog=EXITS)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@env_file
@output_as(_FORMATS)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave these files and folders out; may be given several times.",
)
@click.option(
    "--pass-over",
    is_flag=True,
    help="Pass over named files of other kinds, as in a folder.",
)
@click.option(
    "--base",
    metavar="REF",
    help="Tell only what is wrong in files that differ from this commit.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="The mildest problem that makes the check fail.",
)
@click.option("-v", "--verbose", is_flag=True, help="List the files passed over.")
def command(
    paths: tuple[str, ...],
    env_file: str | None,
    output: str,
    fail_on: str,
    verbose: bool,
    **asked: Any,
) -> int:
    """Validate scenarios, experiments, SLO files, alert rules, Alertmanager files.

    They are told apart by their content. A folder stands for all in it, `-` for
    standard input. Imports and runs nothing of theirs. Shows all problems at once.

    Files of other kinds are passed over in a folder. A line
    `# gameday disable-next-line ID` accepts a problem of the next line.
    """
    import gc
    import sys
    import warnings

    gc.disable()  # over before collecting could pay: it would cost 4 to 10 %
    from gameday.app.check import CheckRequest, check, environment_with

    env = environment_with(env_file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about regular expressions that are not ours
        result = check(paths, env, sys.stdin, CheckRequest(**asked))
    if output == "text":
        _print_text(result, verbose=verbose)
    elif output == "json":
        _print_json(result)
    else:
        _print_for(output, result)
    return _code(result.problems, strict=fail_on == "warning")


def _code(problems: Sequence["Problem"], *, strict: bool) -> int:
    """Return 2 for an invalid file, else 1 for a promise that cannot be kept."""
    codes = {
        1 if problem.id.startswith("promise/") else 2
        for problem in problems
        if strict or problem.severity != "warning"
    }
    return max(codes, default=0)


def _print_text(result: "CheckResult", *, verbose: bool) -> None:
    if result.problems:
        for problem in result.problems:
            click.echo(_line(f"{problem} [{problem.id}]"), err=True)
    if result.passed:
        click.echo(_skipped_text(result.passed, verbose=verbose))
    click.echo(_summary(result))


def _skipped_text(passed: Sequence[tuple[str, str]], *, verbose: bool) -> str:
    from gameday.files.neighbours import OTHER, plural

    counts = Counter(name for _, name in passed)
    # The most frequent first; what has no name of its own comes last.
    ordered = sorted(counts, key=lambda name: (name == OTHER, -counts[name], name))
    kinds = ", ".join(_counted(counts[name], name, plural(name)) for name in ordered)
    line = f"passed over {_counted(len(passed), 'file', 'files')}: {kinds}"
    if not verbose:
        return f"{line}; -v lists them"
    return "\n".join([line, *(f"  {_line(path)}: {name}" for path, name in passed)])


def _line(text: str) -> str:
    """Return clean text on one line: a file's name may hold a line break.

    What would begin a line there, a CI server could take for a command.
    """
    from gameday.reports.wording import clean

    return clean(text).replace("\r", "\\r").replace("\n", "\\n")


def _counted(number: int, noun: str, several: str) -> str:
    return f"{number} {noun if number == 1 else several}"


def _summary(result: "CheckResult") -> str:
    from gameday.files.kind import NAMES

    what = ", ".join(_counted(n, *NAMES[kind]) for kind, n in result.counts.items())
    warnings = sum(problem.severity == "warning" for problem in result.problems)
    wrong = len(result.problems) - warnings
    verdict = _counted(wrong, "problem", "problems") if wrong else "all good"
    also = f", {_counted(warnings, 'warning', 'warnings')}" if warnings else ""
    return f"{what or 'nothing to check'}: {verdict}{also}"


def _print_json(result: "CheckResult") -> None:
    from gameday.reports.wording import clean

    print_json(
        {
            "files": {clean(path): kind for path, kind in result.files},
            "passed_over": {clean(path): what for path, what in result.passed},
            "problems": [
                {
                    "path": clean(problem.path),
                    "line": problem.line,
                    "column": problem.column or None,
                    "severity": problem.severity,
                    "id": problem.id,
                    "message": clean(problem.message),
                }
                for problem in result.problems
            ],
        }
    )


def _print_for(output: str, result: "CheckResult") -> None:
    """Print what a CI server or an editor reads; people read standard error."""
    from gameday.app.check import rendered

    click.echo(rendered(output, result), nl=False)
    click.echo(_summary(result), err=output != "github")
