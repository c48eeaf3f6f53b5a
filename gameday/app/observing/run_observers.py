"""What a run observes with: observers, guardrails and load, built from its plan."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from gameday.app.observing.target_observers import target_observers
from gameday.errors import GamedayError, ObserverLost
from gameday.model.alerting.alert import AlertRule, RecordingRule, Routing
from gameday.model.plan import Monitoring, Plan
from gameday.model.scenario import Endpoint, ObservedFiles, Scenario, Secret
from gameday.ports import Clock, Emit, Observer
from gameday.runner.dependencies import Guard, RunningLoad

if TYPE_CHECKING:
    from gameday.files.prometheus.prometheus_config import PrometheusConfig
    from gameday.targets.opened import OpenTarget

_Rule = TypeVar("_Rule", AlertRule, RecordingRule)
SHORTEST_SECRET = 4  # characters; shorter ones would black out half of every text
REDACTED = "[redacted]"


def survey(scenario: Scenario, clock: Clock) -> tuple[Monitoring, Mapping[str, str]]:
    """Ask Prometheus and Alertmanager what rules and routes they have."""
    from gameday.observers.slo_survey import survey_slos
    from gameday.observers.standing import standing
    from gameday.observers.survey import LiveSurveyor

    promised = {p.alert for step in scenario.steps for p in step.expect.alerts}
    # A scenario without steps is `init`'s: it looks for an alert to promise.
    surveyor = LiveSurveyor(
        scenario.observe, clock, _routing, promised or None, every=not scenario.steps
    )
    monitoring = replace(surveyor.monitoring(), at=clock.now(), live=True)
    if monitoring.rules is not None and (paths := scenario.observe.files.rules):
        rules, recorded = _rules_of(paths)
        monitoring = replace(
            monitoring,
            rules=_with_offsets(monitoring.rules, rules),
            recorded=_with_offsets(monitoring.recorded, recorded),
        )
    interval, unknown = survey_slos(scenario.observe.prometheus, scenario.slos, clock)
    monitoring = replace(
        monitoring,
        metrics=_metrics_now(scenario, clock),
        standing=standing(scenario.observe, clock),
        slo_interval=interval,
        unknown_metrics=unknown,
    )
    return monitoring, surveyor.hashes


def _metrics_now(scenario: Scenario, clock: Clock) -> Mapping[str, str]:
    """Return in words what each promised expression says now, by expression."""
    said: dict[str, str] = {}
    for observer in _metrics_observer(scenario, clock):
        try:
            observations = observer.now()
        except ObserverLost:
            return {}  # the survey says so already
        finally:
            observer.stop()
        said |= {promql: looked.words for promql, looked in observations.items()}
    return said


def monitoring_of_files(files: ObservedFiles, clock: Clock) -> Monitoring:
    """Return what the files alone say, for a lint where no server runs.

    Without rule files of its own those count that Prometheus' configuration names,
    if they are all there.
    """
    from gameday.files.alertmanager import alertmanager
    from gameday.files.prometheus import prometheus_config

    config = prometheus_config.read(files.prometheus)[0] if files.prometheus else None
    settings = config.settings if config else None
    paths = files.rules or (config.rule_files if config and config.all_rules else ())
    routing = alertmanager.read(files.alertmanager)[0] if files.alertmanager else None
    offset = settings.query_offset if settings else 0.0
    rules, recorded = _rules_of(paths)
    return Monitoring(
        rules=tuple(_with_offset(rule, offset) for rule in rules) if paths else None,
        all_rules=not files.rules or _names_all(config, files.rules),
        recorded=tuple(_with_offset(rule, offset) for rule in recorded),
        routing=routing,
        jobs=settings.jobs if settings else (),
        scrape_interval=settings.scrape_interval if settings else None,
        scrape_timeout=settings.scrape_timeout if settings else None,
        evaluation_interval=settings.evaluation_interval if settings else None,
        external_labels=settings.external_labels if settings else {},
        relabels=settings.relabels if settings else (),
        at=clock.now(),
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


class RunObservers:
    """Builds a run's observers; knows its secrets, to keep them out of every file."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._prometheus: Any = None
        self._windows: dict[str, Any] = {}
        self._secrets = sorted(set(_secret_values(plan)), key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return the text without any secret value of the scenario."""
        for value in self._secrets:
            text = text.replace(value, REDACTED)
        return text

    def observers(self, target: "OpenTarget") -> list[Observer]:
        """Return the observers of the run."""
        from gameday.observers.alertmanager import AlertmanagerObserver

        observe, clock = self._plan.scenario.observe, self._clock
        observers = target_observers(self._plan, target, clock)
        if observe.prometheus is not None:
            observers += [self.prometheus(), WindowCount(self)]
            observers += _metrics_observer(self._plan.scenario, clock)
        if observe.alertmanager is not None:
            observers.append(AlertmanagerObserver(observe.alertmanager, clock))
        if observe.pages is not None:
            observers.append(self._pages())
        return observers

    def prometheus(self) -> Any:
        """Return the one Prometheus observer of the run."""
        from gameday.observers.prometheus.observer import PrometheusObserver

        endpoint = self._plan.scenario.observe.prometheus
        if self._prometheus is None and endpoint is not None:
            self._prometheus = PrometheusObserver(
                endpoint,
                self._clock,
                self._plan.scenario.slos,
                self._plan.monitoring.rules or (),
            )
        return self._prometheus

    def count_windows(self, now: float) -> None:
        """Count the events of every SLO's own window, as far as samples reach."""
        for slo in self._plan.scenario.slos:
            try:
                self._windows[slo.name] = self.prometheus().window(slo, now)
            except ObserverLost:
                return  # then the held rate stands in, and the evidence says so

    def _pages(self) -> Observer:
        from gameday.observers.pages.pager import Pager
        from gameday.observers.pages.pages_observer import PagesObserver, RemoteMailbox

        pages = self._plan.scenario.observe.pages
        if pages is None:
            raise ObserverLost("no pages are observed")
        if pages.source:
            mailbox = RemoteMailbox(Endpoint(url=pages.source), self._clock)
            return PagesObserver(mailbox, self._clock)
        pager = Pager(pages.listen, forward=pages.forward or None, clock=self._clock)
        return RunPager(pager, PagesObserver(pager, self._clock))

    def guards(self) -> list[Guard]:
        """Return the guardrails, each with the look that evaluates it."""
        if not self._plan.scenario.guardrails:
            return []
        from gameday.observers.guard import Watched, look_for

        scenario = self._plan.scenario
        every = self._plan.monitoring.scrape_interval or 1.0
        watched = Watched(
            clock=self._clock,
            since=self._clock.now(),
            slos={slo.name: slo for slo in scenario.slos},
            prometheus=self.prometheus(),
            windows=self._windows,
        )
        return [
            Guard(rail=rail, look=look_for(rail, watched), every=rail.every or every)
            for rail in scenario.guardrails
        ]

    def traffic(self) -> Callable[[Emit], RunningLoad] | None:
        """Return what starts the load; None where the scenario has none."""
        load = self._plan.scenario.load
        if load is None:
            return None
        from gameday.observers.credentials import resolve
        from gameday.runner.load.load import Orders, Traffic

        headers = {name: resolve(value) for name, value in load.headers.items()}
        steps = self._plan.scenario.steps
        asked = [step.expect.load for step in steps if step.expect.load is not None]
        promised = [
            promise.p99_within for promise in asked if promise.p99_within is not None
        ]
        orders = Orders(load=load, headers=headers, promised=promised)
        return lambda emit: Traffic(orders, self._clock, emit)


def _metrics_observer(scenario: Scenario, clock: Clock) -> list[Any]:
    """Return who looks at the promised expressions; nobody where there are none."""
    from gameday.observers.prometheus.metrics import MetricsObserver

    endpoint = scenario.observe.prometheus
    promises = [metric for step in scenario.steps for metric in step.expect.metrics]
    if endpoint is None or not promises:
        return []
    return [MetricsObserver(endpoint, clock, promises)]


class WindowCount:
    """Counts the SLOs' windows once, at the start, beside everything else."""

    source = "prometheus"

    def __init__(self, run_observers: RunObservers) -> None:
        self._run_observers = run_observers

    def probe(self) -> str:
        """Return nothing: the Prometheus observer says whether it can see."""
        return ""

    def start(self, emit: Emit, since: float) -> None:
        """Count in the background; the events come from the Prometheus observer."""
        del emit
        count = self._run_observers.count_windows
        threading.Thread(target=count, args=(since,), daemon=True).start()

    def flush(self, until: float) -> None:
        """Do nothing: it counts what was before the fault."""
        del until

    def stop(self) -> None:
        """Do nothing; the thread ends by itself."""


class RunPager:
    """A pager of the run's own, for the run's length, and the observer of it."""

    source = "pager"

    def __init__(self, pager: Any, observer: Any) -> None:
        self._pager = pager
        self._observer = observer
        self._started = False

    def probe(self) -> str:
        """Return why it cannot see right now."""
        why: str = self._observer.probe() or ("" if self._started else self._occupied())
        return why

    def _occupied(self) -> str:
        """Return why nobody could listen there; nobody is heard by trying."""
        try:
            self._pager.try_place()
        except OSError as error:
            return _cannot_listen(error)
        return ""

    def start(self, emit: Emit, since: float) -> None:
        """Listen, and begin to report."""
        try:
            self._pager.start()
        except OSError as error:
            raise GamedayError(_cannot_listen(error)) from error
        self._started = True
        self._observer.start(emit, since)

    def flush(self, until: float) -> None:
        """Report everything up to that time."""
        self._observer.flush(until)

    def stop(self) -> None:
        """End both."""
        self._observer.stop()
        self._pager.stop()


def _cannot_listen(error: OSError) -> str:
    return f"observe.pages.listen: cannot listen there: {error.strerror}"


def missing_secrets(scenario: Scenario) -> Iterator[str]:
    """Yield why a secret that the scenario names cannot be had."""
    from gameday.observers.credentials import resolve

    for secret in _own_secrets(scenario):
        try:
            resolve(secret)
        except ObserverLost as error:
            yield str(error)


def _secret_values(plan: Plan) -> Iterator[str]:
    from gameday.observers.credentials import resolve

    for secret in _secrets(plan):
        try:
            value = resolve(secret)
        except ObserverLost:
            continue
        if len(value) >= SHORTEST_SECRET:
            yield value


def _secrets(plan: Plan) -> Iterator[Secret]:
    yield from _own_secrets(plan.scenario)
    for step in plan.scenario.steps:
        yield from _of_experiment(step.experiment.document.get("secrets"))


def _own_secrets(scenario: Scenario) -> Iterator[Secret]:
    places: list[Mapping[str, Any]] = []
    for endpoint in (scenario.observe.prometheus, scenario.observe.alertmanager):
        if endpoint is not None:
            places += [endpoint.auth, endpoint.headers]
    if scenario.load is not None:
        places.append(scenario.load.headers)
    for place in places:
        yield from (value for value in place.values() if isinstance(value, Secret))


def _of_experiment(block: Any) -> Iterator[Secret]:
    """Chaos Toolkit's secrets: groups of env references (literals are not known)."""
    if not isinstance(block, Mapping):
        return
    for value in block.values():
        if isinstance(value, Mapping) and value.get("type") == "env":
            yield Secret(env=str(value.get("key", "")))
        else:
            yield from _of_experiment(value)
