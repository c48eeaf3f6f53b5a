"""What a Prometheus configuration says of timing and of alerts on their way.

From its parsed YAML, in a file or as Prometheus shows it: both are read alike. What
is not right in it has the default, for another room judges it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from gameday.frozen import frozen
from gameday.model.alerting.relabel import RelabelRule
from gameday.model.plan import ScrapeJob
from gameday.model.quantity import parse_duration

# Prometheus' own defaults, in seconds.
INTERVAL = 60.0
TIMEOUT = 10.0


@frozen
class PrometheusSettings:
    """Times in seconds. `scrape_interval` and `scrape_timeout` are the global ones."""

    scrape_interval: float = INTERVAL
    scrape_timeout: float = TIMEOUT
    evaluation_interval: float = INTERVAL
    query_offset: float = 0.0
    jobs: tuple[ScrapeJob, ...] = ()
    external_labels: Mapping[str, str] = field(default_factory=dict)
    relabels: tuple[RelabelRule, ...] = ()


def settings_of(document: Any) -> PrometheusSettings:
    """Return what the configuration says."""
    general = _mapping(_mapping(document).get("global"))
    interval = _seconds(general.get("scrape_interval"), INTERVAL)
    timeout = _seconds(general.get("scrape_timeout"), min(TIMEOUT, interval))
    return PrometheusSettings(
        scrape_interval=interval,
        scrape_timeout=timeout,
        evaluation_interval=_seconds(general.get("evaluation_interval"), INTERVAL),
        query_offset=_seconds(general.get("rule_query_offset"), 0.0, zero=True),
        jobs=tuple(
            _job(_mapping(job), interval, timeout)
            for job in _list(_mapping(document).get("scrape_configs"))
        ),
        external_labels={
            str(name): str(value)
            for name, value in _mapping(general.get("external_labels")).items()
        },
        relabels=_relabels(_mapping(_mapping(document).get("alerting"))),
    )


def _job(job: Mapping[str, Any], interval: float, timeout: float) -> ScrapeJob:
    own = _seconds(job.get("scrape_interval"), interval)
    patience = _seconds(job.get("scrape_timeout"), min(timeout, own))
    return ScrapeJob(name=str(job.get("job_name", "")), interval=own, timeout=patience)


def _relabels(alerting: Mapping[str, Any]) -> tuple[RelabelRule, ...]:
    """Return the rules for all Alertmanagers, then those of the only one."""
    rules = [*_list(alerting.get("alert_relabel_configs"))]
    ends = _list(alerting.get("alertmanagers"))
    if len(ends) == 1:
        rules += _list(_mapping(ends[0]).get("alert_relabel_configs"))
    return tuple(relabel_rule(_mapping(rule)) for rule in rules)


def relabel_rule(rule: Mapping[str, Any]) -> RelabelRule:
    """Return one entry of a relabelling, its defaults filled in."""
    default = RelabelRule()
    source = _list(rule.get("source_labels"))
    return RelabelRule(
        action=str(rule.get("action") or default.action).lower(),
        source=tuple(str(label) for label in source),
        separator=str(rule.get("separator", default.separator)),
        regex=str(rule.get("regex", default.regex)),
        target=str(rule.get("target_label") or default.target),
        replacement=str(rule.get("replacement", default.replacement)),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _seconds(value: Any, default: float, *, zero: bool = False) -> float:
    """Return a duration in seconds; zero stands for the default unless it may be."""
    text = "" if value is None else str(value)
    try:
        seconds = 0.0 if text == "0" else parse_duration(text)
    except ValueError:
        return default
    return seconds if seconds or zero else default
