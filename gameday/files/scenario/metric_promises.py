"""What holds of promises about metrics, and about what the load's users see."""

from collections.abc import Sequence

from gameday.files.text.cursor import Cursor
from gameday.model.quoting import shown


def check(promises: Sequence[Cursor]) -> None:
    """Report what does not fit together in a step's `metrics`."""
    lines: dict[str, int | None] = {}
    for promise in promises:
        if isinstance(promise.value, dict):
            _promise(promise, lines)


def _promise(here: Cursor, lines: dict[str, int | None]) -> None:
    if isinstance(here.value.get("promql"), str):
        _expression(here)
    when = here.value.get("holds", "throughout")
    if "within" in here.value and when != "after":
        here.error(
            f"within goes with holds: after, not with {when}; remove it",
            "within",
            code="combination",
        )
    subject = here.value.get("name") or here.value.get("promql")
    if not isinstance(subject, str):
        return
    if subject in lines:
        here.error(
            f"{shown(subject)} is promised in line {lines[subject]} too, and their "
            "findings could not be told apart; give each a name of its own",
            code="promised-twice",
        )
    lines.setdefault(subject, here.line)


def _expression(here: Cursor) -> None:
    from gameday.files.promql import promql
    from gameday.files.scenario.comparison import NotCompared, conditions

    expr = here.value["promql"]
    severity, why = promql.judge(expr)
    if severity == "error":
        here.error(why, "promql", code="promql")
        return
    try:
        conditions(expr)
    except NotCompared as problem:
        here.error(f"{shown(expr)} {problem}", "promql", code="promql")


def check_load(step: Cursor, scenario: Cursor) -> None:
    """Report a promise about the load that nobody could answer."""
    here = (step.get("expect") or step).get("load")
    if here is None or not isinstance(here.value, dict):
        return
    if not here.value:
        here.error(
            "asks nothing of the load; add fails_at_most or p99_within",
            code="combination",
        )
    load = scenario.get("load")
    if load is None:
        here.error(
            "the scenario has no load; add one with url and rate", code="combination"
        )
    elif isinstance(load.value, dict) and "command" in load.value:
        here.error(
            "a load with command does not tell gameday what became of its requests; "
            "use url and rate",
            code="combination",
        )
