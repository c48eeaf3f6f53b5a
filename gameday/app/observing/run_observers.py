"""What a run observes with: observers, guardrails and load, built from its plan."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gameday.app.observing.survey import metrics_observer
from gameday.app.observing.target_observers import target_observers
from gameday.errors import GamedayError, ObserverLost
from gameday.model.plan import Plan
from gameday.model.scenario import Endpoint
from gameday.ports import Clock, Emit, Observer
from gameday.runner.guardrail_monitor import Guard

if TYPE_CHECKING:
    from gameday.runner.dependencies import RunningLoad
    from gameday.targets.opened import OpenTarget


class RunObservers:
    """Builds a run's observers, guardrails and load, each when it is asked for."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._prometheus: Any = None
        self._windows: dict[str, Any] = {}

    def observers(self, target: "OpenTarget") -> list[Observer]:
        """Return the observers of the run."""
        from gameday.observers.alertmanager import AlertmanagerObserver

        observe, clock = self._plan.scenario.observe, self._clock
        observers = target_observers(self._plan, target, clock)
        if observe.prometheus is not None:
            observers += [self.prometheus(), WindowCount(self)]
            observers += metrics_observer(self._plan.scenario, clock)
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
        from gameday.observers.pages.pages_observer import PagesObserver, RemoteMailbox

        pages = self._plan.scenario.observe.pages
        if pages is None:
            raise ObserverLost("no pages are observed")
        if pages.source:
            mailbox = RemoteMailbox(Endpoint(url=pages.source), self._clock)
            return PagesObserver(mailbox, self._clock)
        from gameday.observers.pages.pager import Pager

        pager = Pager(pages.listen, forward=pages.forward or None, clock=self._clock)
        return RunPager(pager, PagesObserver(pager, self._clock))

    def guards(self) -> list[Guard]:
        """Return the guardrails, each with the look that evaluates it."""
        if not self._plan.scenario.guardrails:
            return []
        from gameday.observers.guard import Watched, look_function

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
            Guard(
                rail=rail, look=look_function(rail, watched), every=rail.every or every
            )
            for rail in scenario.guardrails
        ]

    def traffic(self) -> "Callable[[Emit], RunningLoad] | None":
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
            self._pager.check_address()
        except OSError as error:
            return _why_port_failed(error)
        return ""

    def start(self, emit: Emit, since: float) -> None:
        """Listen, and begin to report."""
        try:
            self._pager.start()
        except OSError as error:
            raise GamedayError(_why_port_failed(error)) from error
        self._started = True
        self._observer.start(emit, since)

    def flush(self, until: float) -> None:
        """Report everything up to that time."""
        self._observer.flush(until)

    def stop(self) -> None:
        """End both."""
        self._observer.stop()
        self._pager.stop()


def _why_port_failed(error: OSError) -> str:
    return f"observe.pages.listen: cannot listen there: {error.strerror}"
