"""What Prometheus knows of the SLOs' counters before a run."""

from collections.abc import Sequence

from gameday.errors import ObserverLost
from gameday.model.scenario import Endpoint
from gameday.model.slos.selector import buckets, metric_of
from gameday.model.slos.slo import Slo
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.api import PrometheusApi
from gameday.observers.prometheus.settings import read_settings
from gameday.ports import Clock


def survey_slos(
    endpoint: Endpoint | None, slos: Sequence[Slo], clock: Clock
) -> tuple[float | None, tuple[str, ...]]:
    """Return the longest scrape interval of the SLOs' counters, and unknown metrics.

    Unknown are those that count bad events and that Prometheus has never seen, as far
    as its samples reach back, and selectors of buckets that do not fit. Nothing is said
    where it cannot be asked: the survey of rules and routes says so already.
    """
    if endpoint is None or not slos:
        return None, ()
    api = PrometheusApi(Client(endpoint, clock), clock)
    try:
        return _interval(api, slos), _unknown(api, slos)
    except (ObserverLost, *MALFORMED):
        return None, ()
    finally:
        api.client.close_idle()


def _interval(api: PrometheusApi, slos: Sequence[Slo]) -> float | None:
    selectors = {term.selector for slo in slos for term in (*slo.bad, *slo.total)}
    jobs = set(api.data("/label/job/values", {"match[]": sorted(selectors)}))
    settings = read_settings(api.config())
    by_job = {job.name: job.interval for job in settings.jobs}
    intervals = [
        target.interval or by_job.get(job, settings.scrape_interval)
        for target in api.targets()
        if (job := target.labels.get("job", "")) in jobs
    ]
    return max(intervals, default=None)


def _unknown(api: PrometheusApi, slos: Sequence[Slo]) -> tuple[str, ...]:
    wanted = {metric_of(term.selector) for slo in slos for term in slo.bad}
    names = sorted(name for name in wanted if name)
    if not names:
        return ()
    matches = [f'{{__name__="{name}"}}' for name in names]
    known = set(api.data("/label/__name__/values", {"match[]": matches}))
    selectors = dict.fromkeys(selector for slo in slos for selector in buckets(slo))
    return (
        *(name for name in names if name not in known),
        *(
            selector
            for selector in selectors
            if metric_of(selector) in known and not api.knows(selector)
        ),
    )
