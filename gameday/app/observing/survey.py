"""What a scenario's Prometheus and Alertmanager have: rules, routes, what rings now."""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gameday.errors import ObserverLost
from gameday.model.alerting.alert import AlertRule, RecordingRule, Routing
from gameday.model.plan import Monitoring
from gameday.model.scenario import ObservedFiles, Scenario
from gameday.ports import Clock

if TYPE_CHECKING:
    from gameday.files.prometheus.prometheus_config import PrometheusConfig
    from gameday.model.timing.prometheus_settings import PrometheusSettings
    from gameday.observers.prometheus.metrics import MetricsObserver

_Rule = TypeVar("_Rule", AlertRule, RecordingRule)


def survey(scenario: Scenario, clock: Clock) -> tuple[Monitoring, Mapping[str, str]]:
    """Ask Prometheus and Alertmanager what rules and routes they have."""
    from gameday.observers.slo_survey import survey_slos
    from gameday.observers.standing import read_standing
    from gameday.observers.survey import LiveSurveyor

    promised = {p.alert for step in scenario.steps for p in step.expect.alerts}
    # A scenario without steps is `init`'s: it looks for an alert to promise.
    surveyor = LiveSurveyor(
        scenario.observe, clock, _routing, promised or None, every=not scenario.steps
    )
    observe = scenario.observe
    with ThreadPoolExecutor(max_workers=3) as beside:  # none needs another's answer
        alerts_now = beside.submit(read_standing, observe, clock)
        metrics = beside.submit(_metrics_now, scenario, clock)
        counters = beside.submit(survey_slos, observe.prometheus, scenario.slos, clock)
        monitoring = replace(surveyor.monitoring(), at=clock.now(), live=True)
    interval, unknown = counters.result()
    if monitoring.rules is not None and (paths := scenario.observe.files.rules):
        rules, recorded = _rules_of(paths)
        monitoring = replace(
            monitoring,
            rules=_with_offsets(monitoring.rules, rules),
            recorded=_with_offsets(monitoring.recorded, recorded),
        )
    monitoring = replace(
        monitoring,
        metrics=metrics.result(),
        standing=alerts_now.result(),
        slo_interval=interval,
        unknown_metrics=unknown,
    )
    return monitoring, surveyor.hashes


def _metrics_now(scenario: Scenario, clock: Clock) -> Mapping[str, str]:
    """Return in words what each promised expression says now, by expression."""
    said: dict[str, str] = {}
    for observer in metrics_observer(scenario, clock):
        try:
            observations = observer.now()
        except ObserverLost:
            return {}  # the survey says so already
        finally:
            observer.stop()
        said |= {promql: looked.text for promql, looked in observations.items()}
    return said


def monitoring_of_files(files: ObservedFiles, clock: Clock) -> Monitoring:
    """Return what the files alone show, for a lint without a running server."""
    from gameday.files.alertmanager import alertmanager
    from gameday.files.prometheus import prometheus_config

    config = prometheus_config.read(files.prometheus)[0] if files.prometheus else None
    settings = config.settings if config else None
    paths = _rule_paths(files, config)
    routing = alertmanager.read(files.alertmanager)[0] if files.alertmanager else None
    offset = settings.query_offset if settings else 0.0
    rules, recorded = _rules_of(paths)
    monitoring = Monitoring(
        rules=tuple(_with_offset(rule, offset) for rule in rules) if paths else None,
        all_rules=not files.rules or _names_all(config, files.rules),
        recorded=tuple(_with_offset(rule, offset) for rule in recorded),
        routing=routing,
        at=clock.now(),
    )
    return monitoring if settings is None else _with_settings(monitoring, settings)


def _rule_paths(
    files: ObservedFiles, config: "PrometheusConfig | None"
) -> Sequence[str]:
    """Return the rule files that the scenario names, else those of Prometheus' own.

    Of Prometheus' configuration they count only if all of them are there.
    """
    if files.rules or config is None or not config.all_rules:
        return files.rules
    return config.rule_files


def _with_settings(
    monitoring: Monitoring, settings: "PrometheusSettings"
) -> Monitoring:
    return replace(
        monitoring,
        jobs=settings.jobs,
        scrape_interval=settings.scrape_interval,
        scrape_timeout=settings.scrape_timeout,
        evaluation_interval=settings.evaluation_interval,
        external_labels=settings.external_labels,
        relabels=settings.relabels,
    )


def _names_all(config: "PrometheusConfig | None", paths: Iterable[str]) -> bool:
    """Return whether these are all rule files that Prometheus' configuration names."""
    if config is None or not (config.all_rules and config.rule_files):
        return False
    given = {os.path.realpath(path) for path in paths}
    return given.issuperset(os.path.realpath(path) for path in config.rule_files)


def _rules_of(
    paths: Iterable[str],
) -> tuple[list[AlertRule], list[RecordingRule]]:
    """Return the rules of files, each with the query offset that its group states."""
    from gameday.files.prometheus import rules

    alerts: list[AlertRule] = []
    recorded: list[RecordingRule] = []
    for path in paths:
        read = rules.read_all(path)
        alerts += [rule for rule in read if isinstance(rule, AlertRule)]
        recorded += [rule for rule in read if isinstance(rule, RecordingRule)]
    return alerts, recorded


def _with_offset(rule: _Rule, offset: float) -> _Rule:
    """Return a rule of a file with the global query offset, unless it has its own."""
    own = rule.query_offset
    return replace(rule, query_offset=offset if own is None else own)


def _routing(text: str) -> Routing:
    from gameday.files.alertmanager import alertmanager

    path = "alertmanager's configuration"
    routing, problems = alertmanager.parse(text, path, running=True)
    if routing is None:
        raise ObserverLost("; ".join(str(problem) for problem in problems))
    return routing


def _with_offsets(live: Sequence[_Rule], files: Sequence[_Rule]) -> tuple[_Rule, ...]:
    """Return the live rules with the query offsets that files state for their groups.

    The API does not show a group's own offset; where it states one, also of 0s, it
    overrides the global one.
    """
    offsets = {
        (rule.group, rule.name): rule.query_offset
        for rule in files
        if rule.query_offset is not None
    }
    return tuple(
        replace(
            rule, query_offset=offsets.get((rule.group, rule.name), rule.query_offset)
        )
        for rule in live
    )


def metrics_observer(scenario: Scenario, clock: Clock) -> "list[MetricsObserver]":
    """Return who looks at the promised expressions; nobody where there are none."""
    from gameday.observers.prometheus.metrics import MetricsObserver

    endpoint = scenario.observe.prometheus
    promises = [metric for step in scenario.steps for metric in step.expect.metrics]
    if endpoint is None or not promises:
        return []
    return [MetricsObserver(endpoint, clock, promises)]
