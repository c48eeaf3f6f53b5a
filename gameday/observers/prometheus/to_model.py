"""The rules and the jobs of a Prometheus, as the model has them."""

from collections.abc import Iterable

from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.plan import ScrapeJob
from gameday.model.timing.prometheus_settings import PrometheusSettings
from gameday.observers.prometheus.api import ScrapeTarget
from gameday.observers.prometheus.rules import LiveRuleGroup
from gameday.observers.promql import metrics_of


def alert_rules(groups: Iterable[LiveRuleGroup], offset: float) -> Iterable[AlertRule]:
    """Yield the alerting rules; `offset`: the global query offset in seconds."""
    for group in groups:
        for place, rule in enumerate(group.rules):
            if not rule.alerting:
                continue
            yield AlertRule(
                name=rule.name,
                expr=rule.query,
                group=group.name,
                file=group.file,
                hold=rule.hold,
                keep_firing=rule.keep,
                interval=group.interval,
                query_offset=offset,
                labels=dict(rule.labels),
                annotations=dict(rule.annotations),
                reads=metrics_of(rule.query),
                place=place,
            )


def recording_rules(
    groups: Iterable[LiveRuleGroup], offset: float
) -> Iterable[RecordingRule]:
    """Yield the recording rules; `offset`: the global query offset in seconds."""
    for group in groups:
        for place, rule in enumerate(group.rules):
            if rule.alerting:
                continue
            yield RecordingRule(
                name=rule.name,
                expr=rule.query,
                group=group.name,
                file=group.file,
                interval=group.interval,
                query_offset=offset,
                labels=dict(rule.labels),
                place=place,
            )


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
