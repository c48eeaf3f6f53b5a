"""One spelling: what Prometheus prints anew is the same, what differs is not."""

import pytest

from gameday.files.promql.promql_canonical import canonical


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("up==0", "up == 0"),
        ("rate(a[90s]) > 0.10", "rate(a[1m30s]) > 0.1"),
        ('up{b!="y", a="x"}', 'up{a="x",b!="y"}'),
        ('up{a="x,y", b="}"}', 'up{b="}",a="x,y"}'),
        ("sum(x) by (a)", "sum by (a) (x)"),
        ("not (valid", "not   (valid"),
    ],
)
def test_two_spellings_of_one_expression(written: str, printed: str) -> None:
    assert canonical(written) == canonical(printed)


@pytest.mark.parametrize(
    ("expression", "other"),
    [
        ("up == 0", "up == 1"),
        ('up{a="x"}', 'up{a!="x"}'),
        ("rate(a[5m])", "rate(a[6m])"),
        (
            'label_replace(a, "x", "{b,a}", "y", ".*")',
            'label_replace(a, "x", "{a,b}", "y", ".*")',
        ),
    ],
)
def test_two_expressions(expression: str, other: str) -> None:
    assert canonical(expression) != canonical(other)
