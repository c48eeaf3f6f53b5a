r"""What YAML and JSON allow and the readers of Go's programs refuse.

Measured with promtool 3.16, amtool 0.34 and `chaos validate`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from gameday.files.check import check
from gameday.files.prometheus import rules
from tests.unit.files.shop import EXPERIMENT, SLOTH

RULES = """\
groups:
- name: g
  rules:
  - alert: A
    expr: up == 0
    labels: {severity: page}
    annotations: {summary: "down"}
"""
ALERTMANAGER = "route:\n  receiver: r\nreceivers:\n- name: r\n"
PROMETHEUS = "global: {scrape_interval: 15s}\nrule_files: [a.yaml]\n"
PROMETHEUS_RULE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: shop}
spec:
"""
JSON = (
    '{"groups":[{"name":"g","rules":[{"alert":"A","expr":"up",'
    '"annotations":{"summary":"%s"}}]}]}'
)
Errors = Callable[..., list[tuple[int | None, str]]]


@pytest.fixture
def errors(tmp_path: Path) -> Errors:
    """Return a function: the errors of a text, as (line, id)."""

    def judge(text: str, name: str = "file.yaml") -> list[tuple[int | None, str]]:
        path = tmp_path / name
        path.write_text(text)
        problems = check([str(path)], {}, None).problems
        return [
            (problem.line, problem.id)
            for problem in problems
            if problem.severity == "error"
        ]

    return judge


@pytest.mark.parametrize("text", [RULES, ALERTMANAGER, PROMETHEUS, SLOTH])
def test_a_directive_of_yaml_1_2_is_refused_by_programs_in_go(
    errors: Errors, text: str
) -> None:
    assert errors("%YAML 1.1\n---\n" + text) == []
    assert errors("%YAML 1.2\n---\n" + text) == [(1, "file/syntax")]
    assert errors(f"{text}...\n%YAML 1.2\n---\n{text}").count((1, "file/syntax")) == 0


def test_a_directive_of_yaml_1_2_is_taken_by_chaos_toolkit(errors: Errors) -> None:
    assert errors("%YAML 1.2\n---\n" + EXPERIMENT) == []


def _with_labels(labels: str) -> str:
    two = RULES.replace("labels: {severity: page}", "labels: &a {severity: page}")
    rule = f"  - alert: B\n    expr: up == 0\n    labels:\n{labels}"
    return two.replace("annotations: {", "annotations: &b {") + rule


@pytest.mark.parametrize(
    ("labels", "refused"),
    [
        ("      <<: *a\n      <<: *b\n", [(12, "file/duplicate-key")]),
        ("      <<: *a\n      <<: *a\n", [(12, "file/duplicate-key")]),
        ("      <<: [*a, *b]\n", []),
        ("      <<: {<<: *a, more: x}\n", []),
        ('      !!merge "<<": *a\n', []),
        ("      !!str <<: x\n", []),
        ('      "<<": x\n', []),
    ],
)
def test_a_second_merge_in_a_mapping_of_rules(
    errors: Errors, labels: str, refused: list[tuple[int, str]]
) -> None:
    assert errors(_with_labels(labels)) == refused


def test_alertmanager_and_prometheus_take_a_second_merge(errors: Errors) -> None:
    merged = "  <<: {group_wait: 1s}\n  <<: {group_interval: 2s}\n"
    assert errors(ALERTMANAGER.replace("receivers", merged + "receivers", 1)) == []
    merged = "  scrape_interval: 15s\n  <<: {scrape_timeout: 5s}\n"
    merged += "  <<: {evaluation_interval: 15s}\n"
    assert errors(f"global:\n{merged}rule_files: [a.yaml]\n") == []


@pytest.mark.parametrize(
    ("written", "refused"),
    [
        (r"a\/b", True),
        (r"\ud83d\ude00", True),
        (r"\\/", False),
        (r"\\ud83d", False),
        (r"\u00e9\n\"", False),
    ],
)
@pytest.mark.parametrize("name", ["file.json", "file.yaml"])
def test_escapes_of_json_that_prometheus_does_not_know(
    errors: Errors, name: str, written: str, *, refused: bool
) -> None:
    assert errors(JSON % written, name) == ([(1, "file/syntax")] if refused else [])


def test_an_escaped_slash_in_yaml(errors: Errors) -> None:
    assert errors(RULES.replace('"down"', r'"a\/b"')) == [(7, "file/syntax")]
    assert errors(RULES.replace('"down"', r'"a\\/b"')) == []
    assert errors(EXPERIMENT.replace("docker://other", r"docker:\/\/other")) == []


def test_kubernetes_reads_json_as_json(errors: Errors) -> None:
    crd = '{"kind":"PrometheusRule","apiVersion":"monitoring.coreos.com/v1","spec":%s}'
    assert errors(crd % (JSON % r"a\/b"), "file.json") == []


@pytest.mark.parametrize("half", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\ud83dx"])
def test_half_a_character_is_refused_everywhere(errors: Errors, half: str) -> None:
    assert errors(JSON % half, "file.json") == [(1, "file/syntax")]
    experiment = '{"title":"%s","description":"d","method":[]}'
    assert errors(experiment % half, "file.json") == [(1, "file/syntax")]
    assert errors(experiment % r"\ud83d\ude00", "file.json") == []


EMPTY_FIRST = "---\n# a licence\n---\n"


@pytest.mark.parametrize("text", [RULES, PROMETHEUS])
def test_what_prometheus_does_not_read_behind_an_empty_document_is_a_warning(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(EMPTY_FIRST + text)
    (told,) = check([str(path)], {}, None).problems
    assert (told.severity, told.line) == ("warning", 4)
    assert told.id.endswith("/second-document")
    path.write_text(f"# a licence\n---\n{text}---\n")
    assert check([str(path)], {}, None).problems == ()


def test_rules_behind_an_empty_document_are_none() -> None:
    assert len(rules.parse(RULES, "r.yaml")[0]) == 1
    assert rules.parse(EMPTY_FIRST + RULES, "r.yaml")[0] == ()


def test_alertmanager_and_chaos_toolkit_refuse_an_empty_document(
    errors: Errors,
) -> None:
    behind = EMPTY_FIRST + ALERTMANAGER
    assert errors(behind) == [(4, "alertmanager/second-document")]
    assert errors(ALERTMANAGER + "---\n") == []
    second = "experiment/second-document"
    assert errors(EMPTY_FIRST + EXPERIMENT) == [(1, second)]
    lines = EXPERIMENT.count("\n")
    assert errors(EXPERIMENT + "---\n") == [(lines + 1, second)]


def test_kubectl_skips_an_empty_document(errors: Errors) -> None:
    groups = "".join(f"  {line}\n" for line in RULES.splitlines())
    assert errors(EMPTY_FIRST + PROMETHEUS_RULE + groups) == []
