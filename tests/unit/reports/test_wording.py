"""Numbers as a person reads them; text that is safe to hand out."""

import pytest

from gameday.model.target import TargetRef
from gameday.reports.evidence_tables import tables
from gameday.reports.wording import (
    MINUS,
    NOTHING,
    clean,
    labels_text,
    one_line,
    quantity,
    relative,
    short_seconds,
    target_words,
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("http://u:p@host/x", "http://host/x"),
        (
            "see postgres://u:p@ss@db:5432/x and http://h",
            "see postgres://db:5432/x and http://h",
        ),
        ("tcp%3A%2F%2Fu%3Ap%40engine", "tcp%3A%2F%2Fengine"),
        (
            "mail me@example.org about http://host/a@b",
            "mail me@example.org about http://host/a@b",
        ),
        (
            "a\x07b\x85c\ud800d",
            "a?b?c?d".replace("?", "\N{REPLACEMENT CHARACTER}"),
        ),
        ("tab\tand\nline é 漢 😀", "tab\tand\nline é 漢 😀"),
    ],
)
def test_clean(given: str, shown: str) -> None:
    assert clean(given) == shown


def test_cleaning_takes_no_longer_for_a_text_made_to_take_long() -> None:
    for unit in ("a", "://", "://a", "%3A%2F%2F", "a@", "%40"):
        assert clean(unit * 200_000)


def test_numbers() -> None:
    assert relative(9.5, 10) == f"{MINUS}0.500 s"
    assert short_seconds(2.5) == "2.5 s"
    assert quantity(None, "s") == NOTHING
    assert quantity(12.3141, "s") == "12.314 s"
    assert quantity(0.0213, "ratio") == "2.13%"
    assert quantity(3.0, "") == "3"
    assert one_line("a\n  b", 2) == "a…"


def test_labels_and_targets() -> None:
    assert (
        labels_text({"b": 1, "alertname": "A", "a": "x"}, name="A") == '{a="x", b="1"}'
    )
    assert labels_text(None) == ""
    assert labels_text({"alertname": "A"}, name="A") == ""
    target = TargetRef(kind="kubernetes", name="c", namespace="n")
    assert target_words(target) == "kubernetes://c/n"
    target = TargetRef(kind="docker", name="shop", options={"host": "tcp://u:p@h:1"})
    assert clean(target_words(target)) == "docker://shop (host tcp://h:1)"


def test_evidence_of_any_shape_becomes_tables() -> None:
    rendered = tables(
        {
            "plain": True,
            "none": None,
            "at": 1768478400.0,
            "names": ["a", "b"],
            "set": {"y", "x"},
            "deep": {"deeper": {"labels": {"a": "b"}, "rows": [[1, 2.5], [3, 4]]}},
            "mixed": [{"a": 1}, 5],
            "many": list(range(100)),
        },
        1768478390.0,
    )
    assert rendered[0].rows == (
        ("plain", "yes"),
        ("none", NOTHING),
        ("at", "12:00:00.000 (+10.000 s)"),
        ("names", "a, b"),
        ("set", "x, y"),
        ("many", ", ".join(str(n) for n in range(40)) + " and 60 more"),
    )
    captions = {table.caption: table for table in rendered}
    assert captions["deep: deeper"].rows == (("labels", "a=b"),)
    assert captions["deep: deeper: rows"].rows == (("1", "2.5"), ("3", "4"))
    assert captions["mixed"].rows == (("a=1",), ("5",))


def test_no_nesting_is_too_deep() -> None:
    value: dict[str, object] = {"x": 1}
    for _ in range(200):
        value = {"x": value, "y": [value]}
    assert tables(value, 0.0)
