"""Which fault is suggested for a rule, by what it reads; and of which none is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.files.prometheus import rules as rule_file
from gameday.model.alerting.alert import (
    AlertRule,
    InhibitRule,
    Integration,
    Matcher,
    Receiver,
    RecordingRule,
    Route,
    Routing,
)
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.target import Instance
from gameday.plans.suggest.suggestion import SuggestInput, Suggestion, suggest
from gameday.plans.suggest.surroundings import ScrapedTarget, Surroundings

DEMO = Path(__file__).resolve().parents[3] / "demo"
REPLICAS = {
    "web": 3,
    **dict.fromkeys(("haproxy", "worker", "database", "cache"), 1),
    **dict.fromkeys(("prometheus", "alertmanager", "blackbox", "pager"), 1),
}
JOBS = ("web", "haproxy", "worker", "prometheus", "alertmanager", "blackbox")
FEEDS = {
    **dict.fromkeys(
        (
            "haproxy_server_status",
            "haproxy_backend_active_servers",
            "haproxy_backend_http_responses_total",
        ),
        ("haproxy",),
    ),
    **dict.fromkeys(
        (
            "http_request_duration_seconds_bucket",
            "http_request_duration_seconds_count",
            "http_requests_total",
            "shop_database_up",
            "shop_cache_up",
        ),
        ("web",),
    ),
}
SERVERS = tuple({"server": f"web-{n}"} for n in (1, 2, 3))


def instances(
    replicas: Mapping[str, int] = REPLICAS, **labels: str
) -> tuple[Instance, ...]:
    return tuple(
        Instance(service=name, name=f"{name}-{n}", identity={}, labels=labels)
        for name, many in replicas.items()
        for n in range(1, many + 1)
    )


def scraped() -> tuple[ScrapedTarget, ...]:
    own = [
        ScrapedTarget(
            labels={"job": job, "instance": f"{job}-{n}"}, address=f"{job}-{n}:8000"
        )
        for job in JOBS
        for n in range(1, REPLICAS[job] + 1)
    ]
    door = {"job": "probe", "instance": "front-door"}
    probe = ScrapedTarget(
        labels=door, address="blackbox:9115", probed="http://haproxy:8080/healthz"
    )
    return (*own, probe)


SHOP = Surroundings(
    instances=instances(),
    scraped=scraped(),
    feeds=FEEDS,
    behind={"haproxy": ("web-1", "web-2", "web-3")},
)


def rule(
    expr: str, name: str = "Asked", hold: float = 3.0, **rest: object
) -> AlertRule:
    made = AlertRule(name=name, expr=expr, hold=hold, interval=1.0)
    return replace(made, **rest)  # type: ignore[arg-type]


def asked(
    rules: Sequence[AlertRule],
    around: Surroundings = SHOP,
    refused: Mapping[str, str] | None = None,
    recorded: Sequence[RecordingRule] = (),
    routing: Routing | None = None,
    *,
    include_risky: bool = True,
    on_cluster: bool = False,
) -> SuggestInput:
    monitoring = Monitoring(
        rules=tuple(rules),
        recorded=tuple(recorded),
        routing=routing,
        jobs=tuple(
            ScrapeJob(name=name, interval=1.0, timeout=0.9) for name in (*JOBS, "probe")
        ),
        feeds=around.feeds,
        scrape_interval=1.0,
        scrape_timeout=0.9,
        evaluation_interval=1.0,
    )
    return SuggestInput(
        monitoring=monitoring,
        around=around,
        refusal=lambda kind: (refused or {}).get(kind, ""),
        include_risky=include_risky,
        on_cluster=on_cluster,
        paged=True,
    )


def suggested(expr: str, around: Surroundings = SHOP, **rest: object) -> Suggestion:
    series = rest.pop("series", None)
    (suggestion,) = suggest(
        [rule(expr, series=series)],
        asked([rule(expr, series=series)], around, **rest),  # type: ignore[arg-type]
    )
    return suggestion


def fault(suggestion: Suggestion) -> tuple[str, str, Mapping[str, str]] | None:
    hit = suggestion.hit
    return None if hit is None else (hit.kind, hit.service, dict(hit.arguments))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        pytest.param('up{job="web"} == 0', ("process.stop", "web", {}), id="up"),
        pytest.param(
            'avg(up{job="web"}) < 0.9', ("process.stop", "web", {}), id="few-up"
        ),
        pytest.param(
            'count(up{job="web"} == 0) / count(up{job="web"}) > 0.3',
            ("process.stop", "web", {}),
            id="share-down",
        ),
        pytest.param(
            'probe_success{job="probe"} == 0',
            ("process.stop", "haproxy", {}),
            id="probe",
        ),
        pytest.param(
            "max(shop_database_up) == 0", ("process.stop", "database", {}), id="seen"
        ),
        pytest.param("redis_up == 0", ("process.stop", "cache", {}), id="seen-by-kind"),
        pytest.param(
            'haproxy_backend_active_servers{proxy="x"} == 0',
            ("network.partition", "haproxy", {"peers": "web"}),
            id="no-servers",
        ),
        pytest.param(
            'rate(http_requests_total{code=~"5.."}[10s])'
            " / rate(http_requests_total[10s]) > 0.05",
            ("network.partition", "web", {"peers": "database"}),
            id="errors",
        ),
        pytest.param(
            'rate(haproxy_backend_http_responses_total{code="5xx"}[10s]) > 1',
            ("network.partition", "haproxy", {"peers": "web"}),
            id="errors-of-a-balancer",
        ),
        pytest.param(
            "histogram_quantile(0.9, sum by (le)"
            " (rate(http_request_duration_seconds_bucket[1m]))) > 0.4",
            ("network.delay", "web", {"by": "600ms", "peers": "database"}),
            id="latency",
        ),
        pytest.param(
            'sum(rate(http_request_duration_seconds_bucket{le="0.2"}[1m]))'
            " / sum(rate(http_request_duration_seconds_count[1m])) < 0.9",
            ("network.delay", "web", {"by": "300ms", "peers": "database"}),
            id="latency-by-bucket",
        ),
        pytest.param(
            'rate(process_cpu_seconds_total{job="web"}[1m]) > 0.8',
            ("resource.cpu", "web", {"load": "90%"}),
            id="cpu",
        ),
        pytest.param(
            'container_memory_working_set_bytes{container="web"}'
            ' / container_spec_memory_limit_bytes{container="web"} * 100 > 90',
            ("resource.memory", "web", {"fill": "100%"}),
            id="memory",
        ),
        pytest.param(
            'changes(process_start_time_seconds{job="web"}[5m]) > 0',
            ("process.kill", "web", {}),
            id="restarts",
        ),
        pytest.param(
            'kube_deployment_status_replicas_available{deployment="web"}'
            ' != kube_deployment_spec_replicas{deployment="web"}',
            ("process.pause", "web", {}),
            id="replicas",
        ),
        pytest.param(
            "orders_queue_length > 100", ("process.stop", "worker", {}), id="queue"
        ),
        pytest.param(
            'absent(haproxy_server_status{job="haproxy"})',
            ("process.stop", "haproxy", {}),
            id="absent",
        ),
    ],
)
def test_what_a_rule_reads_tells_the_fault(
    expr: str, expected: tuple[str, str, Mapping[str, str]]
) -> None:
    suggestion = suggested(expr)
    assert fault(suggestion) == expected, suggestion.because
    assert suggestion.state == "suggested"


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        ("orders_total > 5", "no fault is known that changes orders_total"),
        ('up{job="prometheus"} == 0', "what a game day watches with"),
        ('up{job="elsewhere"} == 0', "no service of the target is scraped"),
        ('sum(up{job="web"}) == 0', "fires when 3 of 3 web are lost"),
        ('count(up{job="web"}) < 3', "does not follow from the expression"),
        ('absent(up{job="web"})', "up stays, as 0"),
        ('changes(process_start_time_seconds{job="web"}[5m]) > 3', "several restarts"),
        ("node_load1 > 8", "about the machine"),
        ("this is no promql", "a syntax that gameday does not know"),
    ],
)
def test_a_rule_that_nothing_is_known_for_says_why(expr: str, why: str) -> None:
    suggestion = suggested(expr)
    assert (suggestion.state, suggestion.hit) == ("not known how", None)
    assert why in suggestion.because


def library(**depends: str) -> Surroundings:
    """Return a store with an exporter, and a catalogue that one prober asks."""
    names = ("catalogue", "kv", "redis-exporter", "blackbox")
    own = "com.docker.compose.depends_on"
    return Surroundings(
        instances=tuple(
            Instance(
                service=name,
                name=f"{name}-1",
                identity={},
                labels={own: depends[name.partition("-")[0]]}
                if name.partition("-")[0] in depends
                else {},
            )
            for name in names
        ),
        scraped=(
            ScrapedTarget(
                labels={"job": "redis", "instance": "redis-exporter:9121"},
                address="redis-exporter:9121",
            ),
            ScrapedTarget(
                labels={"job": "door", "instance": "http://catalogue:8000/"},
                address="blackbox:9115",
                probed="http://catalogue:8000/",
            ),
        ),
        feeds={"redis_up": ("redis",), "probe_duration_seconds": ("door",)},
    )


def pods(**workloads: str) -> Surroundings:
    """Return two pods of each workload in the namespace `prod`."""
    return Surroundings(
        instances=tuple(
            Instance(
                service=name,
                name=f"{name}-{n}",
                identity={},
                labels={
                    "pod": f"{name}-7d9f-x{n}",
                    "container": "main",
                    "workload": f"{kind}/{name}",
                    "namespace": "prod",
                },
            )
            for name, kind in workloads.items()
            for n in (1, 2)
        )
    )


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (
            'increase(kube_pod_container_status_restarts_total{pod=~"web-.*"}[2m]) > 0',
            ("process.kill", "web", {}),
        ),
        (
            (
                "rate(container_cpu_usage_seconds_total"
                '{namespace="prod", pod=~"web-.+", container!="POD"}[1m]) > 0.8'
            ),
            ("resource.cpu", "web", {"load": "90%"}),
        ),
        (
            (
                'kube_deployment_status_replicas_available{deployment=~"api|web"}'
                ' < kube_deployment_spec_replicas{deployment=~"api|web"}'
            ),
            ("process.pause", "web", {}),
        ),
        (
            (
                "increase(kube_pod_container_status_restarts_total"
                '{namespace="test", pod=~"web-.*"}[2m]) > 0'
            ),
            None,
        ),
        ('kube_deployment_status_replicas_available{deployment=~"db"} < 2', None),
        ('kube_pod_container_status_waiting_reason{pod=~"web-.*"} > 0', None),
        ('kube_deployment_status_observed_generation{deployment="web"} < 1', None),
        ('kube_pod_status_phase{pod=~"web-.*", phase="Pending"} > 0', None),
    ],
)
def test_pods_are_named_by_patterns_in_their_namespace(
    expr: str, expected: object
) -> None:
    around = pods(web="deployment", db="statefulset")
    suggestion = suggested(expr, around, on_cluster=True)
    assert fault(suggestion) == expected, suggestion.because


def test_of_a_certificates_age_it_says_which_fault_is_missing() -> None:
    expr = 'probe_ssl_earliest_cert_expiry{job="probe"} - time() < 86400 * 3'
    suggestion = suggested(expr)
    assert suggestion.state == "not known how"
    assert "tls.expire would be it" in suggestion.because


def test_a_target_at_a_published_port_is_the_service_behind_it() -> None:
    published = Surroundings(
        instances=tuple(
            Instance(
                service="api", name=f"api-{n}", identity={}, published=(f":1800{n}",)
            )
            for n in (1, 2)
        ),
        scraped=tuple(
            ScrapedTarget(
                labels={"job": "backend", "instance": f"{host}:1800{n}"},
                address=f"{host}:1800{n}",
            )
            for n, host in ((1, "127.0.0.1"), (2, "host.docker.internal"))
        ),
    )
    suggestion = suggested('up{job="backend"} == 0', published)
    assert fault(suggestion) == ("process.stop", "api", {}), suggestion.because


EXPORTED = ({"job": "redis", "instance": "redis-exporter:9121"},)


def test_who_writes_that_another_is_down_is_not_the_one_to_stop() -> None:
    suggestion = suggested("redis_up == 0", library(), series=EXPORTED)
    assert (suggestion.state, suggestion.hit) == ("not known how", None)
    assert "no service of the target is known as what redis_up" in suggestion.because


def test_what_an_exporter_needs_is_what_its_series_is_about() -> None:
    around = library(redis="kv:service_started:true")
    suggestion = suggested("redis_up == 0", around, series=EXPORTED)
    assert fault(suggestion) == ("process.stop", "kv", {}), suggestion.because


@pytest.mark.parametrize(
    ("expr", "hold", "expected"),
    [
        ("kv_uptime_in_seconds < 60", 0.0, ("process.kill", "kv", {})),
        ("redis_uptime_in_seconds < 60", 0.0, ("process.kill", "kv", {})),  # by needs
        ("kv_uptime_in_seconds < 60", 60.0, None),
        ("kv_uptime_in_seconds > 86400", 0.0, None),
    ],
)
def test_an_uptime_is_low_after_a_restart_of_what_it_is_about(
    expr: str, hold: float, expected: object
) -> None:
    around = library(redis="kv:service_started:true")
    feeds = {**around.feeds, "redis_uptime_in_seconds": ("redis",)}
    asks = rule(expr, hold=hold, series=EXPORTED)
    (suggestion,) = suggest([asks], asked([asks], replace(around, feeds=feeds)))
    assert fault(suggestion) == expected, suggestion.because


def test_a_slow_probe_is_a_slow_way_from_its_prober() -> None:
    suggestion = suggested("probe_duration_seconds > 1", library())
    expected = ("network.delay", "catalogue", {"by": "1.5s", "peers": "blackbox"})
    assert fault(suggestion) == expected, suggestion.because


def test_a_single_instance_is_risky_unless_it_is_asked_for() -> None:
    kept = suggested("max(shop_database_up) == 0", include_risky=False)
    assert (kept.state, kept.because) == ("risky", "its only instance")
    taken = suggested("max(shop_database_up) == 0", include_risky=True)
    assert (taken.state, taken.because) == ("suggested", "its only instance")


@pytest.mark.parametrize(
    ("around", "why"),
    [
        (
            replace(SHOP, instances=instances(volumes="/var/lib/data")),
            "it keeps data in volumes",
        ),
        (
            replace(SHOP, instances=instances(workload="statefulset/web")),
            "it is a StatefulSet",
        ),
        (replace(SHOP, protect=("web",)), "protected by 'web'"),
    ],
)
def test_what_may_not_be_lost_unasked_is_risky(around: Surroundings, why: str) -> None:
    suggestion = suggested('up{job="web"} == 0', around, include_risky=False)
    assert (suggestion.state, suggestion.because) == ("risky", why)


def test_what_the_target_cannot_do_gives_way_to_what_it_can() -> None:
    """Processes of one machine have no network of their own."""
    cannot = {"network.partition": "no network of its own"}
    errors = 'rate(http_requests_total{code=~"5.."}[10s]) > 1'
    assert fault(suggested(errors, refused=cannot)) == ("process.stop", "database", {})
    neither = {**cannot, "process.stop": "no"}
    assert "no network of its own" in suggested(errors, refused=neither).because


def test_on_a_cluster_what_is_scraped_has_to_stay_there() -> None:
    """A pod that is stopped is forgotten, and `up` with it."""
    suggestion = suggested('up{job="web"} == 0', on_cluster=True)
    assert fault(suggestion) == ("process.pause", "web", {})


def test_the_share_that_one_replica_serves_has_to_be_enough() -> None:
    ratio = 'http_requests_total{code="500"} / http_requests_total > 0.5'
    suggestion = suggested(ratio)
    # One replica of three cannot make half of all requests fail; the database can.
    assert fault(suggestion) == ("process.stop", "database", {})


def test_a_recorded_series_is_read_through() -> None:
    recorded = [RecordingRule(name="job:up:min", expr='min(up{job="web"})')]
    suggestion = suggested("job:up:min == 0", recorded=recorded)
    assert fault(suggestion) == ("process.stop", "web", {})


def test_of_several_sides_one_that_is_safe_is_chosen() -> None:
    suggestion = suggested('up{job="haproxy"} == 0 or up{job="web"} == 0')
    assert fault(suggestion) == ("process.stop", "web", {})


def test_what_others_excuse_is_taken_from_prometheus_alone() -> None:
    suggestion = suggested(
        'up{job="web"} == 0 unless on (instance) web_is_known_to_be_gone'
    )
    assert fault(suggestion) == ("network.partition", "web", {"peers": "prometheus"})


INHIBITING = Routing(
    route=Route(receiver="team"),
    receivers=(Receiver(name="team", integrations=(Integration(kind="webhook"),)),),
    inhibit=(
        InhibitRule(
            source=(Matcher(name="alertname", op="=", value="Balancer"),),
            target=(Matcher(name="alertname", op="=", value="Probe"),),
        ),
    ),
)


def test_a_fault_after_which_the_page_is_muted_gives_way() -> None:
    probe = rule('probe_success{job="probe"} == 0', "Probe")
    balancer = rule('up{job="haproxy"} == 0', "Balancer")
    wish = asked([probe, balancer], routing=INHIBITING)
    first, second = suggest([probe, balancer], wish)
    assert fault(first) == ("network.partition", "haproxy", {"peers": "blackbox"})
    assert second.promise is not None
    assert second.promise.reaches == ("team",)


def test_a_page_that_would_be_muted_is_not_promised() -> None:
    probe = rule('probe_success{job="probe"} == 0', "Probe")
    balancer = rule('up{job="haproxy"} == 0', "Balancer")
    refused = {"network.partition": "no network"}
    wish = asked([probe, balancer], routing=INHIBITING, refused=refused)
    (suggestion,) = suggest([probe], wish)
    assert suggestion.promise is not None
    assert fault(suggestion) == ("process.stop", "haproxy", {})
    assert (suggestion.promise.reaches, suggestion.promise.pages_within) == ((), None)
    assert suggestion.promise.fires_within is not None


def test_what_users_feel_may_ring_beside_the_loss_of_a_store() -> None:
    database = rule("max(shop_database_up) == 0", "DatabaseDown")
    errors = rule('http_requests_total{code="500"} > 1', "Errors")
    cache = rule("max(shop_cache_up) == 0", "CacheDown")
    wish = asked([database, errors, cache])
    (suggestion,) = suggest([database], wish)
    assert (suggestion.beside, suggestion.felt) == (("Errors",), True)


def test_most_rules_of_the_demo_have_a_suggestion() -> None:
    """All but the watchdog, which always fires."""
    demo_rules, _ = rule_file.read(str(DEMO / "rules.yaml"))
    rules = [
        replace(
            alert_rule,
            interval=1.0,
            series=SERVERS if alert_rule.name == "WebReplicaDown" else None,
        )
        for alert_rule in demo_rules
    ]
    told = {
        suggestion.rule.name: suggestion for suggestion in suggest(rules, asked(rules))
    }
    assert {
        name for name, suggestion in told.items() if suggestion.state != "suggested"
    } == {"Watchdog"}
    assert told["Watchdog"].because == "it always fires"
    # Without losing an only instance: one replica lost, one slow, one unseen.
    safe = suggest(rules, asked(rules, include_risky=False))
    assert [
        suggestion.rule.name for suggestion in safe if suggestion.state == "suggested"
    ] == [
        "WebReplicaDown",
        "CheckoutLatency",
        "TargetMissing",
    ]
