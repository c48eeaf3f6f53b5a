"""`gameday-baseline.json`: what was measured before; small, sorted, to be reviewed."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from gameday.regressions.configuration import changes
from gameday.regressions.measure import Measure, RunMeasure

SCHEMA = "gameday-baseline/v1"
MOST_SAMPLES = 60  # of a measure, the newest


def render(measures: Iterable[Measure]) -> str:
    """Return the text of a baseline, with a newline at its end.

    A sample has a line of its own: so a run that is added is a line for each measure.
    """
    ordered = sorted(measures, key=lambda measure: measure.key)
    lines: list[str] = []
    document = {
        "schema": SCHEMA,
        "measures": [_plain(measure, lines) for measure in ordered],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return _PLACE.sub(lambda place: lines[int(place[1])], text)


def added(baseline: Sequence[Measure], runs: Sequence[RunMeasure]) -> list[Measure]:
    """Return a baseline with a run added.

    Where a measure is configured otherwise by now, what was measured before says
    nothing of it any more, and goes; and so does what the run's scenario no longer
    asks.
    """
    asked = {run.measure.key for run in runs}
    families = {key.family for key in asked}
    known = {
        measure.key: measure
        for measure in baseline
        if measure.key in asked or measure.key.family not in families
    }
    for run in runs:
        new, old = run.measure, known.get(run.measure.key)
        if new.samples:
            known[new.key] = new if old is None else _with_samples_of(old, new)
    return list(known.values())


def _with_samples_of(old: Measure, new: Measure) -> Measure:
    """Return a run's measure with the earlier samples that it does not replace."""
    if changes(old, new):
        return new
    own = {sample.run for sample in new.samples}
    kept = tuple(sample for sample in old.samples if sample.run not in own)
    return replace(new, samples=(*kept, *new.samples)[-MOST_SAMPLES:])


_PLACE = re.compile(r'"\\u0000([0-9]+)"')  # of a sample; no name has such a letter


def _plain(measure: Measure, lines: list[str]) -> dict[str, Any]:
    """Return a measure for JSON; its samples go to `lines`, and their places stay."""
    first = len(lines)
    lines += [
        json.dumps(_known(asdict(sample)), ensure_ascii=False)
        for sample in measure.samples
    ]
    plain = {
        **asdict(measure.key),
        "unit": measure.unit,
        "promised": measure.promised,
        "earliest": measure.earliest,
        "latest": measure.latest,
        "settings": dict(sorted(measure.settings.items())),
        "generation": dict(sorted(measure.generation.items())),
        "samples": [f"\0{number}" for number in range(first, len(lines))],
    }
    return {name: value for name, value in plain.items() if value not in (None, "")}


def _known(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value is not None}
