"""What is left of an SLO's error budget, and how fast it burns, from counted events."""

from collections.abc import Iterable

from gameday.errors import ObserverLost
from gameday.gate.decide import Budget, BurnRate
from gameday.model.scenario import Endpoint
from gameday.model.slos.selector import (
    buckets,
    metric_of,
    never_seen,
    no_bucket,
)
from gameday.model.slos.slo import Slo
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.api import PrometheusApi
from gameday.observers.prometheus.window import (
    CountedWindow,
    countable,
    events_since,
)
from gameday.ports import Clock

WINDOWS = {"fast": (3600.0, 300.0), "slow": (21600.0, 1800.0)}  # seconds


def read_budget(
    endpoint: Endpoint, clock: Clock, slo: Slo, window: float, burns: Iterable[str]
) -> Budget:
    """Return what is known of an SLO's budget; `burns`: of `WINDOWS`, which to read."""
    uncountable = _uncountable(slo)
    if uncountable:
        return Budget(unknown=uncountable)
    client = Client(endpoint, clock, timeout=30.0)
    try:
        api = PrometheusApi(client, clock)
        return _read(api, slo, window, burns)
    except ObserverLost as error:
        return Budget(unknown=str(error))
    except MALFORMED as error:
        return Budget(unknown=f"{client.url} answers oddly: {error}")
    finally:
        client.close()


def _uncountable(slo: Slo) -> str:
    """Return why an SLO cannot be counted beside the runs; empty: it can."""
    if slo.slices is not None:
        return (
            f"{slo.name} counts slices of time, of which a gate knows nothing beside "
            "the runs; name an SLO that counts events"
        )
    if not countable(slo.bad):
        return (
            f"{slo.name} compares samples with a limit, which Prometheus counts only "
            "beside the runs; record the comparison as 0 and 1, and count good samples "
            "of that"
        )
    return ""


def _read(api: PrometheusApi, slo: Slo, window: float, burns: Iterable[str]) -> Budget:
    now = api.query("time()")[0].samples[0][1]
    total = events_since(api, slo.total, window, now)
    if total.total <= 0.0:
        return Budget(unknown=f"{slo.name} has no events in Prometheus to count")
    unseen = _never_seen(api, slo)
    if unseen:
        return Budget(unknown=unseen)
    bad = events_since(api, slo.bad, window, now)
    return Budget(
        least=_budget_left(slo, bad.total + bad.unknown, total.total - total.surplus),
        most=_budget_left(slo, bad.total - bad.surplus, total.total + total.unknown),
        whole=total.complete,
        grouped_by=slo.grouped_by,
        counted=now - total.since,
        window=window,
        burns={
            name: tuple(_burn(api, slo, length, now) for length in WINDOWS[name])
            for name in burns
        },
    )


def _never_seen(api: PrometheusApi, slo: Slo) -> str:
    """Return what Prometheus would have to know for the bad events to be counted."""
    seen = {metric_of(term.selector) for term in slo.total}
    counting = {metric_of(term.selector) for term in slo.bad if term.sign > 0}
    unknown = [
        name
        for name in sorted(counting - seen)
        if name and not api.knows(f'{{__name__="{name}"}}')
    ]
    missing = (selector for selector in buckets(slo) if not api.knows(selector))
    return never_seen(slo, unknown) or next(map(no_bucket, missing), "")


def _budget_left(slo: Slo, bad: float, total: float) -> float:
    """Return the share of the budget that so many bad events leave."""
    allowed = slo.budget * total
    if allowed <= 0.0:
        return 1.0 if bad <= 0.0 else 0.0
    return 1.0 - max(0.0, bad) / allowed


def _burn(api: PrometheusApi, slo: Slo, window: float, now: float) -> BurnRate:
    total = events_since(api, slo.total, window, now)
    whole = total.complete
    if total.total <= 0.0 or slo.budget <= 0.0:
        return BurnRate(window=window, rate=None, whole=whole)
    bad: CountedWindow = events_since(api, slo.bad, window, now)
    rate = bad.total / total.total / slo.budget
    return BurnRate(window=window, rate=rate, whole=whole)
