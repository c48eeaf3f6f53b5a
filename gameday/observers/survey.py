"""What the observed systems have: rules, intervals, versions. For the plan.

Everything is asked at once, in parallel: a plan has to be quick. Alertmanager's
routes are handed on as text; reading them is another room's business.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from gameday.errors import InvalidFile, ObserverLost
from gameday.model.alerting.alert import AlertRule, Routing
from gameday.model.alerting.expression import Selector
from gameday.model.alerting.expression_parser import series_expression
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.scenario import Observe
from gameday.model.timing.prometheus_settings import PrometheusSettings
from gameday.model.timing.rule_delays import scraped
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.api import PrometheusApi, ScrapeTarget
from gameday.observers.prometheus.rules import (
    LiveRuleGroup,
    alert_rules,
    read_groups,
    recording_rules,
)
from gameday.observers.prometheus.settings import read_settings, scrape_jobs
from gameday.ports import Clock

T = TypeVar("T")
Ask = Callable[[], Any]
MOST_ASKED = 200  # rules whose series are asked for, and metrics whose jobs are
MOST_SERIES = 1000  # of an alert; with more their labels are not known
AT_ONCE = 8  # questions to one Prometheus


class LiveSurveyor:
    """Reads Prometheus and Alertmanager as they run now.

    `parse_routes` turns Alertmanager's configuration into a Routing. `alerts`
    names the alerts that matter: the scrape interval is then the longest of the
    jobs that their rules read (None: of all jobs). Prometheus is asked which series
    these alerts may have, and which jobs have the metrics that they rest on; with
    `every` that is asked of all alerts.
    """

    def __init__(
        self,
        observe: Observe,
        clock: Clock,
        parse_routes: Callable[[str], Routing] | None = None,
        alerts: Collection[str] | None = None,
        *,
        every: bool = False,
    ) -> None:
        self._prometheus = (
            PrometheusApi(Client(observe.prometheus, clock), clock)
            if observe.prometheus
            else None
        )
        self._alertmanager = (
            Client(observe.alertmanager, clock) if observe.alertmanager else None
        )
        self._parse = parse_routes
        self._alerts = alerts
        self._every = every
        self._status: Mapping[str, Any] = {}
        self.hashes: dict[str, str] = {}

    def monitoring(self) -> Monitoring:
        """Return what could be read, and the problems of what could not."""
        asks: dict[str, Ask] = {}
        if (api := self._prometheus) is not None:
            asks |= {
                "rules": lambda: read_groups(api.groups()),
                "config": api.config,
                "targets": api.targets,
                "version": api.version,
            }
        if self._alertmanager is not None:
            asks["status"] = self._ask_status
        answers, problems = _all_at_once(asks)
        monitoring = Monitoring()
        for add in (self._add_timing, self._add_rules, self._add_routes):
            monitoring, more = add(monitoring, answers)
            problems += more
        monitoring = self._with_jobs(self._with_series(monitoring))
        self._rest()
        return replace(monitoring, problems=tuple(dict.fromkeys(problems)))

    def _rest(self) -> None:
        clients = [self._prometheus.client] if self._prometheus else []
        for client in (*clients, self._alertmanager):
            if client is not None:
                client.close_idle()

    def alertmanager_config(self) -> str:
        """Return Alertmanager's configuration as it shows it; secrets are masked."""
        status = self._status or self._ask_status()
        return str(status["config"]["original"])

    def _ask_status(self) -> Mapping[str, Any]:
        if self._alertmanager is None:
            raise ObserverLost("the scenario names no Alertmanager")
        status = self._alertmanager.json("/api/v2/status")
        if not isinstance(status, dict) or "config" not in status:
            raise ObserverLost(
                f"{self._alertmanager.url} does not answer like Alertmanager"
            )
        self._status = status
        return status

    def _add_timing(
        self, monitoring: Monitoring, answers: Mapping[str, Any]
    ) -> tuple[Monitoring, list[str]]:
        monitoring = replace(monitoring, prometheus_version=answers.get("version", ""))
        settings = PrometheusSettings()
        if (text := answers.get("config")) is not None:
            settings = read_settings(text)
            monitoring = replace(
                monitoring,
                evaluation_interval=settings.evaluation_interval,
                external_labels=settings.external_labels,
                relabels=settings.relabels,
            )
        targets: list[ScrapeTarget] | None = answers.get("targets")
        if targets is None:
            return monitoring, []
        if not targets:
            return monitoring, ["Prometheus has no scrape targets"]
        return replace(monitoring, jobs=scrape_jobs(targets, settings)), []

    def _add_rules(
        self, monitoring: Monitoring, answers: Mapping[str, Any]
    ) -> tuple[Monitoring, list[str]]:
        groups: tuple[LiveRuleGroup, ...] | None = answers.get("rules")
        if groups is None:
            return monitoring, []
        text = answers.get("config")
        offset = read_settings(text).query_offset if text else 0.0
        rules = tuple(alert_rules(groups, offset))
        self.hashes["rules"] = _hash(json.dumps(sorted(map(_series_evidence, rules))))
        recorded = tuple(recording_rules(groups, offset))
        return replace(monitoring, rules=rules, recorded=recorded), []

    def _add_routes(
        self, monitoring: Monitoring, answers: Mapping[str, Any]
    ) -> tuple[Monitoring, list[str]]:
        if "status" not in answers:
            return monitoring, []
        version = str(answers["status"].get("versionInfo", {}).get("version", ""))
        monitoring = replace(monitoring, alertmanager_version=version.partition("+")[0])
        text = self.alertmanager_config()
        self.hashes["routes"] = _hash(text)
        if self._parse is None:
            return monitoring, []
        try:
            return replace(monitoring, routing=self._parse(text)), []
        except (InvalidFile, ObserverLost, ValueError) as problem:
            return monitoring, [f"Alertmanager's configuration: {problem}"]

    def _rules_that_matter(self, monitoring: Monitoring) -> list[AlertRule]:
        """Return the rules of the alerts that matter, as many as may be asked about."""
        rules = [
            rule
            for rule in monitoring.rules or ()
            if self._every or rule.name in (self._alerts or ())
        ]
        return rules[:MOST_ASKED]

    def _with_series(self, monitoring: Monitoring) -> Monitoring:
        """Ask which labels the series have that the alerts' expressions select."""
        rules = self._rules_that_matter(monitoring)
        exprs = {rule.expr: series_expression(rule.expr) for rule in rules}
        series_by_key = self._labels_of_series(
            {key: expr for key, expr in exprs.items() if expr}
        )
        return replace(
            monitoring,
            rules=None
            if monitoring.rules is None
            else tuple(
                replace(rule, series=series_by_key[rule.expr])
                if rule in rules and rule.expr in series_by_key
                else rule
                for rule in monitoring.rules
            ),
        )

    def _with_jobs(self, monitoring: Monitoring) -> Monitoring:
        """Ask which jobs have the metrics that the alerts rest on."""
        rest_on = {
            selector
            for rule in self._rules_that_matter(monitoring)
            for selector in scraped(rule.expr, monitoring.recorded)
        }
        feeds = self._jobs_by_metric(rest_on)
        monitoring = replace(
            monitoring,
            feeds={name: tuple(sorted(jobs)) for name, jobs in feeds.items()},
        )
        jobs = self._jobs_that_matter(monitoring.jobs, rest_on, feeds)
        if not jobs:
            return monitoring
        interval, timeout = max((job.interval, job.timeout) for job in jobs)
        return replace(monitoring, scrape_interval=interval, scrape_timeout=timeout)

    def _jobs_by_metric(self, selectors: Collection[Selector]) -> dict[str, set[str]]:
        """Ask for the jobs that have the selected series; by the metric's name."""
        texts = {selector: _selector_text(selector) for selector in selectors}
        asked = sorted(texts, key=texts.__getitem__)[:MOST_ASKED]
        labels_by_text = self._labels_of_series(
            {
                texts[selector]: f"count by (job) ({texts[selector]})"
                for selector in asked
                if selector.name
            }
        )
        feeds: dict[str, set[str]] = {}
        for selector, text in texts.items():
            if series := labels_by_text.get(text):
                jobs = {labels.get("job", "") for labels in series}
                feeds.setdefault(selector.name, set()).update(jobs)
        return feeds

    def _jobs_that_matter(
        self,
        jobs: Sequence[ScrapeJob],
        rest_on: Collection[Selector],
        feeds: Mapping[str, Collection[str]],
    ) -> Sequence[ScrapeJob]:
        """Return the jobs that the alerts rest on; all, where that is not known.

        A metric that nobody has yet, or a recorded one, may come from any job.
        """
        named = {selector.name for selector in rest_on}
        if self._alerts is None or not named or named != feeds.keys():
            return jobs
        wanted = set[str]().union(*feeds.values())
        return [job for job in jobs if job.name in wanted] or jobs

    def _labels_of_series(
        self, exprs: Mapping[str, str]
    ) -> dict[str, tuple[Mapping[str, str], ...]]:
        """Return the labels of the series of expressions; what fails is left out."""
        api = self._prometheus
        if api is None:
            return {}
        answers, _ = _all_at_once(
            {key: partial(api.query, expr) for key, expr in exprs.items()}
        )
        return {
            key: tuple(
                {
                    name: value
                    for name, value in sample.labels.items()
                    if name != "__name__"
                }
                for sample in series
            )
            for key, series in answers.items()
            if len(series) <= MOST_SERIES
        }


def _all_at_once(asks: Mapping[str, Ask]) -> tuple[dict[str, Any], list[str]]:
    answers: dict[str, Any] = {}
    problems: list[str] = []
    if not asks:
        return answers, problems
    with ThreadPoolExecutor(min(AT_ONCE, len(asks))) as pool:
        running = {name: pool.submit(ask) for name, ask in asks.items()}
        for name, future in running.items():
            try:
                answers[name] = future.result()
            except ObserverLost as problem:
                problems.append(str(problem))
            except MALFORMED as problem:
                problems.append(
                    f"the {name} are not understood ({type(problem).__name__})"
                )
    return answers, problems


def _selector_text(selector: Selector) -> str:
    matchers = ",".join(
        f"{matcher.name}{matcher.op}{json.dumps(matcher.value, ensure_ascii=False)}"
        for matcher in selector.matchers
        if matcher.name != "__name__"
    )
    return f"{selector.name}{{{matchers}}}" if matchers else selector.name


def _series_evidence(rule: AlertRule) -> list[Any]:
    return [
        rule.file,
        rule.group,
        rule.name,
        rule.expr,
        rule.hold,
        rule.keep_firing,
        rule.interval,
        sorted(rule.labels.items()),
        sorted(rule.annotations.items()),
    ]


def _hash(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
