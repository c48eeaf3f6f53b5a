"""A comparison as lines for a person, as a table, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from gameday.model.quantity import show_duration, show_share
from gameday.regressions.compared import Compared, Status

NOTHING = "\N{EN DASH}"  # stands where no value is
_TOLD = (Status.BROKEN, Status.WORSE, Status.TOO_FEW, Status.NO_BASELINE)


def lines(compared: Sequence[Compared], nowhere: str = "") -> Iterator[str]:
    """Yield a line for each measure, the worst first, and how many of each.

    `nowhere`: that there is no baseline at all, which is said once.
    """
    if nowhere:
        yield nowhere
    for measure in compared:
        if nowhere and measure.status is Status.NO_BASELINE:
            continue
        key = measure.key
        where = f"{key.scenario} {key.step} {key.question} {key.subject}"
        word = (
            measure.status.value.upper()
            if measure.status in _TOLD
            else measure.status.value
        )
        before = _show(measure.before, measure.unit)
        now = _show(measure.now, measure.unit)
        yield f"{word:11}  {where}: {before} → {now}: {measure.because}"
        if measure.close:
            limit = _show(measure.promised, measure.unit)
            yield f"{'':11}  it has risen and is close to its promise, {limit}"
    counts = Counter(measure.status for measure in compared)
    said = ", ".join(
        f"{counts[status]} {status}" for status in Status if counts[status]
    )
    yield said or (
        "nothing to compare: no question of these runs is a measured one, or all are "
        "left out by --ignore"
    )


def as_json(compared: Sequence[Compared], code: int) -> str:
    """Return the comparison as JSON, with a newline at its end."""
    document = {"code": code, "measures": [_plain(measure) for measure in compared]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(comparison: Compared) -> dict[str, Any]:
    return {
        **asdict(comparison.key),
        "unit": comparison.unit,
        "status": comparison.status.value,
        "because": comparison.because,
        "before": comparison.before,
        "now": comparison.now,
        "promised": comparison.promised,
        "changes": list(comparison.changes),
        "p": comparison.p,
        "close_to_promise": comparison.close,
    }


def _show(value: float | None, unit: str) -> str:
    if value is None:
        return NOTHING
    return show_share(value) if unit == "ratio" else show_duration(round(value, 3))
