"""What an expression says of the labels of its series, and what it always says."""

import pytest

from gameday.model.alerting.always import always
from gameday.model.alerting.expression_parser import parse, series_expression
from gameday.model.alerting.known_labels import labels_of


@pytest.mark.parametrize(
    ("expr", "known"),
    [
        # By name: a value, "" for absent, None for unknown.
        ('up{job="web"} == 0', {"job": "web", "instance": None}),
        ('up{job=~"web|api", zone=""}', {"job": None, "zone": ""}),
        ('sum(up{job="web"})', {"job": "", "instance": ""}),
        ('sum by (job, x) (up{job="web"})', {"job": "web", "x": None, "instance": ""}),
        ('max without (zone) (up{job="web"})', {"job": "web", "zone": "", "x": None}),
        ('topk(3, up{job="web"})', {"job": "web", "x": None}),
        ('rate(errors{job="web"}[5m])', {"job": "web", "x": None}),
        ('absent(up{job="web", x=~"1"})', {"job": "web", "x": ""}),
        ('absent_over_time(up{job="web"}[5m])', {"job": "web", "x": ""}),
        ('absent(sum(up{job="web"}))', {"job": ""}),
        ("vector(1)", {"x": ""}),
        ('1 - avg(up{job="web"}) > 0.5', {"job": ""}),
        ('0 < up{job="web"}', {"job": "web"}),
        ('a{job="web"} / on (zone) b', {"job": "", "zone": None}),
        ('a{job="web"} / ignoring (zone) b', {"job": "web", "zone": ""}),
        (
            'a{job="web"} * on (x) group_left (team) b{team="t"}',
            {"job": "web", "team": "t"},
        ),
        ('a{job="web"} and on (x) b{job="api"}', {"job": "web"}),
        ('a{job="web"} unless b', {"job": "web"}),
        ('a{job="web", x="1"} or b{job="web", x="2"}', {"job": "web", "x": None}),
        (
            'label_replace(up{job="web"}, "team", "$1", "job", "(.*)")',
            {"job": "web", "team": None},
        ),
        (
            'histogram_quantile(0.9, sum by (le, job) (rate(b{job="web"}[5m])))',
            {"le": "", "job": "web"},
        ),
        ('count_values("version", up{job="web"})', {"version": None, "job": ""}),
        ("x[5m + 1m]", {"job": None}),
    ],
)
def test_what_is_known_of_labels(expr: str, known: dict[str, str | None]) -> None:
    labels = labels_of(parse(expr))
    assert {name: labels.get(name) for name in known} == known


@pytest.mark.parametrize(
    ("expr", "asked"),
    [
        ('up{job="web"} == 0', 'up{job="web"}'),
        ("0.5 < (a / b)", "a / b"),
        ("a > 1 and on (x) b > 2", "(a) and on (x) (b)"),
        ("(a > 1) or b < 2", "(a) or (b)"),
        ("a > 1 unless b", "a"),
        ("a > bool 1", "a > bool 1"),
        ("a > b", "a"),
        ("x[5m + 1m] > 1", None),
    ],
)
def test_the_series_of_an_alert_are_those_without_its_comparison(
    expr: str, asked: str | None
) -> None:
    told = series_expression(expr)
    assert (told and told.replace("{}", "")) == asked


@pytest.mark.parametrize(
    ("expr", "truth"),
    [
        ("vector(1)", True),
        ("vector(0)", True),
        ("1", True),
        ("vector(1) == 0", False),
        ("vector(2) > 1 and vector(1)", True),
        ("up or vector(1)", True),
        ("up or vector(1) > 3", None),
        # Which value decides depends on the series.
        ("(count(x) or vector(0)) < 1", None),
        ("(vector(2) or x) < 1", None),
        ("(vector(2) or vector(0)) < 1", False),
        ("vector(time()) > 5", True),
        ("1 == bool 2", True),
        ("up == 0", None),
        ("absent(x)", None),
        ("vector(1) / 0 > 1", None),
    ],
)
def test_what_always_or_never_holds(expr: str, truth: bool | None) -> None:
    assert always(expr) is truth
