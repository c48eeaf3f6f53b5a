"""What Prometheus' own configuration says, as far as it concerns timing."""

from collections.abc import Mapping
from typing import Any

import yaml

from gameday.errors import ObserverLost
from gameday.observers.prometheus.api import span

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Prometheus' own defaults, which the loaded configuration normally spells out.
SCRAPE_INTERVAL = 60.0
SCRAPE_TIMEOUT = 10.0
EVALUATION_INTERVAL = 60.0


def read_config(text: str) -> Mapping[str, Any]:
    """Return the configuration; ObserverLost where it is no YAML mapping."""
    try:
        loaded = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        raise ObserverLost("the configuration that it shows is not YAML") from None
    if not isinstance(loaded, dict):
        raise ObserverLost("the configuration that it shows is empty")
    return loaded


def _global(text: str) -> Mapping[str, Any]:
    found = read_config(text).get("global") or {}
    return found if isinstance(found, dict) else {}


def rule_query_offset(text: str) -> float:
    """Return the global query offset in seconds."""
    return span(str(_global(text).get("rule_query_offset", "0s")))


def evaluation_interval(text: str) -> float:
    """Return the default evaluation interval in seconds."""
    value = _global(text).get("evaluation_interval")
    return span(str(value)) if value else EVALUATION_INTERVAL


def scrape_settings(text: str) -> dict[str, tuple[float, float]]:
    """Return scrape interval and timeout in seconds by job; "" the default."""
    config = read_config(text)
    defaults = _pair(_global(text), (SCRAPE_INTERVAL, SCRAPE_TIMEOUT))
    jobs = config.get("scrape_configs") or ()
    return {"": defaults} | {
        str(job.get("job_name", "")): _pair(job, defaults)
        for job in jobs
        if isinstance(job, dict)
    }


def _pair(
    settings: Mapping[str, Any], defaults: tuple[float, float]
) -> tuple[float, float]:
    interval = settings.get("scrape_interval")
    timeout = settings.get("scrape_timeout")
    return (
        span(str(interval)) if interval else defaults[0],
        span(str(timeout)) if timeout else defaults[1],
    )
