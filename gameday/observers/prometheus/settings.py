"""The configuration that Prometheus shows, as YAML; model reads what it says."""

from collections.abc import Mapping
from typing import Any

import yaml

from gameday.errors import ObserverLost
from gameday.model.timing.prometheus_settings import PrometheusSettings, settings_of

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_settings(text: str) -> PrometheusSettings:
    """Return what it says; ObserverLost where it is no YAML mapping."""
    return settings_of(_document(text))


def _document(text: str) -> Mapping[str, Any]:
    try:
        loaded = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        raise ObserverLost("the configuration that it shows is not YAML") from None
    if not isinstance(loaded, dict):
        raise ObserverLost("the configuration that it shows is empty")
    return loaded
