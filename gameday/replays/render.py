"""A replayed run as JSON and as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from gameday.model.quantity import show_duration
from gameday.model.verdict import Finding, Outcome
from gameday.replays.judged import Replayed
from gameday.replays.vary import NotVaried, Varied
from gameday.reports import verdict_json
from gameday.reports.wording import clean

Row = Mapping[str, Any]
WIDE = 30  # characters of the longest bar
TEXT = 10  # and of the time beside it
MANY = 20  # false alarms that are drawn one by one


def document(
    replayed: Replayed, alerts: Sequence[Row], timings: Mapping[str, float]
) -> dict[str, Any]:
    """Return a run as JSON has it; `replayed` false: asked then, not asked again."""
    recorded = replayed.recorded
    before = {_key(finding): finding for finding in recorded.findings}
    return {
        "run": clean(recorded.run),
        "scenario": clean(recorded.scenario),
        "outcome": replayed.outcome.value,
        "findings": [
            *(_finding(finding, before) for finding in replayed.findings),
            *(
                {**verdict_json.finding(finding), "replayed": False}
                for finding in replayed.others
            ),
        ],
        "alerts": list(alerts),
        "timings": dict(timings),
    }


def _finding(
    finding: Finding, before: Mapping[tuple[str, str, str], Finding]
) -> dict[str, Any]:
    old = before.get(_key(finding))
    return {
        **verdict_json.finding(finding),
        "replayed": True,
        "recorded": None
        if old is None
        else {"outcome": old.outcome.value, "measured": old.measured},
    }


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.step, finding.question, finding.subject


def lines(replayed: Replayed, alerts: Sequence[Row]) -> Iterator[str]:
    """Yield what a terminal shows: every answer, and what rings otherwise now."""
    recorded, outcome = replayed.recorded, replayed.outcome.value
    before = {_key(finding): finding for finding in recorded.findings}
    yield f"{outcome}: {clean(recorded.scenario)} ({clean(recorded.run)})"
    for answer in replayed.findings:
        about = f"{answer.question} {clean(answer.subject)}"
        took = _time(answer, before.get(_key(answer)))
        yield f"  {answer.outcome.value:12}  {about}{took}"
        if answer.outcome is not Outcome.PASS:
            yield f"                {clean(answer.because)}"
    for row in alerts:
        change = _change(row)
        if change:
            yield f"  {clean(row['alert'] + _labels(row['labels']))}: {change}"


def _time(finding: Finding, old: Finding | None) -> str:
    """Return a measured time, and how it was then where it was another."""
    if finding.measured is None:
        return (
            "" if old is None or old.measured is None else f": was {old.measured:.3f} s"
        )
    error = f" ± {finding.error:.3f} s" if finding.error else ""
    limit = f" of {finding.promised:g} s" if finding.promised is not None else ""
    was = ""
    if (
        old is not None
        and old.measured is not None
        and old.measured != finding.measured
    ):
        was = f", was {old.measured:.3f} s"
    return f": {finding.measured:.3f} s{error}{limit}{was}"


def _change(row: Row) -> str:
    then, now = row.get("recorded"), row.get("replayed")
    if then == now:
        return ""
    if now is None:
        return f"fired at {then['firing']}, does not fire now" if then else ""
    if then is None:
        return f"did not fire, fires at {now['firing']} now"
    changed = [
        f"{what} {then[what]} -> {now[what]}"
        for what in ("firing", "resolved")
        if then[what] != now[what]
    ]
    return ", ".join(changed)


def _labels(labels: Mapping[str, str]) -> str:
    pairs = sorted((k, v) for k, v in labels.items() if k != "alertname")
    return "{" + ", ".join(f'{name}="{text}"' for name, text in pairs) + "}"


def varied(variant: Varied | NotVaried) -> str:
    """Return in one line what another `for` would do."""
    if isinstance(variant, NotVaried):
        return f"  {clean(variant.alert)} is not varied: {clean(variant.because)}"
    if variant.detected is not None:
        when = f"fires after {show_duration(variant.detected)}"
    elif variant.needs is not None:
        when = (
            f"does not fire; a longer fault would after {show_duration(variant.needs)}"
        )
    else:
        when = "does not fire"
    quiet = show_duration(variant.quiet)
    alarms = f"{variant.false_alarms} false alarms in the {quiet} before"
    return f"  {clean(variant.alert)} for {_hold(variant)}: {when}, {alarms}"


def drawn(variants: Sequence[Varied | NotVaried]) -> Iterator[str]:
    """Draw each alert's detection time against its false alarms, a line for a `for`.

    `#`: until it fires; `.`: until it would, had the fault been held.
    """
    varied_ones = [variant for variant in variants if isinstance(variant, Varied)]
    for alert, group in groupby(varied_ones, key=lambda variant: variant.alert):
        tried = sorted(group, key=lambda variant: variant.hold)
        longest = max([variant.needs or 0.0 for variant in tried], default=0.0)
        yield ""
        yield f"  {clean(alert)}: {'time to detect':<{WIDE}}  false alarms"
        for variant in tried:
            alarms = "!" * min(variant.false_alarms, MANY)
            alarms = f"{alarms} {variant.false_alarms}".strip()
            yield f"    for {_hold(variant):>8} |{_bar(variant, longest)}| {alarms}"


def _bar(variant: Varied, longest: float) -> str:
    """Return a bar for when a variant fires, or would; `longest`: the longest bar's."""
    fires = variant.detected is not None
    takes = variant.detected if fires else variant.needs
    if takes is None:
        return f"{'never':<{WIDE + TEXT}}"
    share = takes / longest if longest else 0.0
    bar = ("#" if fires else ".") * max(1, round(share * WIDE))
    return f"{f'{bar} {show_duration(takes)}':<{WIDE + TEXT}}"


def _hold(variant: Varied) -> str:
    return show_duration(variant.hold) if variant.hold else "0s"
