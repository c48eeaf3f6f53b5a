"""`plan` reads what runs as `check` reads files: the same lint of the same system."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.app.observing.survey import monitoring_of_files, survey
from gameday.clock import SystemClock
from gameday.model.experiment import Experiment
from gameday.model.plan import Timing
from gameday.model.scenario import (
    AlertPromise,
    Endpoint,
    Expect,
    Observe,
    ObservedFiles,
    Scenario,
    Step,
)
from gameday.model.target import TargetRef
from gameday.plans.timing import timings
from tests.unit.observers.fake import Asked, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

RULES = """
groups:
  - name: slo
    interval: 30s
    rules:
      - {record: "job:errors:rate5m", expr: 'rate(errors{job="web"}[5m])'}
  - name: alerts
    interval: 5s
    rules:
      - alert: Errors
        expr: job:errors:rate5m > 1
        for: 12s
        labels: {severity: page}
      - alert: Down
        expr: sum by (job) (up{job="web"}) == 0
        labels: {severity: page}
      - {alert: Slow, expr: 'up{job="batch"} == 0', labels: {severity: page}}
      - {alert: Dropped, expr: "sum(up) == 0", labels: {severity: none}}
      - {alert: Muted, expr: "sum(up) == 0", labels: {severity: night}}
      - {alert: Watchdog, expr: "vector(1)", labels: {severity: none}}
      - {alert: Inhibited, expr: "sum(up) == 0", labels: {severity: page}}
"""
PROMETHEUS = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
  rule_query_offset: 3s
  external_labels: {cluster: prod}
scrape_configs:
  - {job_name: web}
  - {job_name: batch, scrape_interval: 5m, scrape_timeout: 10s}
alerting:
  alert_relabel_configs:
    - {source_labels: [alertname], regex: Dropped, action: drop}
"""
ALERTMANAGER = """
route:
  receiver: team
  group_wait: 1s
  group_interval: 5s
  routes:
    - receiver: oncall
      matchers: ['severity="page"', 'cluster=~"[[:alpha:]]+"']
    - {receiver: oncall, matchers: [severity="night"], mute_time_intervals: [always]}
time_intervals:
  - {name: always, time_intervals: [{}]}
inhibit_rules:
  - {source_matchers: [alertname=Watchdog], target_matchers: [alertname=Inhibited]}
receivers:
  - {name: team, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
  - {name: oncall, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
"""
NAMES = ["Errors", "Down", "Slow", "Dropped", "Muted", "Inhibited"]


class System(FakePrometheus):
    """The same system as it runs."""

    def __init__(self) -> None:
        """Run with what the files say."""
        super().__init__(config=PROMETHEUS)
        self.groups = [self._group(group) for group in yaml.safe_load(RULES)["groups"]]
        self.target(job="web", instance="1")
        self.target(job="batch", instance="2")
        self.targets[1] |= {"scrapeInterval": "5m", "scrapeTimeout": "10s"}

    def _group(self, group: dict[str, Any]) -> dict[str, Any]:
        interval = float(group["interval"].rstrip("s"))
        rules = [self._rule(rule) for rule in group["rules"]]
        return {**group, "file": "r.yaml", "interval": interval, "rules": rules}

    def _rule(self, rule: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": rule.get("alert") or rule["record"],
            "type": "alerting" if "alert" in rule else "recording",
            "query": rule["expr"],
            "duration": float(rule.get("for", "0s").rstrip("s")),
            "labels": rule.get("labels", {}),
        }

    def both(self, asked: Asked) -> Reply:
        """Answer as Prometheus and as Alertmanager."""
        if asked.path == "/api/v2/status":
            return Reply({"versionInfo": {}, "config": {"original": ALERTMANAGER}})
        return self.answer(asked)


def scenario(observe: Observe) -> Scenario:
    promises = tuple(
        AlertPromise(
            alert=name,
            fires_within=30.0,
            reaches=("oncall",),
            pages_within=60.0,
            resets_within=60.0,
            page_resolves_within=90.0,
        )
        for name in NAMES
    )
    step = Step(
        name="s",
        experiment=Experiment(path="e.yaml", title="t", document={}),
        expect=Expect(alerts=promises),
    )
    target = TargetRef(kind="docker", name="shop")
    return Scenario(name="x", target=target, steps=(step,), observe=observe)


@pytest.fixture
def from_files(tmp_path: Path) -> list[Timing]:
    """The lint of the files."""
    texts = {"r": RULES, "p": PROMETHEUS, "a": ALERTMANAGER}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = ObservedFiles(
        rules=(str(tmp_path / "r"),),
        prometheus=str(tmp_path / "p"),
        alertmanager=str(tmp_path / "a"),
    )
    monitoring = monitoring_of_files(files, SystemClock())
    return list(timings(scenario(Observe(files=files)), monitoring))


def test_what_runs_is_judged_as_its_files_are(from_files: list[Timing]) -> None:
    with serving(System().both) as server:
        endpoint = Endpoint(url=server.url)
        live = scenario(Observe(prometheus=endpoint, alertmanager=endpoint))
        monitoring, _ = survey(live, SystemClock())
    assert monitoring.problems == ()
    assert list(timings(live, monitoring)) == from_files


def test_the_files_say_each_thing(from_files: list[Timing]) -> None:
    """So that the comparison compares what differs between the alerts."""
    states = {
        name: {file.question: file.state for file in from_files if file.subject == name}
        for name in NAMES
    }
    assert set(states["Down"].values()) == {"ok"}
    assert states["Errors"]["fires_within"] == "not_guaranteed"
    assert states["Slow"]["fires_within"] == "not_guaranteed"
    for name in ("Dropped", "Muted", "Inhibited"):
        assert states[name]["reaches"] == "cannot_be_kept"
        assert states[name]["fires_within"] == "not_guaranteed"
