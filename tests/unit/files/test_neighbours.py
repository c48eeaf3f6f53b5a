"""Files beside ours: recognised by content, named, and passed over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gameday.files.check import CheckOptions, CheckResult, check

Write = Callable[[str, str], Path]

NEIGHBOURS = {
    "promtool test file": """\
rule_files: [alerts.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: up, values: '0x10'}]
""",
    "Promtail configuration": """\
clients: [{url: "http://loki:3100/loki/api/v1/push"}]
scrape_configs: [{job_name: system}]
""",
    "Loki rule file": """\
groups:
  - name: logs
    rules:
      - alert: ManyErrors
        expr: sum(rate({app="shop"} |= "error" [5m])) > 10
      - alert: NoLogs
        expr: absent_over_time({app="shop"}[10m])
""",
    "Prometheus 1 rule file": """\
# paged at night
ALERT WebDown
  IF up{job="web"} == 0
  FOR 5m
  LABELS { severity = "page" }
  ANNOTATIONS { summary = "{{ $labels.instance }} is down" }
""",
    "vmalert rule file": """\
groups:
  - name: shop
    concurrency: 2
    rules: [{alert: Down, expr: "up == 0"}]
""",
    "vmagent configuration": """\
global: {scrape_interval: 1m}
scrape_configs: [{job_name: web, stream_parse: true}]
""",
    "Grafana-provisioned rule file": """\
apiVersion: 1
groups:
  - {orgId: 1, name: shop, folder: Shop, rules: [{uid: a, title: A, data: []}]}
""",
    "Grafana provisioning file": """\
apiVersion: 1
policies: [{orgId: 1, receiver: team}]
""",
    "Chaos Toolkit journal": """\
{"chaoslib-version": "1.44.0", "experiment": {"title": "t", "method": []},
 "steady_states": {}, "run": [], "rollbacks": []}
""",
    "slo-generator file": """\
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
spec: {service: a}
""",
    "Sloth file with plugins": """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: a}
spec:
  service: a
  slos: [{name: ab, objective: 99, sli: {plugin: {id: mine}}}]
""",
    "AlertmanagerConfig": """\
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
spec: {route: {receiver: a}, receivers: [{name: a}]}
""",
    "ServiceMonitor": """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
spec: {endpoints: []}
""",
    "compose file": """\
services:
  web: {image: nginx}
""",
    "kubernetes-event-exporter configuration": """\
route: {routes: [{match: [{receiver: dump}]}]}
receivers: [{name: dump, file: {path: /dev/stdout}}]
""",
    "OpenTelemetry Collector configuration": """\
receivers: {otlp: {}}
exporters: {otlp: {}}
service: {pipelines: {}}
""",
    "ConfigMap with alerting files": """\
apiVersion: v1
kind: ConfigMap
data:
  rules.yml: |
    groups:
      - name: shop
        rules: [{alert: ShopDown, expr: up == 0}]
  more.yml: |
    groups:
      - name: more
        rules:
          - alert: ShopDown
            expr: up ==
""",
    "Secret with alerting files": """\
apiVersion: v1
kind: Secret
stringData:
  alertmanager.yaml: |-
    "route": {"receiver": "a"}
    "receivers":
    - "name": "a"
      "webhook_configs": [{"url": "http://a"}]
""",
    "Managed Prometheus rule file": """\
apiVersion: monitoring.googleapis.com/v1
kind: ClusterRules
spec: {groups: [{name: a, rules: [{alert: A, expr: up == 0}]}]}
""",
    "Kubernetes manifest": "apiVersion: v1\nkind: Service\n",
    "Grafana dashboard": '{"panels": [], "schemaVersion": 39, "title": "Shop"}',
    "Helm template": """\
{{- if .Values.alerts.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec: {groups: []}
{{- end }}
""",
    "Jinja template": """\
groups:
{% for team in teams %}
  - name: {{ team }}
{% endfor %}
""",
}


# Whoever knows one key of ours only is of another kind, and has no name here.
OF_OTHERS = {
    "gate-policy": "apiVersion: loop.dev/v1\nkind: GatePolicy\nspec: {rules: []}\n",
    "gate-policy-without-version": """\
schema_version: 1
kind: GatePolicy
metadata: {id: refunds}
decision: {critical_failure: block}
""",
    "objectives-of-a-team": """\
service: checkout
tier: 1
slos:
  - {name: availability, sli: success_rate, target: 99.9, window: 30d}
""",
    "groups-of-rights": """\
groups:
  - name: admins
    rules: [{apiGroups: [""], resources: [pods]}]
""",
    "groups-beside-other-keys": """\
prometheusRule: {enabled: true}
groups: [{name: shop, rules: []}]
""",
    "groups-of-words": '{"extends": ["a"], "groups": [{"name": "b", "rules": ["c"]}]}',
    "steps-of-a-pipeline": """\
methods: [{type: docker, provider: aws}, {name: b}]
scraper_config: [{job: a}]
group: [{name: a, rules: [{match: b}]}]
""",
    "routes-of-a-proxy": """\
route:
  routes: [{path: /a, backend: b}]
""",
}
OF_OURS_BUT_BROKEN = {
    "gate.yaml:2 gate/unknown-key": "kind: GatePolicy\nproofs: {}\nslos: []\n",
    "slo.yaml:1 slo/version": """\
service: checkout
slos:
  - name: availability
    objective: 99.9
    sli: {events: {error_query: "a[{{.window}}]", total_query: "b[{{.window}}]"}}
""",
    "rules.yaml:1 rules/wrong-type": "groups: [{name: shop, rules: up == 0}]\n",
    "items.yaml:1 rules/wrong-type": "groups: [{name: shop, rules: [up]}]\n",
    "group.yaml:1 rules/unknown-key": """\
group: [{name: a, rules: [{alert: A, expr: up}]}]
""",
    "prometheus.yml:1 prometheus/unknown-key": "scrape_config: [{job_name: a}]\n",
    "chaos.json:1 experiment/missing-key": """\
{"title": "a", "description": "b", "configuration": {}, "methods": [
 {"type": "action", "name": "c", "provider": {"type": "process", "path": "true"}}]}
""",
    "am.yaml:1 alertmanager/missing-key": "route: {routes: [{receiver: a}]}\n",
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def _told(result: CheckResult) -> list[str]:
    return [
        f"{Path(problem.path).name}:{problem.line} {problem.id}"
        for problem in result.problems
    ]


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour_is_passed_over_in_a_folder(
    name: str, write: Write, tmp_path: Path
) -> None:
    path = write("a/file.yaml", NEIGHBOURS[name])
    result = check([str(tmp_path)], {}, None)
    assert result.problems == ()
    assert result.files == ()
    assert result.passed == ((str(path), name),)


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour_that_is_named_is_refused_by_its_name(
    name: str, write: Write
) -> None:
    path = write("file.yaml", NEIGHBOURS[name])
    problems = check([str(path)], {}, None).problems
    assert any(reported.severity == "error" for reported in problems)
    if "plugins" not in name:  # SLOs are told what of them cannot be read
        (problem,) = problems
        assert f" {name}, which gameday does not read" in problem.message


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour_that_is_named_may_be_passed_over(name: str, write: Write) -> None:
    path = write("file.yaml", NEIGHBOURS[name])
    result = check([str(path)], {}, None, CheckOptions(pass_over=True))
    assert result.problems == ()
    assert result.passed == ((str(path), name),)


def test_of_several_neighbours_in_a_file_the_most_telling_is_named(
    write: Write, tmp_path: Path
) -> None:
    text = "---\n".join(
        NEIGHBOURS[name]
        for name in ("Kubernetes manifest", "ConfigMap with alerting files")
    )
    path = write("file.yaml", text)
    result = check([str(tmp_path)], {}, None)
    assert result.passed == ((str(path), "ConfigMap with alerting files"),)


@pytest.mark.parametrize("name", OF_OTHERS)
def test_who_shares_a_key_with_ours_is_of_another_kind(
    name: str, write: Write, tmp_path: Path
) -> None:
    path = write("file.yaml", OF_OTHERS[name])
    result = check([str(tmp_path)], {}, None)
    assert result.problems == ()
    assert [passed for passed, _ in result.passed] == [str(path)]


@pytest.mark.parametrize("told", OF_OURS_BUT_BROKEN)
def test_what_is_ours_but_broken_is_of_no_other_kind(
    told: str, write: Write, tmp_path: Path
) -> None:
    write(told.split(":", 1)[0], OF_OURS_BUT_BROKEN[told])
    assert told in _told(check([str(tmp_path)], {}, None))


PLUGIN_BESIDE_OTHERS = """\
version: prometheus/v1
service: shop
slos:
  - name: by-hand
    objective: 99
    sli:
      events:
        error_query: sum(rate(errors_total[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
  - name: by-plugin
    objective: 99
    plugins: {chain: [{id: sloth.dev/contrib/info_labels/v1}]}
    sli:
      events:
        error_query: sum(rate(errors_total[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
"""


def test_a_plugin_is_a_warning_in_a_folder_and_refused_by_name(
    write: Write, tmp_path: Path
) -> None:
    path = write("slo.yaml", PLUGIN_BESIDE_OTHERS)
    (passing,) = check([str(tmp_path)], {}, None).problems
    (named,) = check([str(path)], {}, None).problems
    assert (passing.id, passing.severity) == ("slo/plugin", "warning")
    assert (named.id, named.severity) == ("slo/plugin", "error")


LOGS_AND_THEIR_SUMS = """\
groups:
  - name: logs
    rules:
      - record: logs:timeouts:count5m
        expr: sum(count_over_time({app="shop"} |~ "timed out" [5m]))
      - record: logs:errors:count5m
        expr: sum(count_over_time({app="shop"} |= "error" [5m]))
      - record: logs:errors:avg1h
        expr: avg_over_time(logs:errors:count5m[1h])
"""
METRICSQL = [
    "increase_pure(errors_total[5m]) > 0",
    "sum(rate(errors_total[5m])) default 0 > 1",
    "rate(errors_total[5m]) keep_metric_names > 1",
    'WITH (web = {job="web"}) up{web} == 0',
    "topk_avg(3, sum by (pod) (up))",
    "sum(up) if (sum(requests) > 5)",
    "errors_total default 0",
    "(1 - histogram_share(0.2, sum by (vmrange) (rate(seconds_bucket[5m])))) > 0.1",
]
# What a person who writes for Prometheus may hope for is a mistake, and no MetricsQL.
PROMQL_OR_MISTAKE = [
    "median_over_time(up[5m]) > 0",
    "now() - up > 5",
    'up{job="keep_metric_names"} == "increase_pure(a)"',
    "if > 0",
    "up unless default",
]


def _alert(expr: str) -> str:
    return _group(f"[{{alert: A, expr: {expr!r}}}]")


def _group(rules: str) -> str:
    return f"groups:\n  - name: shop\n    rules: {rules}\n"


@pytest.mark.parametrize("expr", METRICSQL)
def test_rules_in_metricsql_are_vmalerts(
    expr: str, write: Write, tmp_path: Path
) -> None:
    path = write("rules.yaml", _alert(expr))
    result = check([str(tmp_path)], {}, None)
    assert result.problems == ()
    assert result.passed == ((str(path), "vmalert rule file"),)


@pytest.mark.parametrize("expr", PROMQL_OR_MISTAKE)
def test_what_may_be_a_mistake_in_promql_is_judged(
    expr: str, write: Write, tmp_path: Path
) -> None:
    write("rules.yaml", _alert(expr))
    assert check([str(tmp_path)], {}, None).counts == {"rules": 1}


@pytest.mark.parametrize(
    "expr",
    [
        'replicas{namespace="shop"} != replicas_available{namespace="shop"}',
        'version{job="a"} != on (job) version{job="b"}',
        'up{job="a"} != 1',
    ],
)
def test_metrics_that_are_compared_are_no_filtered_logs(
    expr: str, write: Write, tmp_path: Path
) -> None:
    write("rules.yaml", _alert(expr))
    assert check([str(tmp_path)], {}, None).counts == {"rules": 1}


@pytest.mark.parametrize("filtered", ['!= "a"', "!~ `a`", '|= "a"', '!= ip("::1")'])
def test_logs_that_are_filtered_are_lokis(
    filtered: str, write: Write, tmp_path: Path
) -> None:
    path = write("rules.yaml", _alert(f'rate({{app="shop"}} {filtered} [5m]) > 1'))
    result = check([str(tmp_path)], {}, None)
    assert result.passed == ((str(path), "Loki rule file"),)


@pytest.mark.parametrize("form", ["plain", "PrometheusRule"])
def test_rules_that_are_mostly_logql_are_lokis(
    form: str, write: Write, tmp_path: Path
) -> None:
    text = LOGS_AND_THEIR_SUMS if form == "plain" else _crd(LOGS_AND_THEIR_SUMS)
    path = write("rules.yaml", text)
    result = check([str(tmp_path)], {}, None)
    assert result.problems == ()
    assert result.passed == ((str(path), "Loki rule file"),)


def test_a_rule_in_logql_among_rules_of_prometheus_is_a_mistake(
    write: Write, tmp_path: Path
) -> None:
    text = LOGS_AND_THEIR_SUMS.replace("|~", "").replace('"timed out"', "")
    write("rules.yaml", text)
    assert _told(check([str(tmp_path)], {}, None)) == [
        "rules.yaml:7 rules/promql-syntax"
    ]


RULE = """\
groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: up{job="shop"} == 0
        labels: {severity: page}
        annotations:
          summary: "{{ $labels.job }} is down: {{ .Value }}"
          description: |
            {{ range query "up" }}
            {{ .Labels.instance }}{{ end }}
"""
OF_OURS = [
    RULE,
    "# use {{ .Values.job }} in the chart\n" + RULE,
    RULE.replace("== 0", '== 0 and on() count_over_time(m{a="} |= x"}[5m])'),
    RULE.replace("up{", "sum(rate({__name__='a'}[5m])) or up{"),
]


@pytest.mark.parametrize("text", OF_OURS)
def test_prometheus_rules_are_no_neighbour(text: str, write: Write) -> None:
    result = check([str(write("rules.yaml", text))], {}, None)
    assert result.problems == ()
    assert [kind for _, kind in result.files] == ["rules"]


def test_a_broken_rule_is_not_taken_for_a_template(
    write: Write, tmp_path: Path
) -> None:
    write("rules.yaml", RULE.replace("expr: up", "expr: [up"))
    assert _told(check([str(tmp_path)], {}, None)) == ["rules.yaml:5 file/syntax"]


BROKEN = RULE.replace('up{job="shop"}', 'sum(up{job="shop"}')
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, name: twice}\n"


def _crd(text: str) -> str:
    spec = "".join(f"  {line}\n" for line in text.splitlines())
    return f"kind: PrometheusRule\nmetadata: {{name: a}}\nspec:\n{spec}"


def _list(*texts: str) -> str:
    items = ""
    for text in texts:
        first, *rest = text.splitlines()
        items += f"  - {first}\n" + "".join(f"    {line}\n" for line in rest)
    return f"apiVersion: v1\nkind: List\nitems:\n{items}"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("second.yaml", f"{NAMESPACE}---\n{_crd(BROKEN)}", 12),
        ("third.yaml", f"{NAMESPACE}---\n{NAMESPACE}---\n{_crd(BROKEN)}", 16),
        ("list.yaml", _list(NAMESPACE, _crd(BROKEN)), 14),
        ("alert.rules", BROKEN, 5),
        ("scalar.yaml", f"hello\n---\n{_crd(BROKEN)}", 10),
        ("both.yaml", f"{_crd(RULE)}---\n{_crd(BROKEN)}", 23),
    ],
)
def test_every_document_tells_its_kind(
    name: str, text: str, line: int, write: Write, tmp_path: Path
) -> None:
    write(name, text)
    result = check([str(tmp_path)], {}, None)
    assert _told(result) == [f"{name}:{line} rules/promql-syntax"]
    assert result.counts == {"rules": 1}


@pytest.mark.parametrize(
    "text",
    [
        f"{NAMESPACE}---\n{_crd(RULE)}",
        f"{_crd(RULE)}---\n{NAMESPACE}",
        _list(NAMESPACE, _crd(RULE), _crd(RULE.replace("name: shop", "name: b"))),
        _list(),
    ],
)
def test_documents_of_others_beside_ours_are_not_judged(
    text: str, write: Write, tmp_path: Path
) -> None:
    write("file.yaml", text)
    assert _told(check([str(tmp_path)], {}, None)) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{_crd(RULE)}---\na: [\n",
        "hello\n---\nkind: PrometheusRule\nspec: [\n",
        "hello\n---\ngroups:\n  - {name: a, rules: [{alert: A, expr: up]\n",
        "groups:\n  - name: a\n   rules: []\n",
    ],
)
def test_a_syntax_error_is_a_problem_where_a_known_kind_shows(
    text: str, write: Write, tmp_path: Path
) -> None:
    write("file.yaml", text)
    (problem,) = check([str(tmp_path)], {}, None).problems
    assert problem.id == "file/syntax"


def test_a_file_ending_in_rules_was_meant_to_be_rules(
    write: Write, tmp_path: Path
) -> None:
    write("alert.rules", "- [\n")
    assert _told(check([str(tmp_path)], {}, None)) == ["alert.rules:2 file/syntax"]


def test_a_syntax_error_of_somebody_else_is_counted(
    write: Write, tmp_path: Path
) -> None:
    write("a.yaml", "hello: [\n")
    write("b.json", '{"a": 1,}')
    result = check([str(tmp_path)], {}, None)
    assert result.problems == ()
    assert [what for _, what in result.passed] == ["unreadable file"] * 2


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_rule_file_in_another_encoding_is_a_problem(
    tmp_path: Path, encoding: str
) -> None:
    text = RULE.replace("is down", "est arr\u00eat\u00e9")
    (tmp_path / "a.yaml").write_bytes(text.encode(encoding))
    (tmp_path / "b.yaml").write_bytes("name: caf\u00e9\n".encode(encoding))
    result = check([str(tmp_path)], {}, None)
    assert [Path(problem.path).name for problem in result.problems] == ["a.yaml"]
    assert result.problems[0].id == "file/not-text"


def test_an_experiment_behind_another_document_is_told_so(
    write: Write, tmp_path: Path
) -> None:
    text = "title: a\ndescription: b\nmethod: []\n"
    write("a.yaml", f"{NAMESPACE}---\n{text}")
    assert _told(check([str(tmp_path)], {}, None)) == [
        "a.yaml:5 experiment/second-document"
    ]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("receivers: [{name: a, provider: sms}]\n", []),
        ("receivers: [{name: a, project: b}]\ndefaults: {}\n", []),
        ("receivers: [{name: a, webhook_config: []}]\n", ["alertmanager"]),
        ("receivers: [{name: a}]\n", ["alertmanager"]),
        ("receivers: [{name: a, provider: b}]\nroute: null\n", ["alertmanager"]),
        ("namespace: a\ngroups: []\n", ["rules"]),
        ("groups: [null]\n", ["rules"]),
    ],
)
def test_receivers_of_other_programs_are_no_alertmanager(
    write: Write, tmp_path: Path, text: str, kinds: list[str]
) -> None:
    write("a.yaml", text)
    result = check([str(tmp_path)], {}, None)
    assert [kind for _, kind in result.files] == kinds


@pytest.mark.parametrize(
    ("summary", "passed"),
    [("{{ `a\\b` }}", []), ("{{ `{{ $value }}` }}", ["Helm template"])],
)
def test_only_what_escapes_braces_is_a_helm_template(
    write: Write, tmp_path: Path, summary: str, passed: list[str]
) -> None:
    write("a.yaml", RULE.replace("is down", summary))
    result = check([str(tmp_path)], {}, None)
    assert ([what for _, what in result.passed], result.problems) == (passed, ())


def test_a_promtool_test_file_without_tests_is_one(write: Write) -> None:
    text = "rule_files: [a.yml]\nevaluation_interval: 1m\ntests:\n"
    path = write("a/file.yaml", text)
    passed = check([str(path.parent)], {}, None).passed
    assert passed == ((str(path), "promtool test file"),)


@pytest.mark.parametrize("kind", ['""', '" "', "7", "[]"])
def test_an_operators_object_without_a_name_of_its_kind_is_of_no_known_kind(
    kind: str, write: Write
) -> None:
    path = write("a.yaml", f"apiVersion: monitoring.coreos.com/v1\nkind: {kind}\n")
    (problem,) = check([str(path)], {}, None).problems
    assert problem.severity == "error"


@pytest.mark.parametrize(
    "text",
    [
        "ALERT WebDown\n  IF up == 0\n",
        "\n# c\n\n  ALERT WebDown IF up == 0 FOR 5m\n",
        "job:up:sum = sum(up) by (job)\n\nALERT A\n  IF job:up:sum == 0\n",
        'up_total{job="web"} = sum(up)\n',
    ],
)
@pytest.mark.parametrize("name", ["old.rules", "old.yml"])
def test_rules_from_before_prometheus_2_are_told_by_their_content(
    text: str, name: str, write: Write
) -> None:
    path = write(name, text)
    result = check([str(path.parent)], {}, None)
    assert result.problems == ()
    assert result.passed == ((str(path), "Prometheus 1 rule file"),)
    (told,) = check([str(path)], {}, None).problems
    assert told.id == "file/neighbour"
    assert "is a Prometheus 1 rule file" in told.message
    assert "write the rules as YAML" in told.message


@pytest.mark.parametrize(
    "text",
    [
        "groups:\n- name: g\n  rules:\n  - {alert: ALERT, expr: a IF b}\n",
        "ALERT: x\ngroups: [\n",
        'KERNEL=="sda", ACTION=="add"\n',
        "name = value\n",
        "data:\n  old.rules: |\n    ALERT A\n      IF up == 0\n",
    ],
)
def test_what_is_no_rule_of_prometheus_1(text: str, write: Write) -> None:
    path = write("a.rules", text)
    result = check([str(path.parent)], {}, None)
    assert "Prometheus 1 rule file" not in {name for _, name in result.passed}
