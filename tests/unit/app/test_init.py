"""What `init` chooses, and that what it writes passes `check`."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.app.init import (
    choose_promise,
    choose_service,
    status_of,
)
from gameday.app.observing.request_counters import describe_counter, order_counters
from gameday.errors import UsageError
from gameday.files import check
from gameday.files.scenario import starter
from gameday.model.alerting.alert import (
    AlertRule,
    Integration,
    Matcher,
    Receiver,
    RecordingRule,
    Route,
    Routing,
)
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.scenario import AlertPromise
from gameday.model.slos.slo import Series
from gameday.model.target import Instance, TargetRef
from gameday.plans.promising import set_off_beside
from tests.unit.observers.fake import Reply, serving


def instances(**replicas: int) -> list[Instance]:
    return [
        Instance(service=name, name=f"{name}-{n}", identity={})
        for name, many in replicas.items()
        for n in range(1, many + 1)
    ]


def rule(name: str, expr: str = "up == 0", **labels: str) -> AlertRule:
    return AlertRule(name=name, expr=expr, hold=3.0, interval=1.0, labels=labels)


ROUTING = Routing(
    route=Route(
        receiver="team",
        group_wait=1.0,
        group_interval=5.0,
        routes=(
            Route(
                receiver="oncall",
                matchers=(Matcher(name="severity", op="=", value="page"),),
                group_wait=1.0,
                group_interval=5.0,
            ),
        ),
    ),
    receivers=(
        Receiver(name="team", integrations=(Integration(kind="webhook"),)),
        Receiver(name="oncall", integrations=(Integration(kind="pagerduty"),)),
    ),
)


def monitoring(*rules: AlertRule) -> Monitoring:
    return Monitoring(
        rules=rules,
        routing=ROUTING,
        scrape_interval=1.0,
        scrape_timeout=0.9,
        evaluation_interval=1.0,
    )


def test_the_service_with_the_most_replicas_is_chosen() -> None:
    assert choose_service(instances(api=1, web=3, worker=2)) == ("web", 3)


def test_what_watches_is_no_first_thing_to_lose() -> None:
    assert choose_service(instances(prometheus=5, api=1)) == ("api", 1)


def test_a_target_without_instances_is_no_start() -> None:
    with pytest.raises(UsageError, match="no instances"):
        choose_service([])


def test_the_rule_that_speaks_of_the_service_is_promised_as_it_is_routed() -> None:
    known = monitoring(
        rule("Watchdog", "vector(1)"),
        rule("WebErrors", 'rate(errors{job="web"}[1m]) > 1', severity="page"),
        rule("WebReplicaDown", 'up{job="web"} == 0', severity="page"),
    )
    promise = choose_promise(known, "web", paged=True)
    assert promise is not None
    assert (promise.alert, promise.labels) == ("WebReplicaDown", {"severity": "page"})
    assert promise.reaches == ("oncall",)
    assert promise.fires_within is not None
    assert promise.pages_within is not None
    # At the latest: scrape, timeout, evaluation and `for`, here 5.9 s; then the page.
    assert 5.9 < promise.fires_within <= promise.pages_within <= 30


def test_a_receiver_is_promised_only_where_the_route_is_known() -> None:
    """Without the label the page may go to either."""
    promise = choose_promise(monitoring(rule("WebDown", "up == 0")), "web", paged=True)
    assert promise is not None
    assert (promise.reaches, promise.pages_within) == ((), None)


@pytest.mark.parametrize(
    "expr", ['absent(up{job="web"})', "time() - web_seen > 60", "vector(1)"]
)
def test_no_alert_is_promised_that_may_never_fire_in_time(expr: str) -> None:
    known = monitoring(rule("WebMissing", expr, severity="page"))
    assert choose_promise(known, "web", paged=True) is None


def test_a_receiver_that_nobody_hears_is_not_promised() -> None:
    bare = replace(ROUTING, receivers=(Receiver(name="oncall"), Receiver(name="team")))
    known = replace(monitoring(rule("WebDown", severity="page")), routing=bare)
    promise = choose_promise(known, "web", paged=True)
    assert promise is not None
    assert promise.reaches == ()


def test_the_series_of_the_alert_tell_its_route() -> None:
    known = rule("WebDown", "up == 0")
    series = ({"instance": "web-1", "severity": "page"},)
    promise = choose_promise(
        monitoring(replace(known, series=series)), "web", paged=True
    )
    assert promise is not None
    assert promise.reaches == ("oncall",)


def test_what_the_same_series_feed_may_ring_as_well() -> None:
    web = ScrapeJob(name="shop-web", interval=1.0, timeout=0.9)
    known = replace(
        monitoring(
            rule("WebReplicaDown", 'servers{proxy="web"} == 0', severity="page"),
            rule("WebFewLeft", "sum(web:servers) < 2"),
            rule("ApiDown", 'servers{proxy="api"} == 0'),
            rule("TargetDown", "up == 0"),
            rule("DatabaseDown", 'up{job="db"} == 0'),
            rule("Errors", "rate(errors[1m]) > 1"),
        ),
        recorded=(RecordingRule(name="web:servers", expr="sum(servers)"),),
        jobs=(web,),
    )
    promise = choose_promise(known, "web", paged=False)
    assert promise is not None
    assert promise.alert == "WebReplicaDown"
    beside = set_off_beside(known, "web", promise)
    assert beside == ("WebFewLeft", "TargetDown")


def test_without_a_pager_no_time_of_a_page_is_promised() -> None:
    known = monitoring(rule("WebDown", severity="page"))
    promise = choose_promise(known, "web", paged=False)
    assert promise is not None
    assert promise.pages_within is None
    assert promise.page_resolves_within is None


def test_no_alert_is_promised_when_none_speaks_of_the_service() -> None:
    assert choose_promise(monitoring(rule("DatabaseDown")), "web", paged=True) is None


def test_the_counter_nearest_to_the_users_comes_first() -> None:
    names = [
        "prometheus_http_requests_total",
        "app_requests_total",
        "http_requests_total",
        "haproxy_backend_http_responses_total",
        "process_cpu_seconds_total",
    ]
    assert order_counters(names) == [
        "haproxy_backend_http_responses_total",
        "http_requests_total",
        "app_requests_total",
    ]


@pytest.mark.parametrize(
    ("label", "value", "bad"),
    [
        ("code", "2xx", 'code="5xx"'),
        ("status", "200", 'status=~"5.."'),
        ("envoy_response_code_class", "2", 'envoy_response_code_class="5"'),
    ],
)
def test_the_label_of_the_status_tells_bad_requests(
    label: str, value: str, bad: str
) -> None:
    series = [
        Series(labels={label: value, "proxy": "quiet"}, samples=((0.0, 1.0),)),
        Series(labels={label: value, "proxy": "busy"}, samples=((0.0, 9.0),)),
    ]
    description = describe_counter("requests_total", series)
    assert description == starter.Requests(
        metric="requests_total", labels={"proxy": "busy"}, bad=bad
    )


def test_a_counter_that_does_not_tell_bad_requests_is_none() -> None:
    series = [Series(labels={"proxy": "a"}, samples=((0.0, 1.0),))]
    assert describe_counter("requests_total", series) is None


FULL = starter.Beginning(
    target=TargetRef(kind="docker", name="shop", options={"context": "far"}),
    service="web",
    replicas=3,
    promise=AlertPromise(
        alert="WebReplicaDown",
        labels={"severity": "page"},
        fires_within=15.0,
        reaches=("on call: 1",),
        pages_within=20.0,
        resets_within=20.0,
        page_resolves_within=25.0,
    ),
    requests=starter.Requests(
        metric="http_requests_total", labels={"job": 'a "b"'}, bad='code=~"5.."'
    ),
    rules=("WebReplicaDown",),
    beside=("WebFewLeft", "up & down"),
    prometheus="http://127.0.0.1:9090",
    alertmanager="http://127.0.0.1:9093",
    pager="http://127.0.0.1:9099",
    url="http://127.0.0.1:8080/?a=1#b",
)
BARE = starter.Beginning(
    target=TargetRef(kind="local", name="http://127.0.0.1:9001"),
    service="no",  # a word that YAML might take for something else
    replicas=1,
)


@pytest.mark.parametrize("beginning", [FULL, BARE])
def test_what_is_written_passes_check(
    beginning: starter.Beginning, tmp_path: Path
) -> None:
    paths = starter.write(starter.texts(beginning), str(tmp_path))
    result = check.check([str(tmp_path)], os.environ, None)
    assert [
        str(problem) for problem in result.problems if problem.severity != "warning"
    ] == []
    assert len(paths) == 3
    (scenario,) = result.scenarios
    assert scenario.target == beginning.target
    assert scenario.steps[0].experiment.faults[0].selection.service == beginning.service
    assert bool(scenario.slos) == (beginning.requests is not None)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    there = tmp_path / "slos" / "first.yaml"
    there.parent.mkdir()
    there.write_text("mine")
    with pytest.raises(UsageError, match=r"slos/first\.yaml"):
        starter.write(starter.texts(FULL), str(tmp_path))
    assert there.read_text() == "mine"
    assert not (tmp_path / "scenarios").exists()


@pytest.mark.parametrize(
    ("status", "odd"), [(200, False), (204, False), (401, False), (503, True)]
)
def test_the_probe_expects_the_status_that_the_address_answers_with(
    status: int, odd: bool
) -> None:
    with serving(lambda _: Reply("" if status == 204 else "hello", status)) as server:
        expected, why = status_of(server.url)
    assert expected == status
    assert bool(why) is odd
    written = starter.texts(replace(FULL, status=status))
    assert f"tolerance: {status}\n" in "".join(written.values())


def test_an_address_that_does_not_answer_is_told() -> None:
    status, why = status_of("http://127.0.0.1:1/")
    assert status == 200
    assert "does not answer" in why
