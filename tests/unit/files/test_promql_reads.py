"""What an expression reads, and how far it looks back."""

import pytest

from gameday.files.promql.promql_reads import reads
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import Read, Reads, RecordedMetric, Recording


@pytest.mark.parametrize(
    ("expr", "back"),
    [
        ("up == 0", 0.0),
        ("rate(up[5m]) > 0", 300.0),
        ("rate(up[5m] offset 1m) > 0", 360.0),
        ("up offset -5m", 0.0),
        ("max_over_time(rate(up[5m])[30m:10s]) > 0", 2110.0),
        ("max_over_time(up[30m:])", 1860.0),
    ],
)
def test_how_far_back(expr: str, back: float) -> None:
    assert [read.back for read in reads(expr).selectors] == [back]


@pytest.mark.parametrize(
    "expr",
    ["up offset -5m", "sum(up offset -1s) == 0", "max_over_time(up[5m:] offset -1m)"],
)
def test_what_looks_ahead_saw_nothing_there_when_it_was_evaluated(expr: str) -> None:
    assert "looks ahead" in reads(expr).unread
    assert [read.metric for read in reads(expr).selectors] == ["up"]


def test_each_selector_with_its_matchers() -> None:
    selectors = reads('a{x="1",y!~"b.*"} and on() absent(b)').selectors
    assert selectors == (
        Read(
            metric="a",
            matchers=(
                Matcher(name="x", op="=", value="1"),
                Matcher(name="y", op="!~", value="b.*"),
            ),
        ),
        Read(metric="b"),
    )


@pytest.mark.parametrize(
    ("expr", "clock"),
    [
        ("time() - a > 5", True),
        ("a > 0 and on() hour() < 8", True),
        ("hour(a) > 5", False),
        ("a > 0", False),
    ],
)
def test_whether_it_reads_the_time_of_now(expr: str, *, clock: bool) -> None:
    assert reads(expr).clock is clock


def test_what_is_not_understood_says_so() -> None:
    assert "not understood" in reads("up == ").unread


RECORDED = Recording(
    since=0.0,
    until=2000.0,
    stored=(
        RecordedMetric(metric="whole"),
        RecordedMetric(metric="part", matchers=(Matcher(name="x", op="=", value="1"),)),
    ),
    left_out={"many": "left out: too many"},
)


@pytest.mark.parametrize(
    ("expr", "since", "lacks"),
    [
        ('whole{a="b"} == 0', 300.0, ""),
        ("absent(whole)", 300.0, ""),
        ('part{x="1",y="2"} == 0', 300.0, ""),
        ("part == 0", 300.0, "part: it was not recorded"),
        ('part{x="2"} == 0', 300.0, "part: it was not recorded"),
        ("absent(other)", 300.0, "other: it was not recorded"),
        ("many == 0", 300.0, "left out: too many"),
        ("rate(whole[5m]) > 0", 600.0, ""),
        ("rate(whole[5m]) > 0", 590.0, "begins 10 s too late"),
        ("whole @ 5 == 0", 600.0, "at a time of its own"),
        ('{job="a"} == 0', 600.0, "of any name"),
    ],
)
def test_what_a_record_lacks(expr: str, since: float, lacks: str) -> None:
    said = RECORDED.why_unrecorded(reads(expr), since)
    assert (lacks in said) if lacks else said == ""


def test_nothing_read_lacks_nothing() -> None:
    assert RECORDED.why_unrecorded(Reads(), 0.0) == ""
