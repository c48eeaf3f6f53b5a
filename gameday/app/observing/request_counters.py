"""Which counter of requests a Prometheus has, and how it tells the bad ones."""

import re
from collections import Counter
from collections.abc import Sequence

from gameday.errors import ObserverLost
from gameday.files.scenario.starter import Requests
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Series
from gameday.ports import Clock

# Counters of requests, best first: what the balancer counts is what users get.
COUNTERS = re.compile(
    r"(http|request|upstream).*(requests|responses|rq_xx|count|total)$"
)
FRONT = re.compile(r"haproxy_backend|traefik_service|nginx_ingress|envoy_cluster|istio")
NOT_THE_SYSTEM = re.compile(r"(prom|alertmanager|grafana|net_|probe_|go_|loki)")
STATUS = (
    "code",
    "status",
    "status_code",
    "response_code",
    "http_status_code",
    "http_response_status_code",
    "envoy_response_code_class",
)
PARTS = ("proxy", "exported_service", "service", "backend", "ingress", "job")
MOST_COUNTERS = 20  # asked of Prometheus, one query each


def find_requests(prometheus: str, clock: Clock) -> Requests | None:
    """Return the counter of requests that is nearest to the users."""
    from gameday.observers.http import Client
    from gameday.observers.prometheus.api import PrometheusApi

    api = PrometheusApi(Client(Endpoint(url=prometheus), clock), clock)
    try:
        names = api.data("/label/__name__/values")
        for name in order_counters(names)[:MOST_COUNTERS]:
            grouped = f"sum by ({','.join((*STATUS, *PARTS))}) ({name})"
            counter = describe_counter(name, api.query(grouped))
            if counter is not None:
                return counter
    except ObserverLost:
        return None
    return None


def order_counters(names: Sequence[str]) -> list[str]:
    """Return the names that may count requests, the most promising first."""
    likely = [
        name
        for name in names
        if COUNTERS.search(name) and not NOT_THE_SYSTEM.match(name)
    ]
    return sorted(
        likely,
        key=lambda name: (not FRONT.match(name), not name.startswith("http_"), name),
    )


def describe_counter(name: str, series: Sequence[Series]) -> Requests | None:
    """Return how a counter tells bad requests; None where no label says it."""
    for label in STATUS:
        values = {sample.labels[label] for sample in series if label in sample.labels}
        if bad := _error_matcher(label, values):
            return Requests(metric=name, labels=_busiest(series), bad=bad)
    return None


def _error_matcher(label: str, values: set[str]) -> str:
    for pattern, operator, bad in (
        (r"\dxx", "=", "5xx"),
        (r"\dXX", "=", "5XX"),
        (r"[1-5]", "=", "5"),
        (r"[1-5]\d\d", "=~", "5.."),
    ):
        if any(re.fullmatch(pattern, value) for value in values):
            return f'{label}{operator}"{bad}"'
    return ""


def _busiest(series: Sequence[Series]) -> dict[str, str]:
    """Return the label that tells the busiest part from the others."""
    for label in PARTS:
        tally: Counter[str] = Counter()
        for sample in series:
            if sample.labels.get(label) and sample.samples:
                tally[sample.labels[label]] += int(sample.samples[-1][1])
        if tally:
            return {label: tally.most_common(1)[0][0]}
    return {}
