"""Prometheus configurations, judged as Prometheus judges them when it loads one."""

import pytest

from gameday.files import prometheus_config

CONFIG = """\
global:
  scrape_interval: 15s
  external_labels: {cluster: a}
rule_files: [rules/*.yaml]
alerting:
  alertmanagers:
    - static_configs: [{targets: ['alertmanager:9093']}]
scrape_configs:
  - job_name: web
    static_configs: [{targets: ['web:8000'], labels: {a: b}}]
    relabel_configs:
      - {source_labels: [a], regex: '(.+)', target_label: c}
      - {action: labeldrop, regex: 'x.*'}
  - job_name: pods
    scrape_timeout: 5s
    kubernetes_sd_configs: [{role: pod}]
    authorization: {credentials_file: /x}
remote_write:
  - url: http://x/write
    queue_config: {capacity: 10}
"""


def errors(text: str) -> list[str]:
    problems = prometheus_config.parse(text, "p.yaml")[1]
    return [str(problem) for problem in problems if problem.severity == "error"]


@pytest.mark.parametrize("text", [CONFIG, "", "# all defaults\n", "global:\n"])
def test_configurations_that_prometheus_loads(text: str) -> None:
    assert errors(text) == []


MISTAKES = [
    ("rule_files:", "rule_file:", 'did you mean "rule_files"?'),
    ("scrape_interval: 15s", "scrap_interval: 15s", 'did you mean "scrape_interval"?'),
    ("job_name: pods", "job_name: web", "job_name 'web' is used twice"),
    ("job_name: pods", "metrics_path: /x", "job_name is required"),
    ("scrape_timeout: 5s", "scrape_timeout: 20s", "is longer than scrape_interval"),
    ("scrape_timeout: 5s", "scrape_timeout: 5", "'5' is not a duration"),
    ("kubernetes_sd_configs", "kubernetes_sd_config", "is an unknown key"),
    ("regex: '(.+)'", "regex: '(.+'", "is no regular expression of RE2"),
    ("target_label: c", "replacement: c", "target_label is required for replace"),
    ("action: labeldrop", "action: dropp", "'dropp' is no action"),
    ("action: labeldrop", "action: labeldrop, separator: x", "has no meaning"),
    ("web:8000'], labels: {a: b}", "web:8000'], label: {a: b}", "unknown key"),
    ("alertmanager:9093", "http://alertmanager:9093/", "is not HOST:PORT"),
    ("{credentials_file: /x}", "{type: Basic}", "write basic_auth"),
    (
        "job_name: pods",
        "job_name: pods\n    scrape_protocols: [PrometheusProto, PrometheusProto]",
        "'PrometheusProto' is there twice",
    ),
    ("rule_files:", "otlp: {translation_strategy: None}\nrule_files:", "not known"),
    (
        "rule_files:",
        "storage: {tsdb: {retention: {percentage: 101}}}\nrule_files:",
        "is not at least 0 and at most 100",
    ),
    ("capacity: 10", "capacity: ten", "is not a whole number"),
    ("url: http://x/write", "name: x", "url is required"),
]


@pytest.mark.parametrize(("old", "new", "reason"), MISTAKES)
def test_mistakes(old: str, new: str, reason: str) -> None:
    assert old in CONFIG
    (told,) = errors(CONFIG.replace(old, new, 1))
    assert reason in told


DISCOVERY = [
    ("role: pod, whatever: 1", "'whatever' is an unknown key"),
    ("role: pods", "'pods' is not known"),
    ("{role: pod, tls_config: {}}", "tls_config needs an api_server"),
    ("role: pod, selectors: [{role: service}]", "takes no selectors of service"),
]


@pytest.mark.parametrize(("text", "reason"), DISCOVERY)
def test_discovery_in_kubernetes(text: str, reason: str) -> None:
    item = text if text.startswith("{") else f"{{{text}}}"
    (told,) = errors(CONFIG.replace("{role: pod}", item))
    assert reason in told


OTHERS = [
    ("file_sd_configs: [{files: [targets/*.json]}]", ""),
    ("file_sd_configs: [{files: [targets/*]}]", "is no path of a YAML or JSON file"),
    ("dns_sd_configs: [{names: [a], type: A}]", "port is required for A records"),
    ("dns_sd_configs: [{names: [a], type: A, port: 80}]", ""),
    ("http_sd_configs: [{url: x}]", "is not an address"),
    ("consul_sd_configs: [{server: a, tag: [b]}]", 'did you mean "tags"?'),
    ("gce_sd_configs: [{whatever: 1}]", ""),
    ("gce_sd_configs: [x]", "is not a mapping"),
    ("gcs_sd_configs: [{}]", 'did you mean "gce_sd_configs"?'),
]


@pytest.mark.parametrize(("text", "reason"), OTHERS)
def test_other_discoveries(text: str, reason: str) -> None:
    found = errors(CONFIG.replace("kubernetes_sd_configs: [{role: pod}]", text))
    assert any(reason in told for told in found) if reason else found == []


def test_a_timeout_is_compared_with_the_jobs_own_interval() -> None:
    text = CONFIG.replace("scrape_timeout: 5s", "scrape_interval: 3s")
    config, problems = prometheus_config.parse(text, "p.yaml")
    assert problems == []
    assert config is not None
    assert config.jobs[1] == ("pods", 3.0, 3.0)
