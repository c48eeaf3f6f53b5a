"""`gameday-baseline.json`: what was measured before; small, sorted, to be reviewed.

What is read and is no baseline of ours is refused with what to do.
"""

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from gameday.regressions.configuration import changes
from gameday.regressions.measure import Measure, MeasureKey, RunMeasure, RunSample

SCHEMA = "gameday-baseline/v1"
MOST_SAMPLES = 60  # of a measure, the newest

_CONFLICT = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")  # how git marks its sides
_ANEW = "remove it and write it anew with `gameday baseline set RUN…`"
_KEY = tuple(field.name for field in fields(MeasureKey))
_MAPPINGS = ("settings", "generation")
_NUMBERS = ("promised", "earliest", "latest")
_OF_MEASURE = {*_KEY, "unit", *_NUMBERS, *_MAPPINGS, "samples"}
_OF_SAMPLE = tuple(field.name for field in fields(RunSample))
_POSITIVE = ("period", "scrape_interval", "evaluation_interval")
_PLACE = re.compile(r'"\\u0000([0-9]+)"')  # of a sample; no name has such a letter


def render(measures: Iterable[Measure]) -> str:
    """Return the text of a baseline, with a newline at its end.

    A sample has a line of its own: so a run that is added is a line for each measure.
    """
    ordered = sorted(measures, key=lambda measure: measure.key)
    lines: list[str] = []
    document = {
        "schema": SCHEMA,
        "measures": [_measure_as_json(measure, lines) for measure in ordered],
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


def _measure_as_json(measure: Measure, lines: list[str]) -> dict[str, Any]:
    """Return a measure for JSON; its samples go to `lines`, and their places stay."""
    first = len(lines)
    lines += [
        json.dumps(_without_none(asdict(sample)), ensure_ascii=False)
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


def _without_none(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value is not None}


class NotABaseline(ValueError):
    """A text that is no baseline of this gameday; says what to do.

    `line`: where it is wrong; None: not known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> list[Measure]:
    """Return the measures of a baseline; NotABaseline where it is none of ours."""
    document = _document(text)
    schema = document.get("schema")
    if schema is None:
        raise NotABaseline(f"is no baseline: it has no schema; {_ANEW}")
    if schema != SCHEMA:
        raise NotABaseline(
            f"has the schema {schema!r}; this gameday reads {SCHEMA!r}: {_ANEW}, or "
            "use the gameday that wrote it"
        )
    measures = [
        _measure(plain, f"measure {number}")
        for number, plain in enumerate(_list(document, "measures", "the document"), 1)
    ]
    known: set[MeasureKey] = set()
    for number, measure in enumerate(measures, 1):
        if measure.key in known:
            raise _damaged(
                f"measure {number}, {measure.key.question} of "
                f"{measure.key.subject!r}, stands there twice"
            )
        known.add(measure.key)
    return measures


def _document(text: str) -> Mapping[str, Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(_CONFLICT):
            raise NotABaseline(
                f"a merge conflict stands here ({line[:40]}); take one side with "
                "`git checkout --ours` or `--theirs`, and add the other one's runs "
                "with `gameday baseline set RUN…`",
                number,
            )
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        said = f"is no baseline: {error.msg}; {_ANEW}"
        raise NotABaseline(said, error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise NotABaseline(f"is no baseline: {error}; {_ANEW}") from None
    if not isinstance(document, dict):
        raise NotABaseline(f"is no baseline: it is no JSON object; {_ANEW}")
    return document


def _damaged(what: str) -> NotABaseline:
    return NotABaseline(f"is damaged: {what}; mend that, or {_ANEW}")


def _measure(plain: Any, where: str) -> Measure:
    _is_object(plain, where, _OF_MEASURE)
    key = MeasureKey(
        **{
            name: _text(plain.get(name, "" if name == "testbed" else None), where, name)
            for name in _KEY
        }
    )
    where = f"{where}, {key.question} of {key.subject!r}"
    samples = tuple(
        _sample(sample, f"{where}, sample {number}")
        for number, sample in enumerate(_list(plain, "samples", where), 1)
    )
    if len({sample.run for sample in samples}) != len(samples) or not samples:
        raise _damaged(f"{where}: expected samples, each of another run")
    return Measure(
        key=key,
        unit=_text(plain.get("unit", ""), where, "unit"),
        settings=_texts(plain, "settings", where),
        generation=_texts(plain, "generation", where),
        samples=samples,
        **{name: _number(plain.get(name), where, name) for name in _NUMBERS},
    )


def _sample(plain: Any, where: str) -> RunSample:
    _is_object(plain, where, _OF_SAMPLE)
    run = _text(plain.get("run"), where, "run")
    numbers = {
        name: value
        for name in _OF_SAMPLE
        if name != "run"
        and (value := _number(plain.get(name), where, name)) is not None
    }
    for name, value in numbers.items():
        if name in _POSITIVE and value <= 0:
            raise _damaged(f"{where}: {name} is {value:g}, expected a time above 0")
    if "measured" not in numbers:
        raise _damaged(f"{where}: measured is missing, expected a number")
    return RunSample(run=run, **numbers)


def _is_object(plain: Any, where: str, known: Collection[str]) -> None:
    if not isinstance(plain, dict):
        raise _damaged(f"{where} is {plain!r:.40}, expected an object")
    unknown = next((name for name in plain if name not in known), None)
    if unknown is not None:
        raise _damaged(f"{where} has the unknown key {unknown!r}")


def _list(plain: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = plain.get(name)
    if not isinstance(value, list):
        raise _damaged(f"{where}: {name} is {value!r:.40}, expected a list")
    return value


def _text(value: Any, where: str, name: str) -> str:
    if not isinstance(value, str):
        raise _damaged(f"{where}: {name} is {value!r:.40}, expected text")
    return value


def _texts(plain: Mapping[str, Any], name: str, where: str) -> dict[str, str]:
    value = plain.get(name)
    if not isinstance(value, dict):
        raise _damaged(f"{where}: {name} is {value!r:.40}, expected an object")
    return {key: _text(text, where, f"{name}, {key}") for key, text in value.items()}


def _number(value: Any, where: str, name: str) -> float | None:
    """Return a finite number; None where there is none."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:
            pass
    raise _damaged(f"{where}: {name} is {value!r:.40}, expected a number")
