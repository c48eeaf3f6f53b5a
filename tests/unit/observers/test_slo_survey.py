"""What is known of an SLO's counters before a run."""

from dataclasses import replace

from gameday.clock import SystemClock
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Slo, Term
from gameday.observers.slo_survey import survey_slos
from tests.unit.observers.fake import Asked, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

SLO = Slo(
    name="availability",
    service="shop",
    objective=0.99,
    window=86400.0,
    bad=(Term(selector='errors_total{code=~"5.."}'),),
    total=(Term(selector="requests_total"),),
    format="openslo",
)


class Labelled(FakePrometheus):
    """A Prometheus that knows these metric names, all of them of one job."""

    known: tuple[str, ...] = ("requests_total",)

    def answer(self, asked: Asked) -> Reply:
        """Return label values, or what any Prometheus answers."""
        if asked.path in self.broken:
            return super().answer(asked)
        if asked.path == "/api/v1/label/job/values":
            return Reply({"status": "success", "data": ["lb"]})
        if asked.path == "/api/v1/label/__name__/values":
            return Reply({"status": "success", "data": list(self.known)})
        return super().answer(asked)


class Buckets(Labelled):
    """A Prometheus that knows the histogram, and its bucket of 1 where it is there."""

    there = False

    def answer(self, asked: Asked) -> Reply:
        """Return the names of the series that a selector has."""
        if asked.path != "/api/v1/label/__name__/values":
            return super().answer(asked)
        is_of_bucket = "le=" in str(asked.params)
        names = ["seconds_bucket", "seconds_count"]
        told = names if self.there or not is_of_bucket else []
        return Reply({"status": "success", "data": told})


def surveyed(world: FakePrometheus) -> tuple[float | None, tuple[str, ...]]:
    world.target(job="app", instance="app:1")
    world.target(job="lb", instance="lb:1")
    world.targets[1]["scrapeInterval"] = "15s"
    with serving(world.answer) as server:
        return survey_slos(Endpoint(url=server.url), [SLO], SystemClock())


def test_the_interval_is_that_of_the_slos_own_counters() -> None:
    assert surveyed(Labelled())[0] == 15.0


def test_a_metric_of_bad_events_that_was_never_seen() -> None:
    assert surveyed(Labelled())[1] == ("errors_total",)


def test_one_that_was_seen_is_known() -> None:
    world = Labelled()
    world.known = ("errors_total", "requests_total")
    assert surveyed(world)[1] == ()


def test_a_bucket_of_good_events_that_does_not_fit_is_unknown() -> None:
    count, bucket = "seconds_count", 'seconds_bucket{le="1"}'
    slow = (Term(selector=count), Term(selector=bucket, sign=-1.0))
    world = Buckets()
    with serving(world.answer) as server:
        endpoint = Endpoint(url=server.url)
        for there, unknown in ((False, (bucket,)), (True, ())):
            world.there = there
            told = survey_slos(endpoint, [replace(SLO, bad=slow)], SystemClock())
            assert told[1] == unknown


def test_where_nobody_can_be_asked_nothing_is_said() -> None:
    world = Labelled(broken={"/api/v1/label/job/values": Reply("no", status=500)})
    assert surveyed(world) == (None, ())
    assert survey_slos(None, [SLO], SystemClock()) == (None, ())
