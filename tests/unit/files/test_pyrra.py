"""Pyrra's SLO files as Pyrra judges them."""

import pytest

from gameday.files.slo import slo
from gameday.model.slos.slo import Slo, Term
from tests.unit.files.shop import PYRRA as RATIO

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
    assert parsed.grouped_by == ("handler",)
    assert problems == [
        (
            "p.yaml:7: warning: spec.target: Kubernetes takes text only; "
            "write it in quotes"
        ),
        (
            "p.yaml:11: warning: spec.indicator.ratio.grouping: "
            "all groups are counted together, where Pyrra looks at each"
        ),
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
    ('target: "99.9"', "target: high", "spec.target: 'high' is no percentage"),
    ('target: "99.9"', 'target: "99,9"', "spec.target: '99,9' is no percentage"),
    ('target: "99.9"', "target:", "spec: target is required and missing"),
    ('target: "99.9"', 'target: "101"', "is not at least 0 and at most 100"),
    ('  target: "99.9"\n', "", "target is required and missing"),
    ('target: "99.9"', 'target: " 99.9"', "' 99.9' is no percentage"),
    ('target: "99.9"', "target: ٩٩", "'٩٩' is no percentage"),
    ('target: "99.9"', "target: NaN", "is not at least 0 and at most 100"),
    ('target: "99.9"', "target: [99]", "a list is not text"),
    ("window: 4w", "window: 0s", "'0s' is no time"),
    ("window: 4w", 'window: "0"', "'0' is no time"),
    ("window: 4w", "window: 28", "'28' is not a duration"),
    ("window: 4w", "window: 4w\n  description: [a]", "a list is not text"),
    ("window: 4w", "window: 4w\n  ruleOutput: {labels: {a: b}}", "an unknown key"),
    ("window: 4w", 'window: 4w\n  performanceOverAccuracy: "true"', "'true' is text"),
    ("namespace: shop", "namespce: shop", 'did you mean "namespace"?'),
    ("namespace: shop", "labels: [shop]", "a list is not a mapping"),
    ("name: Burn", "severities: {fast: page}", "'fast' is an unknown key"),
    ("    ratio:", "    bool_gauge: {metric: up(}\n    ratio:", "'up(' is not valid"),
    ("    ratio:", "    ratio:\n      grouping: [[a]]", "a list is not text"),
    ("    ratio:", "    ratio:\n      grouping: [null]", "null is not text"),
    ("    ratio:", "    ratio:\n      grouping: handler", "'handler' is not a list"),
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


@pytest.mark.parametrize("bound", ["1e+06", "+Inf", "Inf", "-1", "0x1p2", "1_000"])
def test_a_bucket_of_every_number_that_go_reads(bound: str) -> None:
    (parsed,), problems = read(LATENCY.replace("0.5", bound))
    assert problems == []
    assert parsed.bad[1].selector == f'http_seconds_bucket{{le="{bound}"}}'


def test_a_bucket_by_a_regular_expression_is_taken_and_by_another_is_not() -> None:
    (parsed,), _ = read(LATENCY.replace('le="0.5"', 'le=~"0.5"'))
    assert parsed.bad[1].selector == 'http_seconds_bucket{le=~"0.5"}'
    _, (told,) = read(LATENCY.replace('le="0.5"', 'le!="0.5"'))
    assert "counts all buckets but one; write le= instead" in told
    _, (told,) = read(LATENCY.replace('le="0.5"', 'le=~"0.5|1"'))
    assert "has no le with a number" in told


def test_ratio_and_latency_are_refused() -> None:
    text = RATIO.replace("    ratio:", "    latency: {}\n    ratio:")
    _, (told,) = read(text)
    assert "ratio and latency are both set; keep one of them" in told


def test_of_other_indicators_the_first_is_used() -> None:
    text = RATIO.replace("    ratio:", "    bool_gauge: {metric: up}\n    ratio:")
    (parsed,), (told,) = read(text)
    assert "ratio and bool_gauge are set; Pyrra uses ratio only" in told
    assert parsed.total == (Term(selector='http_requests_total{job="web"}'),)


def test_an_empty_indicator_is_none() -> None:
    text = RATIO.replace("    ratio:", "    latency:\n    ratio:")
    (parsed,), problems = read(text)
    assert (parsed.name, problems) == ("web-errors", [])


AS_WRITTEN = [
    ("name: web-errors", "name: 12", "12"),
    ("name: Burn", "name: 5", "web-errors"),
    ("disabled: false", "disabled: no", "web-errors"),
    ("namespace: shop", "namespace: shop\n  labels: {a: 5}", "web-errors"),
    ("namespace: shop", "uid: a\n  creationTimestamp: null", "web-errors"),
    ("spec:", "status: {type: PrometheusRule}\nspec:", "web-errors"),
    ("window: 4w", "window: 4w\n  description: 5", "web-errors"),
    ("window: 4w", "window: 4w\n  performanceOverAccuracy: true", "web-errors"),
    (
        "window: 4w",
        (
            "window: 4w\n  ruleOutput: {shortRulesLabels: {a: b}, longRulesLabels: {}, "
            "enableDescriptionAsLabel: true}"
        ),
        "web-errors",
    ),
    (
        "name: Burn",
        (
            "severities: {absent: a, fastBurn: b, mediumBurn: c, slowBurn: d, "
            "longTermBurn: e}"
        ),
        "web-errors",
    ),
    ('"99.9"', '"0x1p6"', "web-errors"),
]


@pytest.mark.parametrize(("old", "new", "name"), AS_WRITTEN)
def test_what_pyrra_takes_as_well(old: str, new: str, name: str) -> None:
    assert old in RATIO
    (parsed,), problems = read(RATIO.replace(old, new, 1))
    assert (parsed.name, problems) == (name, [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            LATENCY.replace("http_seconds_count", "http_requests_total"),
            "http_requests_total is usually a histogram's count, and ends in _count",
        ),
        (
            LATENCY.replace("http_seconds_bucket", "quick"),
            "quick is usually a histogram's bucket, and ends in _bucket",
        ),
        (
            RATIO.replace(
                "total: {metric: 'http_requests_total{job=\"web\"}'}",
                "total: {metric: '{__name__=\"x\"}'}",
            ),
            "has no name in front of its matchers: Pyrra makes no rules of it",
        ),
        (
            RATIO.replace("  window:", "  partial_response_strategy: no\n  window:"),
            "'no' is not known to Kubernetes; expected abort or warn",
        ),
    ],
)
def test_what_is_only_warned_of(text: str, told: str) -> None:
    (_,), (warned,) = read(text)
    assert "warning" in warned
    assert told in warned


def test_slos_of_one_name_in_two_namespaces_are_named_by_both() -> None:
    other = RATIO.replace("namespace: shop", "namespace: stage")
    slos, problems = read(f"{RATIO}---\n{other}")
    assert problems == []
    assert [(each.name, each.short_name) for each in slos] == [
        ("shop/web-errors", "web-errors"),
        ("stage/web-errors", "web-errors"),
    ]
    _, (told,) = read(f"{RATIO}---\n{RATIO}")
    assert "the SLO 'web-errors' is there twice; rename one" in told


def test_an_offset_is_named_and_not_counted() -> None:
    text = RATIO.replace("""job="web"}'}""", """job="web"} offset 1m'}""")
    slos, (told,) = read(text)
    assert slos == ()
    assert "cannot be used in a scenario: `offset` and `@`" in told
