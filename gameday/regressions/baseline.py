"""`gameday-baseline.json`: what was measured before; small, sorted, to be reviewed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from gameday.regressions.measure import Measure, MeasureKey, RunMeasure, RunSample

SCHEMA = "gameday-baseline/v1"
MOST_SAMPLES = 60  # of a measure, the newest


class NotABaseline(ValueError):
    """A text that is no baseline of this gameday; says what to do."""


def render(measures: Iterable[Measure]) -> str:
    """Return the text of a baseline, with a newline at its end."""
    ordered = sorted(measures, key=lambda measure: measure.key)
    document = {"schema": SCHEMA, "measures": [_plain(measure) for measure in ordered]}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def parse(text: str) -> list[Measure]:
    """Return the measures of a baseline; NotABaseline where it is none of ours."""
    try:
        document = json.loads(text)
        schema = document["schema"]
    except (ValueError, KeyError, TypeError):
        raise NotABaseline(
            "is no baseline; write one with `gameday baseline set RUN`"
        ) from None
    if schema != SCHEMA:
        raise NotABaseline(
            f"has the schema {schema!r}; this gameday reads {SCHEMA!r}: write it anew "
            "with `gameday baseline set`, or use the gameday that wrote it"
        )
    try:
        return [_measure(measure) for measure in document["measures"]]
    except (KeyError, TypeError) as error:
        raise NotABaseline(
            f"is damaged ({type(error).__name__}: {error}); write it anew with "
            "`gameday baseline set`"
        ) from None


def added(baseline: Sequence[Measure], runs: Iterable[RunMeasure]) -> list[Measure]:
    """Return a baseline with runs added.

    Where a measure is configured otherwise by now, what was measured before says
    nothing of it any more, and goes.
    """
    known = {measure.key: measure for measure in baseline}
    for run in runs:
        new, old = run.measure, known.get(run.measure.key)
        if not new.samples:
            continue
        if old is None or dict(old.settings) != dict(new.settings):
            known[new.key] = new
            continue
        mine = {sample.run for sample in new.samples}
        kept = tuple(sample for sample in old.samples if sample.run not in mine)
        known[new.key] = replace(new, samples=(*kept, *new.samples)[-MOST_SAMPLES:])
    return list(known.values())


def _plain(measure: Measure) -> dict[str, Any]:
    plain = {
        **asdict(measure.key),
        "unit": measure.unit,
        "promised": measure.promised,
        "earliest": measure.earliest,
        "latest": measure.latest,
        "settings": dict(sorted(measure.settings.items())),
        "generation": dict(sorted(measure.generation.items())),
        "samples": [_known(asdict(sample)) for sample in measure.samples],
    }
    return {name: value for name, value in plain.items() if value not in (None, "")}


def _known(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value is not None}


def _measure(plain: Mapping[str, Any]) -> Measure:
    return Measure(
        key=MeasureKey(
            scenario=plain["scenario"],
            target=plain["target"],
            testbed=plain.get("testbed", ""),
            step=plain["step"],
            question=plain["question"],
            subject=plain["subject"],
        ),
        unit=plain.get("unit", ""),
        promised=plain.get("promised"),
        earliest=plain.get("earliest"),
        latest=plain.get("latest"),
        settings=plain["settings"],
        generation=plain["generation"],
        samples=tuple(RunSample(**sample) for sample in plain["samples"]),
    )
