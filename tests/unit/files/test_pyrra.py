"""Pyrra's SLO files as Pyrra judges them."""

import pytest

from gameday.files.slo import slo
from gameday.model.slos.slo import Slo, Term

RATIO = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: web-errors
  namespace: shop
spec:
  target: "99.9"
  window: 4w
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{job="web",code=~"5.."}'}
      total: {metric: 'http_requests_total{job="web"}'}
  alerting: {disabled: false, name: Burn}
"""
LATENCY = RATIO.replace("ratio:", "latency:").replace(
    """errors: {metric: 'http_requests_total{job="web",code=~"5.."}'}""",
    """success: {metric: 'http_seconds_bucket{le="0.5"}'}""",
)
LATENCY = LATENCY.replace('http_requests_total{job="web"}', "http_seconds_count")


def read(text: str) -> tuple[tuple[Slo, ...], list[str]]:
    slos, problems = slo.parse(text, "p.yaml")
    return slos, [str(problem) for problem in problems]


def test_a_ratio() -> None:
    (parsed,), problems = read(RATIO)
    assert problems == []
    assert (parsed.name, parsed.format, parsed.line) == ("web-errors", "pyrra", 1)
    assert parsed.objective == pytest.approx(0.999)
    assert parsed.window == 28 * 86400
    assert parsed.bad == (Term(selector='http_requests_total{job="web",code=~"5.."}'),)
    assert parsed.total == (Term(selector='http_requests_total{job="web"}'),)


def test_the_bad_ones_of_a_latency_are_those_outside_of_the_bucket() -> None:
    (parsed,), problems = read(LATENCY)
    assert problems == []
    assert parsed.bad == (
        Term(selector="http_seconds_count"),
        Term(selector='http_seconds_bucket{le="0.5"}', sign=-1.0),
    )


def test_a_target_may_be_a_number_and_groups_are_counted_together() -> None:
    text = RATIO.replace('"99.9"', "99.9").replace(
        "    ratio:", "    ratio:\n      grouping: [handler]"
    )
    (parsed,), problems = read(text)
    assert parsed.objective == pytest.approx(0.999)
    assert problems == [
        (
            "p.yaml:11: warning: spec.indicator.ratio.grouping: "
            "all groups are counted together"
        )
    ]


def with_indicator(text: str) -> str:
    start, end = RATIO.index("    ratio:"), RATIO.index("  alerting:")
    return f"{RATIO[:start]}    {text}\n{RATIO[end:]}"


def test_a_bool_gauge_counts_its_samples() -> None:
    text = "bool_gauge: {metric: 'probe_success{job=\"web\"}'}"
    (parsed,), problems = read(with_indicator(text))
    assert problems == []
    selector = 'probe_success{job="web"}'
    assert parsed.total == (Term(selector=selector, reads="samples"),)
    assert parsed.bad == (
        Term(selector=selector, reads="samples"),
        Term(selector=selector, sign=-1.0, reads="values"),
    )


def test_a_native_latency_counts_observations() -> None:
    text = "latencyNative: {total: {metric: http_seconds}, latency: 200ms}"
    (parsed,), problems = read(with_indicator(text))
    assert problems == []
    assert parsed.total == (Term(selector="http_seconds", reads="observations"),)
    assert parsed.bad == (
        Term(selector="http_seconds", reads="observations"),
        Term(selector="http_seconds", sign=-1.0, reads="observations up to", limit=0.2),
    )


def test_a_native_latency_needs_a_duration() -> None:
    text = "latencyNative: {total: {metric: http_seconds}, latency: fast}"
    slos, (told,) = read(with_indicator(text))
    assert slos == ()
    assert "'fast' is not a duration" in told


MISTAKES = [
    ('target: "99.9"', "target: high", "target 'high' is no percentage"),
    ('target: "99.9"', 'target: "101"', "is not at least 0 and at most 100"),
    ('  target: "99.9"\n', "", "target null is no percentage"),
    ("window: 4w", "window: 4 weeks", "'4 weeks' is not a duration"),
    ("  window: 4w\n", "", "window is required and missing"),
    ("  name: web-errors\n", "", "name is required and missing"),
    ("  alerting:", "  alertin:", 'did you mean "alerting"?'),
    ("disabled: false", "disable: false", 'did you mean "disabled"?'),
    ("errors: {metric:", "errors: {metrics:", 'did you mean "metric"?'),
    ("      errors:", "      error:", "errors is required and missing"),
    ("    ratio:", "    ratios:", "expected one of ratio, latency"),
    ('code=~"5.."}', 'code=~"5.."', "is not valid PromQL"),
    ("http_requests_total{job=", "sum(x{job=", "is not valid PromQL"),
    ("'http_requests_total{job=\"web\"}'", "'sum(x)'", "is no plain metric"),
    (',code=~"5.."', "", "errors and total count the same events"),
    ("ServiceLevelObjective", "ServiceLevel", "Pyrra's 'ServiceLevel' is no SLO"),
    ("v1alpha1", "v2", "'pyrra.dev/v2' is not supported"),
]


@pytest.mark.parametrize(("old", "new", "reason"), MISTAKES)
def test_mistakes(old: str, new: str, reason: str) -> None:
    assert old in RATIO
    _, problems = read(RATIO.replace(old, new, 1))
    assert any(reason in told and "warning" not in told for told in problems), problems


def test_a_latency_needs_a_bucket() -> None:
    _, (told,) = read(LATENCY.replace('{le="0.5"}', ""))
    assert "has no le with a number" in told


def test_two_indicators_are_refused() -> None:
    text = RATIO.replace("    ratio:", "    bool_gauge: {metric: up}\n    ratio:")
    _, (told,) = read(text)
    assert "ratio and bool_gauge are both set" in told
