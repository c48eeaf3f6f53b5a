"""What a plan asks Prometheus and Alertmanager: all that does not depend at once."""

import threading

from gameday.app.observing.survey import survey
from gameday.clock import SystemClock
from gameday.model.experiment import Experiment
from gameday.model.scenario import Endpoint, Expect, Observe, Scenario, Step
from gameday.model.slos.slo import Slo, Term
from gameday.model.target import TargetRef
from tests.unit.observers.fake import Asked, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

PATIENCE = 30.0  # seconds
# One of each that is asked for: rules, what is firing, what counts an SLO.
FIRST = ("/api/v1/rules", "/api/v1/alerts", "/api/v1/label/job/values")


def test_rules_alerts_and_counters_are_asked_for_side_by_side() -> None:
    """Each is answered only once the others have been asked for as well."""
    world, together = FakePrometheus(), threading.Barrier(len(FIRST))

    def answer(asked: Asked) -> Reply:
        if asked.path in FIRST:
            together.wait(PATIENCE)
        if asked.path.startswith("/api/v1/label/"):
            return Reply({"status": "success", "data": []})
        return world.answer(asked)

    counted = (Term(selector="requests_total"),)
    slo = Slo(
        name="availability",
        service="shop",
        objective=0.99,
        window=86400.0,
        bad=counted,
        total=counted,
        format="openslo",
    )
    breaks = Experiment(path="e.yaml", title="t", document={})
    with serving(answer) as server:
        asked = Scenario(
            name="x",
            target=TargetRef(kind="docker", name="shop"),
            steps=(Step(name="s", experiment=breaks, expect=Expect()),),
            observe=Observe(prometheus=Endpoint(url=server.url)),
            slos=(slo,),
        )
        monitoring, _ = survey(asked, SystemClock())
    assert not together.broken
    assert monitoring.unknown_metrics == ("requests_total",)
