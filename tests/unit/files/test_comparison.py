"""What a promised expression compares, and what Prometheus is asked for it."""

import pytest

from gameday.files.promql.promql import parse
from gameday.files.scenario.comparison import NotCompared, conditions


@pytest.mark.parametrize(
    ("expr", "truths", "operands"),
    [
        ("queue < 10", ["(queue) < bool (10)"], [["queue"]]),
        ("(queue <= bool 10)", ["(queue) <= bool (10)"], [["queue"]]),
        ("10 > queue", ["(10) > bool (queue)"], [["queue"]]),
        ("time() - x < 5 * 60", ["(time() - x) < bool (5 * 60)"], [["time() - x"]]),
        (
            "a / on (job) b > on (job) group_left () c",
            ["(a / on (job) b) > bool on (job) group_left () (c)"],
            [["a / on (job) b", "c"]],
        ),
        (
            "a < 1 and on () b > 2",
            ["(a) < bool (1)", "(b) > bool (2)"],
            [["a"], ["b"]],
        ),
        ("a < 1 and b", ["((a) < bool (1)) and (b)"], [["(a) and (b)"]]),
        (
            "a < 1 unless on (x) b",
            ["((a) < bool (1)) unless on (x) (b)"],
            [["(a) unless on (x) (b)"]],
        ),
        (
            "a < 1 or b < 2",
            [
                (
                    "(((a) < bool (1)) == 1) or (((b) < bool (2)) == 1) or "
                    "((a) < bool (1)) or ((b) < bool (2))"
                )
            ],
            [["a", "b"]],
        ),
        (
            'up{job="a \\"b\\"  c"} == 1',
            ['(up{job="a \\"b\\"  c"}) == bool (1)'],
            [['up{job="a \\"b\\"  c"}']],
        ),
        ("count(up == 1) >= 2", ["(count(up == 1)) >= bool (2)"], [["count(up == 1)"]]),
    ],
)
def test_each_series_answers_for_itself(
    expr: str, truths: list[str], operands: list[list[str]]
) -> None:
    comparisons = conditions(expr)
    assert [comparison.truth for comparison in comparisons] == truths
    assert [list(comparison.operands) for comparison in comparisons] == operands
    for comparison in comparisons:
        parse(comparison.truth)


@pytest.mark.parametrize(
    "expr",
    [
        "queue",
        "absent(queue)",
        "sum(queue < 10)",
        "(a < 1) * 2",
        "a unless b",
        "-(a < 1)",
    ],
)
def test_what_compares_nothing_is_refused(expr: str) -> None:
    with pytest.raises(NotCompared, match="compares nothing"):
        conditions(expr)


def test_what_does_not_parse_is_refused() -> None:
    with pytest.raises(NotCompared, match="is not understood"):
        conditions("sum(queue < 10")
