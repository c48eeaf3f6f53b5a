"""What the surveyor reads for the plan, and what it says when it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.errors import ObserverLost
from gameday.model.alerting.alert import Route, Routing
from gameday.model.alerting.relabel import RelabelRule
from gameday.model.scenario import Endpoint, Observe
from gameday.observers.promql import metrics_of
from gameday.observers.survey import LiveSurveyor
from tests.unit.observers.fake import Asked, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

ROUTES = "route: {receiver: oncall}"
RULE = {
    "name": "Down",
    "type": "alerting",
    "query": 'sum(rate(errors_total{a="b"}[5m])) > 1',
    "duration": 3,
    "keepFiringFor": 0,
    "labels": {"severity": "page"},
    "annotations": {"summary": "down"},
    "health": "ok",
    "lastEvaluation": "0001-01-01T00:00:00Z",
}
RECORDED = {"name": "a:b", "type": "recording", "query": "up"}
GROUP = {"name": "shop", "file": "r.yaml", "interval": 5, "rules": [RULE, RECORDED]}


def vector(*series: dict[str, str], **labels: str) -> dict[str, Any]:
    """An instant query's answer."""
    label_sets = [*series, labels] if labels else series
    result = [
        {"metric": series_labels, "value": [1000.0, "1"]}
        for series_labels in label_sets
    ]
    return {"resultType": "vector", "result": result}


class World(FakePrometheus):
    """Prometheus and Alertmanager on one port."""

    def both(self, asked: Asked) -> Reply:
        """Answer for the one or the other."""
        if asked.path in self.broken:
            return self.broken[asked.path]
        if asked.path == "/api/v2/status":
            version = {"version": "0.25.0+ds"}
            return Reply({"versionInfo": version, "config": {"original": ROUTES}})
        return self.answer(asked)


@contextmanager
def surveying(world: World, **rest: Any) -> Iterator[LiveSurveyor]:
    with serving(world.both) as server:
        endpoint = Endpoint(url=server.url)
        observe = Observe(prometheus=endpoint, alertmanager=endpoint)
        yield LiveSurveyor(observe, SystemClock(), **rest)


def shop() -> World:
    world = World()
    world.config = (
        "global: {scrape_interval: 15s, evaluation_interval: 5s, rule_query_offset: 2s}"
    )
    world.groups = [GROUP]
    world.target(job="web", instance="1")
    world.targets.append(
        {"labels": {"job": "slow"}, "health": "up", "scrapeInterval": "1m"}
    )
    return world


def test_everything_that_the_plan_asks_for_is_read() -> None:
    routing = Routing(route=Route(receiver="oncall"))
    texts: list[str] = []

    def parse(text: str) -> Routing:
        texts.append(text)
        return routing

    with surveying(shop(), parse_routes=parse) as surveyor:
        monitoring = surveyor.monitoring()
        assert surveyor.hashes.keys() == {"rules", "routes"}
        assert all(digest.startswith("sha256:") for digest in surveyor.hashes.values())
    assert monitoring.problems == ()
    (rule,) = monitoring.rules or ()
    assert (rule.name, rule.group, rule.file) == ("Down", "shop", "r.yaml")
    assert (rule.hold, rule.interval, rule.query_offset) == (3.0, 5.0, 2.0)
    assert rule.reads == ("errors_total",)
    assert (monitoring.evaluation_interval, monitoring.scrape_interval) == (5.0, 60.0)
    assert (monitoring.prometheus_version, monitoring.alertmanager_version) == (
        "3.16.0",
        "0.25.0",
    )
    assert (monitoring.routing, texts) == (routing, [ROUTES])


def test_only_the_jobs_that_the_alerts_read_set_the_interval() -> None:
    world = shop()
    world.values['count by (job) (errors_total{a="b"})'] = vector(job="web")
    with surveying(world, alerts={"Down"}) as surveyor:
        monitoring = surveyor.monitoring()
    assert monitoring.feeds == {"errors_total": ("web",)}
    assert (monitoring.scrape_interval, monitoring.scrape_timeout) == (1.0, 1.0)


def test_the_jobs_are_those_below_the_recording_rules() -> None:
    world = shop()
    recorded = {**RECORDED, "query": "rate(errors_total[5m])"}
    world.groups = [{**GROUP, "rules": [{**RULE, "query": "a:b > 1"}, recorded]}]
    world.values["count by (job) (errors_total)"] = vector(job="web")
    with surveying(world, alerts={"Down"}) as surveyor:
        monitoring = surveyor.monitoring()
    (rule,) = monitoring.recorded
    assert (rule.name, rule.interval, rule.query_offset) == ("a:b", 5.0, 2.0)
    assert (rule.group, rule.file, rule.place) == ("shop", "r.yaml", 1)
    assert monitoring.feeds == {"errors_total": ("web",)}


def test_the_series_of_an_alert_are_asked_for_without_its_comparison() -> None:
    world = shop()
    world.values['sum(rate(errors_total{a="b"}[5m]))'] = vector(
        {"__name__": "x", "instance": "1"}, {"instance": "2"}
    )
    with surveying(world, alerts={"Down"}) as surveyor:
        (rule,) = surveyor.monitoring().rules or ()
    assert rule.series == ({"instance": "1"}, {"instance": "2"})


@pytest.mark.parametrize(("every", "asked"), [(False, None), (True, ({"i": "1"},))])
def test_the_series_of_all_alerts_are_asked_for_only_on_demand(
    every: bool, asked: object
) -> None:
    world = shop()
    world.values['sum(rate(errors_total{a="b"}[5m]))'] = vector({"i": "1"})
    with surveying(world, every=every) as surveyor:
        (rule,) = surveyor.monitoring().rules or ()
    assert rule.series == asked


def test_series_that_cannot_be_asked_for_are_not_known() -> None:
    world = shop()
    world.broken["/api/v1/query"] = Reply("", 503)
    with surveying(world, alerts={"Down"}) as surveyor:
        monitoring = surveyor.monitoring()
    (rule,) = monitoring.rules or ()
    assert (rule.series, monitoring.problems) == (None, ())


def test_what_prometheus_does_to_alerts_on_their_way_is_read() -> None:
    world = shop()
    world.config = (
        "global: {external_labels: {cluster: prod}}\n"
        "alerting:\n"
        "  alert_relabel_configs: [{regex: replica, action: labeldrop}]\n"
    )
    with surveying(world) as surveyor:
        monitoring = surveyor.monitoring()
    assert monitoring.external_labels == {"cluster": "prod"}
    assert monitoring.relabels == (RelabelRule(action="labeldrop", regex="replica"),)


def test_a_metric_that_nobody_has_leaves_every_job() -> None:
    with surveying(shop(), alerts={"Down"}) as surveyor:
        assert surveyor.monitoring().scrape_interval == 60.0


def test_older_servers_tell_the_interval_in_their_configuration() -> None:
    world = shop()
    world.targets = [{"labels": {"job": "web"}, "health": "up"}]
    with surveying(world) as surveyor:
        monitoring = surveyor.monitoring()
    assert (monitoring.scrape_interval, monitoring.scrape_timeout) == (15.0, 10.0)


def test_a_server_without_targets_is_a_problem() -> None:
    world = shop()
    world.targets = []
    with surveying(world) as surveyor:
        monitoring = surveyor.monitoring()
    assert monitoring.scrape_interval is None
    assert monitoring.problems == ("Prometheus has no scrape targets",)


@pytest.mark.parametrize(
    ("path", "attribute"),
    [
        ("/api/v1/rules", "rules"),
        ("/api/v1/targets", "scrape_interval"),
        ("/api/v1/status/config", "evaluation_interval"),
        ("/api/v2/status", "routing"),
    ],
)
@pytest.mark.parametrize("reply", [Reply("", 503), Reply([]), Reply("no")])
def test_what_cannot_be_read_is_a_problem_and_the_rest_is_there(
    path: str, attribute: str, reply: Reply
) -> None:
    world = shop()
    world.broken[path] = reply
    with surveying(world) as surveyor:
        monitoring = surveyor.monitoring()
    assert len(monitoring.problems) == 1
    assert getattr(monitoring, attribute) is None
    assert monitoring.prometheus_version == "3.16.0"


def test_nothing_to_observe_is_nothing_seen() -> None:
    monitoring = LiveSurveyor(Observe(), SystemClock()).monitoring()
    assert (monitoring.rules, monitoring.routing, monitoring.problems) == (
        None,
        None,
        (),
    )


@pytest.mark.parametrize("problem", [ValueError("no route"), ObserverLost("no route")])
def test_routes_that_cannot_be_parsed_are_a_problem(problem: Exception) -> None:
    def parse(_: str) -> Routing:
        raise problem

    with surveying(shop(), parse_routes=parse) as surveyor:
        monitoring = surveyor.monitoring()
    assert monitoring.problems == ("Alertmanager's configuration: no route",)


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("up == 0", ("up",)),
        ("sum(rate(a[5m])) / b > max_over_time((c offset 1m)[5m:1m])", ("a", "b", "c")),
        ('{__name__="service.errors"} > 0', ("service.errors",)),
        ("vector(1)", ()),
        ("a[5m + 1m]", ()),
    ],
)
def test_the_metrics_of_an_expression(expr: str, names: tuple[str, ...]) -> None:
    assert metrics_of(expr) == names
