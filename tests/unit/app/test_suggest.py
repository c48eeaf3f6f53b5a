"""`gameday suggest` from end to end, on a fake Prometheus and a fake target."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.app import check, init
from gameday.app.evidence import suggest
from gameday.app.evidence.suggest import Suggestions, SuggestRequest
from gameday.clock import SystemClock
from gameday.errors import UsageError
from gameday.files.scenario import proving
from gameday.files.scenario.load import read_scenario
from gameday.model.scenario import Scenario
from gameday.model.target import TargetRef
from tests.unit.ledger.fake import FakeTarget, instance
from tests.unit.observers.fake import serving
from tests.unit.observers.fake_prometheus import FakePrometheus

RULES = """\
groups:
  - name: shop
    rules:
      - alert: WebReplicaDown
        expr: up{job="web"} == 0
        for: 3s
        labels: {severity: page}
      - alert: DatabaseDown
        expr: max(shop_database_up) == 0
      - alert: Errors
        expr: rate(http_requests_total{code=~"5.."}[10s]) > 1
      - alert: Watchdog
        expr: vector(1)
      - alert: Errors
        expr: rate(orders_failed_total[10s]) > 1
"""
TARGETS = ("web-1", "web-2", "database-1", "prometheus-1")


@pytest.fixture(autouse=True)
def _rules(own_folder: Path) -> None:
    (own_folder / "rules.yaml").write_text(RULES)


@pytest.fixture
def prometheus() -> Iterator[str]:
    """A Prometheus that scrapes the two replicas of web."""
    fake = FakePrometheus()
    for n in (1, 2):
        fake.target(job="web", instance=f"web-{n}")
        fake.targets[-1]["scrapeUrl"] = f"http://web-{n}:8000/metrics"
    with serving(fake.answer) as server:
        yield server.url


def wish(prometheus: str = "", **rest: object) -> SuggestRequest:
    begin = init.InitRequest(
        target=TargetRef(kind="docker", name="shop"), prometheus=prometheus
    )
    made = SuggestRequest(begin=begin, rules=("rules.yaml",), max_age=86400.0)
    return replace(made, **rest)  # type: ignore[arg-type]


def look(asked: SuggestRequest) -> Suggestions:
    target = FakeTarget([instance(name) for name in TARGETS])
    return suggest.look(asked, target, SystemClock())


def scenario(path: str) -> Scenario:
    parsed, problems = read_scenario(path, dict(os.environ))
    assert problems == []
    assert parsed is not None
    return parsed


def test_without_a_prometheus_it_says_what_the_scenarios_lack() -> None:
    Path("named.yaml").write_text(RULES.replace("job=", "service="))
    suggestions = look(wish(rules=("named.yaml",)))
    assert [entry.proof is not None for entry in suggestions.suggested] == [True]
    assert any("no --prometheus" in note for note in suggestions.notes)


def test_each_rule_has_a_state(prometheus: str) -> None:
    suggestions = look(wish(prometheus))
    assert [
        (suggestion.rule.name, suggestion.state) for suggestion in suggestions.entries
    ] == [
        ("WebReplicaDown", "suggested"),
        ("DatabaseDown", "risky"),
        ("Errors", "not known how"),
        ("Watchdog", "always"),
        ("Errors", "not known how"),
    ]
    assert len(suggestions.unproven) == 4
    assert len(suggestions.suggested) == 1


def test_what_is_written_passes_check(prometheus: str) -> None:
    suggestions = look(wish(prometheus, include_risky=True))
    written = suggest.write(suggestions, "out")
    assert sorted(written) == [
        "out/experiments/prove-database-down.yaml",
        "out/experiments/prove-web-replica-down.yaml",
        "out/scenarios/prove-database-down.yaml",
        "out/scenarios/prove-web-replica-down.yaml",
    ]
    result = check.check(["out"], dict(os.environ), io.StringIO(), check.CheckRequest())
    assert [str(problem) for problem in result.problems] == []
    made = scenario("out/scenarios/prove-web-replica-down.yaml")
    (step,) = made.steps
    (promise,) = step.expect.alerts
    assert made.blast_radius.at_most == 1
    (rules,) = made.observe.files.rules
    assert Path(rules).resolve() == Path("rules.yaml").resolve()
    assert (promise.alert, promise.labels) == ("WebReplicaDown", {"severity": "page"})
    # Scrape 1 s, timeout 1 s, evaluation 1 s, `for` 3 s: 6 s, and the margin.
    assert promise.fires_within == 25.0
    assert step.expect.steady_state == "holds"


def test_nothing_is_written_over(prometheus: str) -> None:
    suggestions = look(wish(prometheus))
    suggest.write(suggestions, "out")
    before = Path("out/scenarios/prove-web-replica-down.yaml").read_text()
    with pytest.raises(UsageError, match=r"already there.*another folder with --out"):
        suggest.write(suggestions, "out")
    assert Path("out/scenarios/prove-web-replica-down.yaml").read_text() == before


def test_without_a_prometheus_the_files_and_the_names_have_to_do() -> None:
    suggestions = look(wish(include_risky=True))
    told = [
        (suggestion.rule.name, suggestion.proof and suggestion.proof.service)
        for suggestion in suggestions.suggested
    ]
    assert told == [("WebReplicaDown", "web"), ("DatabaseDown", "database")]


def test_without_rules_there_is_nothing_to_prove() -> None:
    with pytest.raises(UsageError, match="which alert rules"):
        look(wish(rules=()))


def test_what_is_protected_stays_so_in_the_scenario(prometheus: str) -> None:
    suggestions = look(wish(prometheus, protect=("database",)))
    suggest.write(suggestions, "out")
    made = scenario("out/scenarios/prove-web-replica-down.yaml")
    assert made.blast_radius.protect == ("database",)


def test_rules_of_one_name_have_files_of_their_own() -> None:
    assert proving.names(["HTTPErrors", "Errors", "Errors", "Über uns"]) == [
        "prove-http-errors",
        "prove-errors",
        "prove-errors-2",
        "prove-ber-uns",
    ]
