"""The Alertmanager observer, the guardrails and the surveyor on real servers."""

import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from gameday.clock import SystemClock
from gameday.model.scenario import Endpoint, Guardrail, Observe
from gameday.observers.guard import Watched, look_function
from gameday.observers.survey import LiveSurveyor
from tests.real.observers.lab import ALERTMANAGER, SLO, Run, wait_for

pytestmark = pytest.mark.alerting

INHIBIT = """
inhibit_rules:
  - source_matchers: [alertname="Down"]
    target_matchers: [alertname="DownForTwo"]
"""


def silence(run: Run, alert: str) -> str:
    """Silence an alert for an hour; return the silence's id."""
    now = datetime.now(tz=UTC)
    body = {
        "matchers": [{"name": "alertname", "value": alert, "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "ann",
        "comment": "test",
    }
    request = urllib.request.Request(  # noqa: S310 - http on loopback
        f"{run.lab.alertmanager.url}/api/v2/silences",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return str(json.load(answer)["silenceID"])


def test_a_silenced_alert_is_suppressed_and_still_fires(run: Run) -> None:
    identity = silence(run, "Down")
    run.start()
    silence_event = run.wait("silence")
    assert silence_event.id == identity
    assert silence_event.matchers == [{"name": "alertname", "op": "=", "value": "Down"}]
    run.lab.shop.values["flag"] = 0.0
    muted = run.wait("suppressed", alert="Down")
    assert (muted.by, muted.detail) == ("silence", identity)
    run.wait("alert_firing", alert="Down")
    assert run.wait("routed", alert="DownForTwo").receivers == ["team"]
    assert not run.of("suppressed", alert="DownForTwo")


def test_an_inhibited_alert_is_suppressed(run: Run) -> None:
    config = run.lab.folder / "alertmanager.yaml"
    config.write_text(config.read_text() + INHIBIT)
    run.lab.alertmanager.reload()
    run.start()
    run.lab.shop.values["flag"] = 0.0
    assert run.wait("suppressed", alert="DownForTwo").by == "inhibition"


def test_an_alertmanager_that_is_gone_blinds_only_its_own_observer(run: Run) -> None:
    run.start()
    run.wait("scrape", up=True)
    run.lab.alertmanager.stop()
    run.wait("blind", source="alertmanager")
    run.lab.alertmanager.start()
    run.wait("sees", source="alertmanager")
    assert not run.of("blind", source="prometheus")


def test_guardrails_answer_from_what_was_observed(run: Run) -> None:
    run.start()
    run.lab.shop.values['requests_total{code="200"}'] = 200.0
    query = run.prometheus.api.query
    wait_for(lambda: query("requests_total == 200"))
    run.lab.shop.values['requests_total{code="500"}'] = 50.0
    wait_for(lambda: query("requests_total == 50"))
    run.flush()
    watched = Watched(
        clock=run.clock,
        since=run.started,
        slos={SLO.name: SLO},
        prometheus=run.prometheus,
    )
    states = [
        look_function(Guardrail(name="g", **what), watched)().state
        for what in (
            {"slo": SLO.name, "budget_spent": 0.01},
            {"slo": SLO.name, "burn_rate": 100.0},
            {"promql": "sum(requests_total) > 100"},
            {"promql": "sum(requests_total) >"},
            {"http": f"{run.lab.alertmanager.url}/-/healthy"},
            {"alert": "Down"},
        )
    ]
    assert states == ["breached", "ok", "breached", "unanswerable", "ok", "ok"]


@pytest.mark.quiet
def test_the_surveyor_reads_all_in_less_than_half_a_second(common_run: Run) -> None:
    wait_for(lambda: common_run.prometheus.api.query("flag"))
    observe = Observe(
        prometheus=Endpoint(url=common_run.lab.prometheus.url),
        alertmanager=Endpoint(url=common_run.lab.alertmanager.url),
    )
    surveyor = LiveSurveyor(observe, SystemClock(), alerts={"Down"})
    begun = time.monotonic()
    monitoring = surveyor.monitoring()
    took = time.monotonic() - begun
    assert took < 0.5
    assert monitoring.problems == ()
    named = {(rule.name, rule.hold, rule.interval) for rule in monitoring.rules or ()}
    assert {("Down", 0.0, 1.0), ("DownForTwo", 2.0, 1.0)} <= named
    assert {rule.reads for rule in monitoring.rules or () if rule.name == "Down"} == {
        ("flag",)
    }
    assert (monitoring.scrape_interval, monitoring.scrape_timeout) == (1.0, 1.0)
    assert monitoring.evaluation_interval == 1.0
    assert monitoring.prometheus_version[0] in "23"
    assert monitoring.alertmanager_version.startswith("0.")
    assert "receiver: team" in surveyor.alertmanager_config()
    assert "receiver: team" in ALERTMANAGER
