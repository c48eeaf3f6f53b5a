"""A baseline's text, read: what is no baseline of ours is refused with what to do."""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from gameday.regressions.baseline import SCHEMA
from gameday.regressions.measure import Measure, MeasureKey, RunSample

_CONFLICT = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")  # how git marks its sides
_ANEW = "remove it and write it anew with `gameday baseline set RUN…`"
_KEY = tuple(field.name for field in fields(MeasureKey))
_MAPPINGS = ("settings", "generation")
_NUMBERS = ("promised", "earliest", "latest")
_OF_MEASURE = {*_KEY, "unit", *_NUMBERS, *_MAPPINGS, "samples"}
_OF_SAMPLE = tuple(field.name for field in fields(RunSample))
_POSITIVE = ("period", "scrape_interval", "evaluation_interval")


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
