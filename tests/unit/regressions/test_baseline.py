"""A baseline's text that is none of ours: one sentence, where and what to do."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gameday.regressions import baseline
from gameday.regressions.baseline import NotABaseline, parse
from tests.unit.regressions.measures import QUIET, measure

TEXT = baseline.render([measure(*QUIET)])
Edit = Callable[[dict[str, Any]], object]


def edited(edit: Edit) -> str:
    """Return a baseline of which somebody edited the only measure."""
    document = json.loads(TEXT)
    edit(document["measures"][0])
    return json.dumps(document)


def sample(values: Mapping[str, object]) -> Edit:
    return lambda measure: measure["samples"][0].update(values)


EDITS: Mapping[str, tuple[Edit, str]] = {
    "measured as text": (sample({"measured": "fast"}), "measured is 'fast'"),
    "nothing measured": (sample({"measured": None}), "measured is missing"),
    "not a number": (sample({"measured": float("nan")}), "expected a number"),
    "true": (sample({"measured": True}), "expected a number"),
    "beyond a float": (sample({"measured": 10**400}), "expected a number"),
    "no interval": (sample({"period": 0}), "expected a time above 0"),
    "unknown key": (sample({"note": "x"}), "unknown key 'note'"),
    "run as number": (sample({"run": 7}), "run is 7, expected text"),
    "settings as list": (lambda m: m.update(settings=["a"]), "expected an object"),
    "setting as number": (lambda m: m["settings"].update(a=5), "a is 5, expected text"),
    "earliest as text": (lambda m: m.update(earliest="6s"), "earliest is '6s'"),
    "scenario as number": (lambda m: m.update(scenario=5), "scenario is 5"),
    "no samples": (lambda m: m.update(samples=[]), "expected samples"),
    "a run twice": (
        lambda m: m["samples"].append(m["samples"][0]),
        "each of another run",
    ),
    "no question": (lambda m: m.pop("question"), "question is None"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_edited_by_hand_is_named(name: str) -> None:
    edit, words = EDITS[name]
    with pytest.raises(NotABaseline, match=words) as refused:
        parse(edited(edit))
    assert "remove it and write it anew" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "is no baseline"),
        ("[]", "no JSON object"),
        ('{"schema": "gameday-baseline/v1", "measures": {}}', "expected a list"),
        ('{"schema": "gameday-baseline/v1", "measures": [7]}', "measure 1 is 7"),
    ],
    ids=["deep", "a list", "measures as object", "a number as measure"],
)
def test_what_is_no_list_of_measures_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotABaseline, match=words):
        parse(text)


def test_a_merge_conflict_is_shown_with_its_line() -> None:
    lines = TEXT.splitlines()
    lines[4:4] = ["<<<<<<< HEAD"]
    with pytest.raises(NotABaseline, match="a merge conflict stands here") as refused:
        parse("\n".join(lines))
    assert refused.value.line == 5


def test_a_slip_of_the_pen_is_shown_with_its_line() -> None:
    with pytest.raises(NotABaseline, match="is no baseline") as refused:
        parse(TEXT.replace('"measures": [', '"measures" ['))
    assert refused.value.line == 3


def test_a_measure_that_a_merge_left_twice_is_refused() -> None:
    document = json.loads(TEXT)
    document["measures"] *= 2
    with pytest.raises(NotABaseline, match=r"measure 2, .* stands there"):
        parse(json.dumps(document))


def test_what_an_editor_of_windows_saved_is_read() -> None:
    saved = "\ufeff" + TEXT.replace("\n", "\r\n")
    assert parse(saved) == parse(TEXT)
