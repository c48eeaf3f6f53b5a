"""A small, complete set of files that other tests break in one place."""

from pathlib import Path

from gameday.errors import Problem
from gameday.files.scenario.load import read_scenario
from gameday.files.slo import slo
from gameday.model.slos.slo import Slo

SCENARIO = """\
apiVersion: gameday/v1
kind: Scenario
metadata:
  name: survives
  owner: payments
  labels: {tier: "1"}
target:
  docker: {project: shop}
observe:
  prometheus: http://127.0.0.1:9090
  alertmanager: http://127.0.0.1:9093
  pages: {listen: "0.0.0.0:9099"}
  files: {rules: [../rules.yaml], prometheus: ../prom.yaml, alertmanager: ../am.yaml}
slos: [../slos/checkout.yaml, ../slos/latency.yaml]
load:
  url: http://127.0.0.1:8080/checkout
  rate: 50/s
guardrails:
  - {slo: checkout-availability, stop_when: {budget_spent: 5%}}
  - {promql: 'sum(rate(http_requests_total[10s])) < 1', for: 5s}
blast_radius: {at_most: 1, share: 34%}
steps:
  - name: lose-a-replica
    experiment: ../experiments/stop.yaml
    with: {service: web, count: 1}
    hold: 45s
    expect:
      alerts:
        - alert: WebReplicaDown
          labels: {severity: page}
          fires_within: 30s
          reaches: oncall
          pages_within: 45s
          resets_within: 90s
          page_resolves_within: 120s
      no_other_alerts: true
      steady_state: holds
      slos:
        - {slo: checkout-availability, spends_at_most: 2%}
      heals_within: 20s
      recovers_within: 60s
"""
EXPERIMENT = """\
title: One web replica is gone
description: The load balancer takes it out and nobody notices.
tags: [web, capacity]
runtime: {rollbacks: {strategy: always}}
configuration:
  target: {type: env, key: GAMEDAY_TARGET, default: "docker://other"}
  service: api
  count: 2
steady-state-hypothesis:
  title: it answers
  probes:
    - type: probe
      name: answers
      tolerance: 200
      provider: {type: http, url: "http://127.0.0.1:8080/", timeout: 2}
method:
  - type: action
    name: stop a replica
    provider:
      type: python
      module: gameday.faults.process
      func: stop
      arguments: {service: "${service}", count: "${count}"}
rollbacks:
  - type: action
    name: undo
    provider: {type: python, module: gameday.faults, func: undo}
"""
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout-availability}
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: answered}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec: {query: 'http_requests_total{code!~"5.."}'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'sum(rate(http_requests_total[5m]))'}
  objectives: [{displayName: Good, target: 0.999}]
"""
SLOTH = """\
version: prometheus/v1
service: checkout
slos:
  - name: latency
    objective: 99.97
    sli:
      events:
        error_query: |
          sum(rate(seconds_count{job="web"}[{{.window}}]))
          - sum(rate(seconds_bucket{job="web", le="0.2"}[{{ .window }}]))
        total_query: sum(rate(seconds_count{job="web"}[{{.window}}]))
    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
"""
PYRRA = """\
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
THRESHOLD = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: queue-is-short}
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: length}
    spec:
      thresholdMetric:
        metricSource: {type: Prometheus, spec: {query: 'queue_length{job="web"}'}}
  objectives: [{op: lte, value: 10, target: 0.99}]
"""
RULES = """\
groups:
  - name: shop
    interval: 1s
    rules:
      - alert: WebReplicaDown
        expr: up{job="web"} == 0
        for: 5s
        labels: {severity: page}
        annotations: {summary: "{{ $labels.instance }} is down"}
      - record: job:up:sum
        expr: sum by (job) (up)
"""
PROMETHEUS = """\
global: {scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: web
    scrape_interval: 2s
"""
ALERTMANAGER = """\
route:
  receiver: team
  group_wait: 1s
  group_interval: 5s
  routes:
    - receiver: oncall
      matchers: [severity="page"]
receivers:
  - name: team
    webhook_configs: [{url: "http://127.0.0.1:9099/webhook/team"}]
  - name: oncall
    pagerduty_configs: [{routing_key: x}]
"""
FILES = {
    "scenarios/s.yaml": SCENARIO,
    "experiments/stop.yaml": EXPERIMENT,
    "slos/checkout.yaml": OPENSLO,
    "slos/latency.yaml": SLOTH,
    "rules.yaml": RULES,
    "prom.yaml": PROMETHEUS,
    "am.yaml": ALERTMANAGER,
}


class Shop:
    """The files in a folder; `broken` replaces a piece of one and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scenario = folder / "scenarios/s.yaml"
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        """Write a file; return its path."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def change(self, old: str, new: str, name: str = "scenarios/s.yaml") -> None:
        """Replace a piece of a file that has it."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def said(self, env: dict[str, str] | None = None) -> list[str]:
        """Return the problems of the scenario, paths relative to the folder."""
        return self.told(read_scenario(str(self.scenario), env or {})[1])

    def told(self, problems: list[Problem]) -> list[str]:
        """Return problems as they are shown, paths relative to the folder."""
        return [str(problem).removeprefix(f"{self.folder}/") for problem in problems]


def pyrra_slo(indicator: str, old: str, new: str) -> Slo:
    """Return Pyrra's SLO with another indicator, and something in place of old."""
    start = PYRRA.index("    ratio:")
    text = f"{PYRRA[:start]}    {indicator}\n".replace(old, new)
    (parsed,), problems = slo.parse(text, "p.yaml")
    assert problems == []
    return parsed
