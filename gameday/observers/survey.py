"""What the observed systems have: rules, intervals, versions. For the plan.

Everything is asked at once, in parallel: a plan has to be quick. Alertmanager's
routes are handed on as text; reading them is another room's business.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from gameday.errors import InvalidFile, ObserverLost
from gameday.model.alert import AlertRule, Routing
from gameday.model.plan import Eyes
from gameday.model.scenario import Observe
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.api import PrometheusApi, ScrapeTarget
from gameday.observers.prometheus.rules import Group, read_groups
from gameday.observers.prometheus.settings import (
    evaluation_interval,
    rule_query_offset,
    scrape_settings,
)
from gameday.observers.promql import metrics_of
from gameday.ports import Clock

T = TypeVar("T")
Ask = Callable[[], Any]


class LiveSurveyor:
    """Reads Prometheus and Alertmanager as they run now.

    `parse_routes` turns Alertmanager's configuration into a Routing. `alerts`
    names the alerts that matter: the scrape interval is then the longest of the
    jobs that their rules read (None: of all jobs).
    """

    def __init__(
        self,
        observe: Observe,
        clock: Clock,
        parse_routes: Callable[[str], Routing] | None = None,
        alerts: Collection[str] | None = None,
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
        self._status: Mapping[str, Any] = {}
        self.hashes: dict[str, str] = {}

    def eyes(self) -> Eyes:
        """Return what could be read, and what could not."""
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
        eyes = Eyes()
        for add in (self._add_timing, self._add_rules, self._add_routes):
            eyes, more = add(eyes, answers)
            problems += more
        self._rest()
        return replace(eyes, problems=tuple(dict.fromkeys(problems)))

    def _rest(self) -> None:
        clients = [self._prometheus.client] if self._prometheus else []
        for client in (*clients, self._alertmanager):
            if client is not None:
                client.rest()

    def alertmanager_config(self) -> str:
        """Return Alertmanager's configuration as it shows it; secrets are masked."""
        status = self._status or self._ask_status()
        return str(status["config"]["original"])

    def _ask_status(self) -> Mapping[str, Any]:
        if self._alertmanager is None:
            raise ObserverLost("the scenario names no Alertmanager")
        found = self._alertmanager.json("/api/v2/status")
        if not isinstance(found, dict) or "config" not in found:
            raise ObserverLost(
                f"{self._alertmanager.url} does not answer like Alertmanager"
            )
        self._status = found
        return found

    def _add_timing(
        self, eyes: Eyes, answers: Mapping[str, Any]
    ) -> tuple[Eyes, list[str]]:
        eyes = replace(eyes, prometheus_version=answers.get("version", ""))
        settings = None
        if (text := answers.get("config")) is not None:
            settings = scrape_settings(text)
            eyes = replace(eyes, evaluation_interval=evaluation_interval(text))
        targets: list[ScrapeTarget] | None = answers.get("targets")
        if targets is None:
            return eyes, []
        jobs = self._jobs(answers.get("rules") or ())
        timing = _slowest(targets, settings or {}, jobs)
        if timing is None:
            return eyes, ["Prometheus has no scrape targets"]
        return replace(eyes, scrape_interval=timing[0], scrape_timeout=timing[1]), []

    def _add_rules(
        self, eyes: Eyes, answers: Mapping[str, Any]
    ) -> tuple[Eyes, list[str]]:
        groups: tuple[Group, ...] | None = answers.get("rules")
        if groups is None:
            return eyes, []
        text = answers.get("config")
        offset = rule_query_offset(text) if text is not None else 0.0
        rules = tuple(alert_rules(groups, offset))
        self.hashes["rules"] = _hash(json.dumps(sorted(map(_shown, rules))))
        return replace(eyes, rules=rules), []

    def _add_routes(
        self, eyes: Eyes, answers: Mapping[str, Any]
    ) -> tuple[Eyes, list[str]]:
        if "status" not in answers:
            return eyes, []
        version = str(answers["status"].get("versionInfo", {}).get("version", ""))
        eyes = replace(eyes, alertmanager_version=version.partition("+")[0])
        text = self.alertmanager_config()
        self.hashes["routes"] = _hash(text)
        if self._parse is None:
            return eyes, []
        try:
            return replace(eyes, routing=self._parse(text)), []
        except (InvalidFile, ObserverLost, ValueError) as problem:
            return eyes, [f"Alertmanager's configuration: {problem}"]

    def _jobs(self, groups: Iterable[Group]) -> set[str] | None:
        """Return the jobs whose metrics the alerts read; None: all of them."""
        if self._alerts is None or self._prometheus is None:
            return None
        wanted = [
            rule.query
            for group in groups
            for rule in group.rules
            if rule.alerting and rule.name in self._alerts
        ]
        names = sorted({name for query in wanted for name in metrics_of(query)})
        # Recorded series and names that need quotes stand for any job.
        if not names or any(":" in name or not name.isidentifier() for name in names):
            return None
        api, match = self._prometheus, {"match[]": names}
        found, _ = _all_at_once({"jobs": lambda: api.data("/series", match)})
        series = found.get("jobs") or ()
        return {one["job"] for one in series if "job" in one} or None


def alert_rules(groups: Iterable[Group], offset: float) -> Iterable[AlertRule]:
    """Yield the alerting rules; `offset`: the global query offset in seconds."""
    for group in groups:
        for rule in group.rules:
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
            )


def _all_at_once(asks: Mapping[str, Ask]) -> tuple[dict[str, Any], list[str]]:
    answers: dict[str, Any] = {}
    problems: list[str] = []
    if not asks:
        return answers, problems
    with ThreadPoolExecutor(len(asks)) as pool:
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


def _slowest(
    targets: Iterable[ScrapeTarget],
    settings: Mapping[str, tuple[float, float]],
    jobs: Collection[str] | None,
) -> tuple[float, float] | None:
    """Return the longest interval among the targets, with its timeout."""
    found = []
    for one in targets:
        job = one.labels.get("job", "")
        if jobs is not None and job not in jobs:
            continue
        default = settings.get(job, settings.get("", (0.0, 0.0)))
        found.append((one.interval or default[0], one.timeout or default[1]))
    return max(found, default=None)


def _shown(rule: AlertRule) -> list[Any]:
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
