"""What a plan warns of before anything of an SLO is counted."""

from gameday.model.plan import Monitoring
from gameday.model.slos.slo import Term
from gameday.plans.plan import PlanInputs, make_plan
from tests.builders import objective, plan

BUCKET = 'seconds_bucket{le="1"}'
SLOW = objective(
    "latency", bad=(Term(selector="seconds_count"), Term(selector=BUCKET, sign=-1.0))
)


def warnings(*unknown: str) -> list[str]:
    scenario = plan(slos=[SLOW]).scenario
    monitoring = Monitoring(unknown_metrics=unknown)
    inputs = PlanInputs(target=None, instances=(), monitoring=monitoring)
    made = make_plan(scenario, inputs, seed=1)
    return [warning for warning in made.warnings if warning.startswith("latency: ")]


def test_a_bucket_that_prometheus_does_not_have_is_warned_of() -> None:
    (warned,) = warnings(BUCKET)
    assert f"latency: Prometheus has no bucket {BUCKET}" in warned
    assert "no event is known to be good" in warned
    assert warnings() == []


def test_a_metric_of_bad_events_that_was_never_seen_is_warned_of() -> None:
    (warned,) = warnings("seconds_count")
    assert "Prometheus has never seen seconds_count, which counts its bad" in warned
