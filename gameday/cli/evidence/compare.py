"""`gameday compare`."""

from typing import Any

import click

from gameday.cli.terminal.exits import EXITS
from gameday.cli.terminal.options import (
    baseline_file,
    comparison_options,
    forgiven_statuses,
    output,
    testbed,
)


@click.command("compare", epilog=EXITS)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@baseline_file("What was measured before.")
@click.option("--baseline-ref", metavar="REF", help="The file as this commit has it.")
@click.option(
    "--baseline-run",
    multiple=True,
    metavar="RUN",
    help="A run in place of the file; may be given several times.",
)
@click.option(
    "--compare-fail",
    default="",
    metavar="QUESTION:HOW,...",
    help="How much worse is a regression, such as fires_within:20%,pages_within:5s; "
    "default: 10% of each.",
)
@click.option("--ignore", multiple=True, metavar="QUESTION", help="Do not compare it.")
@comparison_options
@testbed
@output
def command(runs: tuple[str, ...], **given: Any) -> int:
    """Compare runs with a baseline: what has become slower, or broke.

    RUN is an id, a run's folder (also a downloaded one), a folder of such, or `latest`,
    which is the default. Each measure is better, same, worse (exit code 1), broken
    (1), no-baseline or too-few (3).
    """
    from gameday.app.evidence import compare
    from gameday.regressions import render
    from gameday.regressions.compared import CompareRules

    if given["baseline_ref"] == "":
        raise click.UsageError("--baseline-ref is empty; expected a commit or a branch")
    if given["baseline_ref"] and given["baseline_run"]:
        raise click.UsageError(
            "--baseline-ref and --baseline-run are two baselines; give one of them"
        )
    wish = compare.CompareRequest(
        file=given["file"],
        ref=given["baseline_ref"] or "",
        runs=given["baseline_run"],
        testbed=given["testbed"],
        rules=CompareRules(
            thresholds=compare.parse_thresholds(given["compare_fail"]),
            ignored=compare.ignored(given["ignore"]),
        ),
    )
    comparison = compare.compare_runs(runs or ("latest",), wish)
    compared = comparison.compared
    may_pass = forgiven_statuses(given["no_baseline"], given["too_few"])
    code = int(compare.code_of(compared, may_pass))
    for remark in comparison.left_out:
        click.echo(remark, err=True)
    if given["output"] == "json":
        click.echo(render.as_json(compared, code), nl=False)
    else:
        for line in render.lines(compared, comparison.nowhere):
            click.echo(line)
    return code
