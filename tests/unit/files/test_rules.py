"""Rule files and Prometheus configurations."""

# ruff: noqa: E501 - a mistake and what is said of it stand in one line

from pathlib import Path

import pytest

from gameday.files.prometheus import prometheus_config, rules
from gameday.files.promql import promql
from gameday.model.alerting.alert import AlertRule
from tests.unit.files.shop import PROMETHEUS, RULES


def told(text: str) -> list[str]:
    return [str(problem) for problem in rules.parse(text, "r.yaml")[1]]


def test_an_alert_with_all_that_is_read_of_it() -> None:
    (rule,), problems = rules.parse(RULES, "r.yaml")
    assert problems == []
    assert rule == AlertRule(
        name="WebReplicaDown",
        expr='up{job="web"} == 0',
        group="shop",
        file="r.yaml",
        hold=5.0,
        interval=1.0,
        labels={"severity": "page"},
        annotations={"summary": "{{ $labels.instance }} is down"},
        line=5,
        reads=("up",),
    )


def test_anchors_text_like_values_and_names_used_twice() -> None:
    text = """\
groups:
  - name: g
    query_offset: 30s
    rules:
      - &one
        alert: A
        expr: 1
        for: 0m
        labels: &labels {on: on, n: 1}
      - <<: *one
        keep_firing_for: 1h30m
"""
    (first, second), problems = rules.parse(text, "r.yaml")
    assert problems == []
    assert first.labels == second.labels == {"on": "on", "n": "1"}
    assert (first.expr, first.hold, second.keep_firing) == ("1", 0.0, 5400.0)
    assert (first.query_offset, first.interval) == (30.0, None)


def test_of_an_alert_that_is_also_a_record_only_that_is_told() -> None:
    text = RULES.replace("alert: WebReplicaDown", "alert: A\n        record: b")
    (line,) = told(text)
    assert "has both of alert and record" in line


PROMETHEUS_RULE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: shop}
spec:
  groups: [{name: shop, rules: [{alert: A, expr: up}]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "  groups:",
            "  group:",
            "r.yaml:5: spec.group: 'group' is an unknown key; did you mean \"groups\"?",
        ),
        (
            "spec:",
            "specs:",
            "r.yaml:4: specs: 'specs' is an unknown key; did you mean \"spec\"?",
        ),
    ],
)
def test_a_misspelt_key_of_a_prometheus_rule(old: str, new: str, line: str) -> None:
    assert told(PROMETHEUS_RULE.replace(old, new)) == [line]


@pytest.mark.parametrize(
    "text",
    [
        PROMETHEUS_RULE + "status: {}\n",
        PROMETHEUS_RULE.partition("spec:")[0] + "$patch: delete\n",
        PROMETHEUS_RULE.replace("spec:", "spec:\n  $patch: replace"),
    ],
)
def test_what_kubernetes_and_kustomize_add_to_a_prometheus_rule(text: str) -> None:
    assert told(text) == []


MISTAKES = [
    ("annotations:", "annotation:", "r.yaml:9: groups[0].rules[0].annotation: 'annotation' is an unknown key; did you mean \"annotations\"?"),
    ("for: 5s", "for: ''", "r.yaml:7: groups[0].rules[0].for: '' is not a duration; expected one such as 30s or 5m"),
    ("for: 5s", "for: 5", "r.yaml:7: groups[0].rules[0].for: '5' is not a duration; expected one such as 30s or 5m"),
    ("alert: WebReplicaDown", "alert: A\n        record: b", "r.yaml:5: groups[0].rules[0]: has both of alert and record; expected one of them"),
    ("- record: job:up:sum", "- labels: {a: b}", "r.yaml:10: groups[0].rules[1]: has neither of alert and record; expected one of them"),
    ("record: job:up:sum", 'record: job{a="b"}', "r.yaml:10: groups[0].rules[1].record: 'job{a=\"b\"}' is no metric name: it has braces; write a plain name"),
    ("record: job:up:sum", "record: x\n        for: 1m", "r.yaml:11: groups[0].rules[1].for: for makes no sense on a recording rule; remove it"),
    ("sum by (job) (up)", "sum by (job) (up", "r.yaml:11: groups[0].rules[1].expr: 'sum by (job) (up' is not valid PromQL: unclosed left parenthesis"),
    ("sum by (job) (up)", "rate(up)", "r.yaml:11: groups[0].rules[1].expr: 'rate(up)' is not valid PromQL: expected type matrix in call to function 'rate', got vector"),
    ("        expr: sum by (job) (up)\n", "", "r.yaml:10: groups[0].rules[1]: expr is required and missing; expected text"),
    ("$labels.inst", "$label.inst", "r.yaml:9: groups[0].rules[0].annotations.summary: Prometheus cannot parse the template: undefined variable '$label'; did you mean \"$labels\"?"),
    ("$labels.instance }}", "$labels.instance }", "r.yaml:9: groups[0].rules[0].annotations.summary: Prometheus cannot parse the template: unexpected '}' in operand"),
    ("{severity: page}", "{__name__: page}", "r.yaml:8: groups[0].rules[0].labels.__name__: '__name__' cannot be a label here; choose another name"),
    ("  - name: shop", "  - name: null", "r.yaml:2: groups[0]: name is required and missing; expected text"),
    ("interval: 1s", "intervall: 1s", "r.yaml:3: groups[0].intervall: 'intervall' is an unknown key; did you mean \"interval\"?"),
    ("for: 5s", "for: 300y", "r.yaml:7: groups[0].rules[0].for: '300y' is out of range; expected 292 years at most"),
    ("interval: 1s", "limit: '5'", "r.yaml:3: groups[0].limit: '5' is text; expected a whole number, without quotes"),
    ("interval: 1s", "limit: 99999999999999999999", "r.yaml:3: groups[0].limit: 99999999999999999999 is too large; expected 9223372036854775807 at most"),
    ("groups:", "group:", "r.yaml:1: group: 'group' is an unknown key; did you mean \"groups\"?"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"), MISTAKES, ids=lambda text: text[:30]
)
def test_what_promtool_refuses(old: str, new: str, expected: str) -> None:
    assert old in RULES
    assert expected in told(RULES.replace(old, new))


WARNINGS = [
    ("{severity: page}", "{sev-erity: page}", "'sev-erity' is a label name only from Prometheus 3 on"),
    ("record: job:up:sum", "record: job.up", "'job.up' is a metric name only from Prometheus 3 on"),
    ("sum by (job) (up)", "rate(up[5m+1m])", "a duration expression needs Prometheus 3.4"),
    ("sum by (job) (up)", "rate(up[5m] anchored)", "the modifier anchored needs Prometheus 3.7"),
    ("{severity: page}", "{severity: page, now: '{{ $value }}'}", "the value is in a label"),
    ("interval: 1s", "partial_response_strategy: warn", "is not Prometheus'; it would refuse this file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"), WARNINGS, ids=lambda text: text[:30]
)
def test_what_is_only_warned_of(old: str, new: str, expected: str) -> None:
    (warned,) = told(RULES.replace(old, new))
    assert "warning: " in warned
    assert expected in warned


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("interval: 1s", "limit: 0x10"),
        ("interval: 1s", "limit: 1e3"),
        ("record: job:up:sum", "record: x\n        annotations: {}"),
    ],
)
def test_what_prometheus_takes_as_well(old: str, new: str) -> None:
    assert old in RULES
    assert told(RULES.replace(old, new, 1)) == []


def test_variables_that_a_template_declares_are_known() -> None:
    template = "{{ range $i, $e := query `up{a='$b'}` }}{{ $i }}{{ $e }}{{ end }}"
    text = RULES.replace('"{{ $labels.instance }} is down"', f'"{template}"')
    assert told(text) == []


def test_a_group_name_used_twice_and_a_second_document() -> None:
    twice = RULES + RULES.removeprefix("groups:\n")
    assert "the group name 'shop' is used twice in this file" in told(twice)[0]
    (warned,) = told(RULES + "---\ngroups: []\n")
    assert warned.startswith(
        "r.yaml:13: warning: Prometheus ignores this second document"
    )


def test_a_prometheus_rule_of_the_operator() -> None:
    spec = "\n".join(f"  {line}" for line in RULES.splitlines())
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: a}\n"
    (rule,), problems = rules.parse(f"{head}spec:\n{spec}\n", "r.yaml")
    assert problems == []
    assert (rule.name, rule.line) == ("WebReplicaDown", 9)


def test_metrics_that_an_expression_reads() -> None:
    expr = 'sum(rate(a{x="y"}[5m])) / b > 0 and max_over_time({__name__="c"}[1h:]) or a'
    assert promql.metrics(expr) == ("a", "b", "c")
    assert promql.metrics("not valid (") == ()


def test_a_prometheus_configuration(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(PROMETHEUS.replace("rules.yaml", "rules/*.yaml"))
    (tmp_path / "rules").mkdir()
    for name in ("b.yaml", "a.yaml"):
        (tmp_path / "rules" / name).write_text(RULES)
    config, problems = prometheus_config.read(str(path))
    assert problems == []
    assert config == prometheus_config.PrometheusConfig(
        scrape_interval=1.0,
        scrape_timeout=0.9,
        evaluation_interval=1.0,
        rule_files=(str(tmp_path / "rules/a.yaml"), str(tmp_path / "rules/b.yaml")),
        jobs=(("web", 2.0, 0.9),),
    )


def test_defaults_and_mistakes_of_a_prometheus_configuration() -> None:
    config, problems = prometheus_config.parse("scrape_configs: []", "p.yaml")
    assert problems == []
    assert config == prometheus_config.PrometheusConfig()
    text = "global: {scrape_interval: 1s, scrape_timeout: 2s, evaluation_interval: 1}"
    _, problems = prometheus_config.parse(text, "p.yaml")
    assert [problem.message for problem in problems] == [
        "global.evaluation_interval: '1' is not a duration; expected one such as 30s or 5m",
        "global.scrape_timeout: is longer than scrape_interval; shorten it",
    ]


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "groups:\n", "{}\n"])
def test_a_file_without_rules_is_no_mistake(text: str) -> None:
    assert rules.parse(text, "r.yaml") == ((), [])


def test_an_empty_group_and_an_empty_rule_are_passed_over_as_prometheus_does() -> None:
    text = "groups: [null, {name: a, rules: [null, {alert: A, expr: up}]}]"
    groups_read, problems = rules.parse(text, "r.yaml")
    assert [rule.name for rule in groups_read] == ["A"]
    assert [problem.severity for problem in problems] == ["warning", "warning"]


def test_an_annotation_may_have_the_name_of_a_metrics_name() -> None:
    """Only as a label it is refused."""
    rule = "{alert: A, expr: up, annotations: {__name__: x}}"
    text = f"groups: [{{name: g, rules: [{rule}]}}]"
    assert rules.parse(text, "r.yaml")[1] == []
    assert rules.parse(text.replace("annotations", "labels"), "r.yaml")[1] != []
