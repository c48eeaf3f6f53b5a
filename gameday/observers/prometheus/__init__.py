"""Edge. Prometheus: exact alert episodes, counters, scrapes and rules."""

from gameday.observers.prometheus.observer import PrometheusObserver

__all__ = ["PrometheusObserver"]
