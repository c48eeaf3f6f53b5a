"""Measures of an alert that took so long, before and now, and their comparison."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gameday.model.verdict import Outcome
from gameday.regressions.compare import compare
from gameday.regressions.compared import Compared, CompareRules
from gameday.regressions.measure import Measure, MeasureKey, RunMeasure, RunSample

KEY = MeasureKey(
    scenario="checkout",
    target="docker",
    testbed="",
    step="lose",
    question="fires_within",
    subject="WebReplicaDown",
)
SETTINGS = {"for of WebReplicaDown": "5s", "query of WebReplicaDown": "up == 0"}
LONGER = {**SETTINGS, "for of WebReplicaDown": "25s"}
QUIET = tuple(10.0 + number / 10 for number in range(10))
FREE: dict[str, Any] = {"earliest": None, "latest": None}  # no arithmetic is known


def measure(*values: float, prefix: str = "old", **rest: Any) -> Measure:
    settings: dict[str, Any] = {
        "key": KEY,
        "unit": "s",
        "promised": 60.0,
        "earliest": 9.0,
        "latest": 13.0,
        "settings": SETTINGS,
    }
    samples = tuple(
        RunSample(run=f"{prefix}{number}", measured=value)
        for number, value in enumerate(values)
    )
    return Measure(samples=samples, **{**settings, **rest})


def now(
    *values: float, outcome: Outcome = Outcome.PASS, **rest: Any
) -> list[list[RunMeasure]]:
    """Return one run for each value; without any, one that has no answer."""
    made = measure(*values, prefix="new", **rest)
    samples: Sequence[Any] = [(sample,) for sample in made.samples] or [()]
    return [
        [
            RunMeasure(
                measure=replace(made, samples=tuple(drawn)),
                outcome=outcome,
                because="because of that.",
            )
        ]
        for drawn in samples
    ]


def compared(
    before: Measure | None,
    runs: list[list[RunMeasure]],
    rules: CompareRules | None = None,
) -> Compared:
    (comparison,) = compare([before] if before else [], runs, rules or CompareRules())
    return comparison
