"""Prometheus configurations, judged as Prometheus judges them when it loads one."""

import pytest

from gameday.files.prometheus import prometheus_config

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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{action: labeldrop", "{action: labeldrop, separator: ;, target_label: ''"),
        ("{role: pod}", "{role: pod, api_server: /x}"),
    ],
)
def test_what_prometheus_loads_as_well(old: str, new: str) -> None:
    assert old in CONFIG
    assert errors(CONFIG.replace(old, new, 1)) == []


@pytest.mark.parametrize("text", [CONFIG, "", "# all defaults\n", "global:\n"])
def test_configurations_that_prometheus_loads(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scrape_timeout: 5s", "scrape_classic_histograms: true"),
        (
            "- static_configs: [{targets: ['alert",
            "- api_version: v1\n      static_configs: [{targets: ['alert",
        ),
    ],
)
def test_what_only_prometheus_2_takes_is_a_warning(old: str, new: str) -> None:
    text = CONFIG.replace(old, new, 1)
    (problem,) = prometheus_config.parse(text, "p.yaml")[1]
    assert problem.severity == "warning"
    assert "Prometheus 3" in problem.message


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
    ("action: labeldrop", "action: ", "action is empty"),
    ("source_labels: [a]", "source_labels: ['']", "expected a label's name"),
    ("scrape_timeout: 5s", "scrape_protocols: []", "at least one protocol"),
    ("action: labeldrop", "action: dropp", "'dropp' is no action"),
    ("action: labeldrop", "action: labeldrop, separator: x", "has no meaning"),
    ("{cluster: a}", "{'': a}", "'' is not a label's name"),
    ("scrape_interval: 15s", "body_size_limit: 15mb", "is not a size"),
    ("job_name: pods", "job_name: pods\n    params: {a: b}", "is not a list"),
    ("{action: labeldrop", "{action: labelmap, replacement: ''", "is empty"),
    ("url: http://x/write", "url: '::'", "is not an address"),
    (
        "scrape_timeout: 5s",
        "metric_name_validation_scheme: x",
        "expected legacy or utf8",
    ),
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
    ("role: pod, selectors: [{role: service}]", "takes no selectors of 'service'"),
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
    ("gce_sd_configs: [{project: a, zone: b}]", ""),
    ("gce_sd_configs: [{project: a, zone: b, zones: c}]", 'did you mean "zone"?'),
    ("gce_sd_configs: [{project: a}]", "zone is required"),
    ("ec2_sd_configs: [{filters: [{name: a, values: []}]}]", "values is required"),
    ("ecs_sd_configs: [{request_concurrency: 0}]", "is not more than 0"),
    ("azure_sd_configs: [{subscription_id: a}]", "tenant_id is required"),
    ("azure_sd_configs: [{subscription_id: a, authentication_method: SDK}]", ""),
    ("aws_sd_configs: [{role: s3}]", "'s3' is not known"),
    ("eureka_sd_configs: [{server: eureka}]", "is not an address"),
    ("nerve_sd_configs: [{servers: [a], paths: [b]}]", "does not begin with /"),
    ("oci_sd_configs: [{region: a, auth: instance_principal, user: b}]", "no meaning"),
    ("marathon_sd_configs: [{servers: [a], auth_token: b, basic_auth: {}}]", "both"),
    ("outscale_sd_configs: [{region: a, access_key: b}]", "secret_key or secret_key_f"),
    ("openstack_sd_configs: [{role: instance, region: a, pot: 1}]", '"port"'),
    ("vultr_sd_configs: [{authorization: {credentials: a}}]", ""),
    ("scaleway_sd_configs: [{role: instance, zone: x}]", "project_id is required"),
    ("consul_sd_configs: [{token: a, authorization: {credentials: b}}]", "both set"),
    ("gce_sd_configs: [x]", "is not a mapping"),
    ("gcs_sd_configs: [{}]", 'did you mean "gce_sd_configs"?'),
]


@pytest.mark.parametrize(("text", "reason"), OTHERS)
def test_other_discoveries(text: str, reason: str) -> None:
    messages = errors(CONFIG.replace("kubernetes_sd_configs: [{role: pod}]", text))
    assert any(reason in told for told in messages) if reason else messages == []


def test_a_timeout_is_compared_with_the_jobs_own_interval() -> None:
    text = CONFIG.replace("scrape_timeout: 5s", "scrape_interval: 3s")
    config, problems = prometheus_config.parse(text, "p.yaml")
    assert problems == []
    assert config is not None
    assert config.jobs[1] == ("pods", 3.0, 3.0)


SELECTORS = [
    ("label: 'app in (a, b),!c,d!=e'", ""),
    ("label: 'app=baér'", "is no label selector"),
    ("field: metadata.name=web", ""),
    ("field: metadata.name", "is no field selector"),
]


@pytest.mark.parametrize(("text", "reason"), SELECTORS)
def test_selectors_of_kubernetes(text: str, reason: str) -> None:
    item = f"{{role: pod, selectors: [{{role: pod, {text}}}]}}"
    messages = errors(CONFIG.replace("{role: pod}", item))
    assert any(reason in told for told in messages) if reason else messages == []


TARGETS = [
    ("'web:8000'", ""),
    ("'http://web:8000'", "is not HOST:PORT"),
    ("''", "has no address"),
    ("'x/web:8000'", "is not HOST:PORT"),
    ("'drop/web'", ""),
    ("'probe/web'", ""),
]


@pytest.mark.parametrize(("target", "reason"), TARGETS)
def test_targets_are_judged_as_they_are_relabelled(target: str, reason: str) -> None:
    rules = """
      - {source_labels: [__address__], regex: 'drop/.*', action: drop}
      - {source_labels: [__address__], regex: 'probe/(.*)',
         target_label: __param_target}
      - {source_labels: [__param_target], regex: '.+', target_label: __address__,
         replacement: 'blackbox:9115'}
"""
    text = CONFIG.replace("'web:8000'", target)
    text = text.replace("    relabel_configs:\n", "    relabel_configs:" + rules)
    messages = errors(text)
    assert any(reason in told for told in messages) if reason else messages == []


REMOTE = [
    ("sigv4: {region: a}", ""),
    ("sigv4: {access_key: a}", "one of them is missing"),
    ("sigv4: {}, basic_auth: {username: a}", "both set"),
    ("azuread: {}", "none is set"),
    ("azuread: {oauth: {client_id: a, client_secret: b, tenant_id: c}}", "no UUID"),
    ("headers: {Host: a}", "Prometheus sets itself"),
    ("headers: {Authorization: a}", "write authorization"),
    ("protobuf_message: x", "'x' is not known"),
    ("queue_config: {min_shards: 60}", "is more than max_shards"),
    ("queue_config: {max_backoff: 1ms}", "is less than min_backoff"),
    ("queue_config: {max_shards: 0}", "is not more than 0"),
    ("queue_config: {shards: 1}", "is an unknown key"),
    ("send_exemplars: 'true'", "without quotes"),
    ("send_exemplars: Yes", ""),
]


@pytest.mark.parametrize(("text", "reason"), REMOTE)
def test_remote_write(text: str, reason: str) -> None:
    messages = errors(f"remote_write: [{{url: http://x, {text}}}]\nrule_files: []\n")
    assert any(reason in told for told in messages) if reason else messages == []


SECTIONS = [
    ("remote_read: [{url: x, name: a}, {url: y, name: a}]", "used twice"),
    ("remote_read: [{url: x, read_recnt: true}]", 'did you mean "read_recent"?'),
    ("remote_read: [{name: a}]", "url is required"),
    ("otlp: {promote_resource_attributes: [a, a]}", "is there twice"),
    ("otlp: {ignore_resource_attributes: [a]}", "needs promote_all"),
    ("tracing: {endpoint: a, compression: zstd}", "'zstd' is not known"),
    (
        (
            "global: {metric_name_validation_scheme: legacy, "
            "metric_name_escaping_scheme: allow-utf-8}\nscrape_configs: [{job_name: a}]"
        ),
        "needs metric_name_validation_scheme: utf8",
    ),
    (
        (
            "global: {metric_name_validation_scheme: legacy}\n"
            "otlp: {translation_strategy: NoTranslation}"
        ),
        "needs metric_name_validation_scheme: utf8",
    ),
    ("rule_files: [null]", ""),
]


@pytest.mark.parametrize(("text", "reason"), SECTIONS)
def test_other_sections(text: str, reason: str) -> None:
    messages = errors(text + "\n")
    assert any(reason in told for told in messages) if reason else messages == []


def test_an_alertmanager_without_an_address_is_a_warning() -> None:
    text = "alerting: {alertmanagers: [{static_configs: [{targets: ['']}]}]}"
    problems = prometheus_config.parse(text, "p.yaml")[1]
    assert [problem.severity for problem in problems] == ["warning"]
    assert "has no address" in problems[0].message


def test_an_empty_url_is_a_warning() -> None:
    for section in ("remote_write", "remote_read"):
        text = f"{section}: [{{url: ''}}]"
        problems = prometheus_config.parse(text, "p.yaml")[1]
        assert [problem.severity for problem in problems] == ["warning"]
        assert errors(f"{section}: [{{name: a}}]") != []


def test_a_bearer_token_is_a_way_of_authentication() -> None:
    text = "remote_write: [{url: http://x, bearer_token: a, google_iam: {}}]"
    assert any("are both set" in told for told in errors(text))


def test_an_interval_of_nothing_is_the_default() -> None:
    text = "global: {scrape_interval: 0s, scrape_timeout: 20s}\n"
    text += "scrape_configs: [{job_name: a, scrape_interval: 0s, scrape_timeout: 0s}]"
    config, problems = prometheus_config.parse(text, "p.yaml")
    assert problems == []
    assert config is not None
    assert (config.scrape_interval, config.jobs) == (60.0, (("a", 60.0, 20.0),))
