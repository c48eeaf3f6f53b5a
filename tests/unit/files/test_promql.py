"""PromQL as Prometheus parses it: every error is one, and newer syntax is none."""

import pytest

from gameday.files.promql import promql

VALID = [
    r"sum(rate(http_requests_total{code=~`5\d\d`}[5m])) > 1",
    'foo{a=`x"y`}',
    'foo{code=~"5[0-9]{2}"}',
    'foo{a=~"\\\\Qa.b\\\\E"}',  # RE2's, not Rust's
    'foo{a=~"[[]"}',
    'sum by (a) (foo{b=~"[[:alpha:]]+"}) # a [note] with `quotes\'',
    '{__name__=~"job:.*"}',
    "anchored + smoothed",
    'anchored{job="a"} + smoothed{}',
    "sum by (anchored, smoothed) (foo)",
    "sum(step) by (range)",
    "foo[5m:]",
    "foo[300]",
    "foo offset 0s > 0s",
    "foo[.5] @ 1e12 offset 290y",
    "foo offset -5m",
    "-(1 + 2) * 3",
    'label_replace(foo, "a", "[5m-1m]", "b", "(")',
]


@pytest.mark.parametrize("expr", VALID)
def test_what_every_prometheus_takes_is_said_nothing_about(expr: str) -> None:
    assert promql.judge(expr) == ("", "")


NEWER = [
    ("foo[5m + 1m]", "a duration expression needs Prometheus 3.4"),
    ("foo[-1m + 2 * 5m]", "a duration expression needs Prometheus 3.4"),
    ("rate(foo[step() * 4])", "a duration expression needs Prometheus 3.4"),
    ("foo[range():step()]", "a duration expression needs Prometheus 3.4"),
    ("foo[max_of(5m, 1m):]", "a duration expression needs Prometheus 3.4"),
    ("foo offset (1h - 5m)", "a duration expression needs Prometheus 3.4"),
    ("foo offset -step()", "a duration expression needs Prometheus 3.4"),
    ("rate(foo[5m] anchored)", "the modifier anchored needs Prometheus 3.7"),
    ("foo @ 100 smoothed", "the modifier smoothed needs Prometheus 3.7"),
    ("foo offset -100 smoothed", "the modifier smoothed needs Prometheus 3.7"),
    ('info(foo, {data=~".*"})', "promql-experimental-functions"),
    ('info(foo or bar @ 480, {a=~".*"} @ 120)', "promql-experimental-functions"),
    ("info(foo, {})", "promql-experimental-functions"),
    ('foo{a="b"} smoothed', "the modifier smoothed needs Prometheus 3.7"),
    ("foo @ end() smoothed", "the modifier smoothed needs Prometheus 3.7"),
    ("rate(foo[5m] anchored anchored)", "the modifier anchored needs Prometheus 3.7"),
    ("foo offset-(5m) + bar offset(1m)", "a duration expression needs Prometheus 3.4"),
    ("limitk(scalar(foo) + 1, bar)", "promql-experimental-functions"),
    ("foo </ 5", "the operator </ needs Prometheus 3.10"),
    ("foo > 1_000", "underscores in numbers need Prometheus 2.49"),
    ("sum by (a:b) (foo)", "a colon in a label's name needs Prometheus 3"),
    ("holt_winters(foo[5m], 0.5, 0.5)", "holt_winters is double_exponential_smoothing"),
    ("limitk(2, foo)", "--enable-feature=promql-experimental-functions"),
    ("foo + fill(0) bar", "--enable-feature=promql-binop-fill-modifiers"),
]


@pytest.mark.parametrize(("expr", "note"), NEWER)
def test_what_is_newer_is_a_warning_that_says_what_it_needs(
    expr: str, note: str
) -> None:
    severity, why = promql.judge(expr)
    assert severity == "warning"
    assert note in why


BROKEN = [
    ('sum(rate(foo{code=~"5[0-9]{2}"}[5m]) > 1', "unclosed left parenthesis"),
    ('rate(foo{a=~"[a-z]+"})', "expected type matrix"),
    ("rate(foo[5m] anchored", "unclosed left parenthesis"),
    ("rate(foo anchored)", "expected type matrix"),
    ("1e-_1", "bad number syntax"),
    ('info(foo, bar{a="b"})', "label selectors in braces only"),
    ('info(foo, {a="b"} == 1)', "label selectors in braces only"),
    ("sum(foo) anchored", "invalid promql query"),
    ("foo[5m:1m] anchored", "invalid promql query"),
    ("foo anchored smoothed", "is not valid PromQL"),
    ("rate smoothed (foo[5m])", "unexpected '(' after smoothed"),
    ('sum by ("") (foo)', 'invalid label name for grouping: ""'),
    ("limitk(foo, bar)", "expected type scalar in aggregation parameter"),
    ("limit_ratio((foo), bar)", "expected type scalar in aggregation parameter"),
    ("foo and fill(0) bar", "not allowed for set operators"),
    ("foo > fill_left(0) 5", "only allowed between instant vectors"),
    (r'foo{a=~"\\C"}', "invalid escape sequence"),
    ("foo[5m +]", "unexpected ']' in duration expression"),
    ("foo[5m / 0]", "division by zero"),
    ("foo[-5m]", "duration must be greater than 0"),
    ("foo[max_of(5m)]", "unexpected ')' in duration expression"),
    ("foo[bar()]", "unexpected 'bar' in duration expression"),
    ("foo offset (5m", "unexpected the end of the expression"),
    ("foo + 1__0", "bad number syntax"),
    ("1_000 == 1", "comparisons between scalars must use BOOL modifier"),
    ('foo{a=~"("}', "error parsing regexp '('"),
    ('foo{a=~"a{1001}"}', "error parsing regexp"),
    ('foo{a=~"(?=b)"}', "error parsing regexp"),
    ('{a=~"\\\\Qx\\\\E|"}', "must contain at least one non-empty matcher"),
    ('foo{a="b" or c="d"}', "`or` between matchers is MetricsQL"),
    ("foo[0]", "duration must be greater than 0"),
    ("foo[5m:0s]", "duration must be greater than 0"),
    ("foo[1e20]", "duration out of range"),
    ("foo offset 300y", "duration out of range"),
    ("foo offset -inf", "duration out of range"),
    ("foo[5m:1e20]", "duration out of range"),
    ("foo @ 1e99", "timestamp out of bounds"),
    ("1e999", "value out of range"),
    ("(" * 200 + "1" + ")" * 200, "nested deeper than"),
    ("-" * 200 + "1", "nested deeper than"),
    ('+"a"', "unary"),
    ('+ + "a"', "unary"),
    ('(+"a")', "unary"),
    ('label_replace(up, +"a", "b", "c", "d")', "unary"),
    ("+foo[5m]", "unary"),
    ("rate(+foo[5m])", "unary"),
    ("ln(0)", "expected type vector in call to function 'ln'"),
    ("ln(NaN)", "expected type vector in call to function 'ln'"),
    ("log2(-1)", "expected type vector in call to function 'log2'"),
    ("log10(Inf)", "expected type vector in call to function 'log10'"),
    ("sum(log2(-0))", "expected type vector in call to function 'log2'"),
    ("up[2*5m1h]", "not a valid duration string: 5m1h"),
    ("(up)[1h+1h:5m1h]", "not a valid duration string: 5m1h"),
    ("up offset (1h1h)", "not a valid duration string: 1h1h"),
]


@pytest.mark.parametrize(("expr", "reason"), BROKEN)
def test_an_error_is_an_error_whatever_stands_beside_it(expr: str, reason: str) -> None:
    severity, why = promql.judge(expr)
    assert severity == "error"
    assert reason in why


@pytest.mark.parametrize(
    "expr",
    [
        *("+foo", "+1", "foo + +bar", "(foo) + bar", "foo{a='+'} + 1", "+-+1"),
        *("foo offset +5m", "rate(foo[5m]) + 1", "sum by (a) (+foo)", "1 - +1"),
        *("sum(foo) by (a) + sum(bar) by (a)", "foo + on (a) +bar", "foo @ +1"),
    ],
)
def test_a_plus_before_a_number_or_a_vector_is_none_of_it(expr: str) -> None:
    assert promql.judge(expr) == ("", "")


def test_a_count_keeps_the_regular_expression_as_it_was_written() -> None:
    (term,) = promql.terms(r"sum(rate(foo{a=~`\Qx.y\E|z`}[5m]))")
    assert term.selector == 'foo{a=~"\\\\Qx.y\\\\E|z"}'


def test_the_metrics_of_newer_syntax_are_known() -> None:
    assert promql.metrics("rate(foo[5m + 1m] anchored) > bar") == ("foo", "bar")
