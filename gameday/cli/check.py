"""`gameday check`."""

from collections.abc import Mapping

import click

from gameday.cli.exits import EXITS
from gameday.cli.options import env_file, output, print_json


@click.command("check", epilog=EXITS)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@env_file
@output
def command(paths: tuple[str, ...], env_file: str | None, output: str) -> int:
    """Validate scenarios, experiments, SLO files, alert rules, Alertmanager files.

    They are told apart by their content. A folder stands for all in it, `-` for
    standard input. Imports and runs nothing of theirs. Shows all problems at once.
    """
    import gc
    import sys

    gc.disable()  # over before collecting could pay: it would cost 4 to 10 %
    from gameday.app.checking import check_offline, environment_with
    from gameday.files import check

    environment = environment_with(env_file)
    result = check.check(paths, environment, sys.stdin)
    problems = list(result.problems)
    for scenario in result.scenarios:
        problems += check_offline(scenario)
    problems = sorted(
        set(problems), key=lambda one: (one.path, one.line or 0, one.message)
    )
    errors = [one for one in problems if one.severity == "error"]
    promises = [one for one in problems if one.severity == "promise"]
    if output == "json":
        print_json(
            {
                "files": dict(result.files),
                "problems": [
                    {
                        "path": one.path,
                        "line": one.line,
                        "severity": one.severity,
                        "id": one.id,
                        "message": one.message,
                    }
                    for one in problems
                ],
            }
        )
    else:
        for one in problems:
            click.echo(str(one), err=True)
        click.echo(_summary(result.counts, len(errors) + len(promises)))
    if errors:
        return 2
    return 1 if promises else 0


def _summary(counts: Mapping[str, int], wrong: int) -> str:
    what = ", ".join(f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in counts.items())
    verdict = "all good" if not wrong else f"{wrong} problem{'' if wrong == 1 else 's'}"
    return f"{what or 'nothing to check'}: {verdict}"
