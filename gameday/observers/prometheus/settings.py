"""The configuration that Prometheus shows, as YAML, and the jobs that it scrapes by it.

The model reads what the configuration says.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from gameday.errors import ObserverLost
from gameday.model.plan import ScrapeJob
from gameday.model.timing.prometheus_settings import PrometheusSettings, settings_of
from gameday.observers.prometheus.api import ScrapeTarget

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_settings(text: str) -> PrometheusSettings:
    """Return what it says; ObserverLost where it is no YAML mapping."""
    return settings_of(_document(text))


def scrape_jobs(
    targets: Iterable[ScrapeTarget], settings: PrometheusSettings
) -> tuple[ScrapeJob, ...]:
    """Return the jobs of the targets, each as its slowest target is scraped."""
    configured = {job.name: job for job in settings.jobs}
    jobs: dict[str, ScrapeJob] = {}
    for target in targets:
        name = target.labels.get("job", "")
        default = configured.get(name)
        interval = default.interval if default else settings.scrape_interval
        timeout = default.timeout if default else settings.scrape_timeout
        before = jobs.get(name, ScrapeJob(name=name, interval=0.0, timeout=0.0))
        jobs[name] = ScrapeJob(
            name=name,
            interval=max(before.interval, target.interval or interval),
            timeout=max(before.timeout, target.timeout or timeout),
        )
    return tuple(jobs.values())


def _document(text: str) -> Mapping[str, Any]:
    try:
        loaded = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        raise ObserverLost("the configuration that it shows is not YAML") from None
    if not isinstance(loaded, dict):
        raise ObserverLost("the configuration that it shows is empty")
    return loaded
