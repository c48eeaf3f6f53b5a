"""One plan, from the first look to the last: the phases of the contract.

Everything that happens arrives as an event on one queue and is kept before it is
acted on. The driver alone decides; observers, guardrails, load and engine only tell.
However it ends, whatever the ledger holds open is undone before anything else.
"""

import contextlib
import queue
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from gameday.model.plan import Plan, PlannedStep
from gameday.model.scenario import AlertPromise, Step
from gameday.model.timeline import Event, event
from gameday.model.verdict import Ending
from gameday.runner.awaited import Awaited, in_aftermath, in_hold
from gameday.runner.board import Board
from gameday.runner.conduct import Conductor
from gameday.runner.doors import Doors, Flow
from gameday.runner.guarding import Watch
from gameday.runner.recovery import looks_recovered

TICK = 0.05  # seconds between looks at deadlines and the ledger
GATE_PATIENCE = 20.0  # seconds for the hypothesis to be answered
SIGHT_PATIENCE = 8.0  # seconds for observers; a fresh Prometheus needs some 5
ENGINE_PATIENCE = 60.0  # seconds beyond a fault's own time for its method
UNDO_PATIENCE = 30.0  # seconds for rollbacks before the ledger takes over
LAST_REQUESTS = 10.0  # seconds for the load's outstanding requests
NO_SCRAPES = 1.0  # seconds of a scrape where no interval is known


class Stop(Exception):  # noqa: N818 - a decision, not an error
    """The run ends here: why, and as what."""

    def __init__(
        self, ending: Ending, because: str, *, conclusive: bool = False
    ) -> None:
        super().__init__(because)
        self.ending = ending
        self.because = because
        self.refusal = conclusive  # refused with exit 2 rather than 3


class Drive:
    """One run of one plan."""

    def __init__(self, plan: Plan, doors: Doors) -> None:
        self.plan = plan
        self.doors = doors
        self.board = Board()
        self.broken: list[str] = []
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._wanted: Stop | None = None
        self._undoing = False
        self._scrape = plan.eyes.scrape_interval or NO_SCRAPES
        self._watches = [Watch(guard, doors.clock, self.tell) for guard in doors.guards]
        self._flow: Flow | None = None
        self._next_look = 0.0
        self.conductor = Conductor(doors, self.tell)

    # what others may call, from any thread

    def tell(self, one: Event) -> None:
        """Put one event on the queue."""
        self._queue.put(one)

    def stop(self, ending: Ending, because: str) -> None:
        """Ask for the end of the run; the first reason counts."""
        if self._wanted is None:
            self._wanted = Stop(ending, because)

    # the run

    def run(self) -> Stop:
        """Drive the plan to its end, whatever that is; everything is undone then."""
        with _signals(self._on_signal):
            try:
                self._warm_up()
                for step in self.plan.scenario.steps:
                    self._step(step, self.plan.step(step.name))
                end = Stop(Ending.FINISHED, "")
            except Stop as stop:
                end = stop
            finally:
                self._undoing = True
                self._undo_everything()
            self._wind_down(end)
        return end

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.stop(Ending.OPERATOR, f"stopped by {signal.Signals(number).name}")

    def _warm_up(self) -> None:
        now = self.doors.clock.now()
        self._phase("warmup", "")
        for observer in self.doors.observers:
            observer.start(self.tell, now)
        if self.doors.traffic is not None:
            self._flow = self.doors.traffic(self.tell)
        until = now + 2 * self._scrape
        self._wait([Awaited(what="two scrapes of warm-up", until=until, kept=False)])

    def _step(self, step: Step, planned: PlannedStep) -> None:
        first = step is self.plan.scenario.steps[0]
        self._phase("gate", step.name)
        self.conductor.begin(step)
        self._gate(step, first=first)
        self._phase("fault", step.name)
        self._note_alerts_at_start(step)
        self.conductor.inject()
        self._until_injected(step, planned)
        self._phase("hold", step.name)
        self._await(lambda: in_hold(self.board, step, planned))
        self._phase("undo", step.name)
        self._undo(step)
        self._phase("aftermath", step.name)
        self.board.recovered = False
        self._await(lambda: in_aftermath(self.board, step, planned))
        self._phase("done", step.name)
        self.conductor.stop_probing()
        self._flush(self.board.phase_at)
        if step is not self.plan.scenario.steps[-1]:
            self._settle(step)

    # gate

    def _gate(self, step: Step, *, first: bool) -> None:
        until = self.doors.clock.now() + GATE_PATIENCE
        why = self._wait_for_sight(self.doors.clock.now() + SIGHT_PATIENCE)
        if not why and step.experiment.has_hypothesis:
            why = self._wait_for_hypothesis(until)
        if why:
            kind = Ending.REFUSED if first else Ending.FINISHED
            raise Stop(kind, f"step {step.name}: {why}")
        for watch in self._watches:
            state, because = watch.once()
            if state == "breached" and first:
                name = watch.guard.rail.name
                raise Stop(
                    Ending.REFUSED,
                    f"guardrail {name} is already breached: {because}",
                    conclusive=True,
                )
        if first:
            for watch in self._watches:
                watch.start()

    def _wait_for_sight(self, until: float) -> str:
        while True:
            blind = [
                f"{one.source}: {why}"
                for one in self.doors.observers
                if (why := one.probe())
            ]
            if not blind or self.doors.clock.now() >= until:
                return "; ".join(blind)
            what = f"everybody to see ({blind[0]})"
            pause = min(until, self.doors.clock.now() + 0.5)
            self._wait([Awaited(what=what, until=pause, kept=False)])

    def _wait_for_hypothesis(self, until: float) -> str:
        def holds() -> list[Awaited]:
            seen = self.board.hypothesis
            kept = seen is not None and seen["ok"] is True
            return [Awaited(what="the hypothesis to hold", until=until, kept=kept)]

        # A system that has just been started may need a moment: three looks.
        def enough() -> bool:
            return self.board.hypotheses >= 3  # noqa: PLR2004

        self._await(holds, or_else=enough)
        seen = self.board.hypothesis
        if seen is None:
            return "the steady-state hypothesis gave no answer"
        if seen["ok"] is not True:
            state = "does not hold" if seen["ok"] is False else "could not be told"
            return f"the steady-state hypothesis {state}: {seen['because']}"
        return ""

    # fault and undo

    def _note_alerts_at_start(self, step: Step) -> None:
        now = self.doors.clock.now()
        for alert in self.board.alerts.values():
            if alert.state in ("pending", "firing"):
                labels = dict(alert.labels)
                self.tell(
                    event(
                        now,
                        "alert_at_start",
                        step=step.name,
                        alert=labels.get("alertname", ""),
                        labels=labels,
                        state=alert.state,
                    )
                )

    def _until_injected(self, step: Step, planned: PlannedStep) -> None:
        longest = max([fault.duration for fault in planned.faults], default=0.0)
        until = self.doors.clock.now() + longest + ENGINE_PATIENCE
        self._await(
            lambda: [
                Awaited(
                    what="the experiment's method",
                    until=until,
                    kept=self.conductor.method_done,
                )
            ]
        )
        if not self.conductor.method_done:
            self._note(f"step {step.name}: the method did not end in time")

    def _undo(self, step: Step) -> None:
        self.conductor.release()
        until = self.doors.clock.now() + UNDO_PATIENCE
        self._await(
            lambda: [
                Awaited(what="the rollbacks", until=until, kept=self.conductor.finished)
            ]
        )
        self.conductor.end(step)
        if self.doors.ledger.anything_open():
            self.broken += self.doors.ledger.heal()
        self._drain()
        if self.broken:
            raise Stop(Ending.FINISHED, "an undo did not succeed")

    def _undo_everything(self) -> None:
        """Stop the engine, then undo what the ledger holds; never raises Stop."""
        self.conductor.abandon()
        if self.doors.ledger.anything_open():
            self.broken = self.doors.ledger.heal()
        self._drain()

    # after

    def _settle(self, step: Step) -> None:
        """Wait until the step's alerts are over and their groups flushed."""
        self._phase("settle", step.name)
        until = self.doors.clock.now() + self._longest_group_interval(step)

        def settled() -> list[Awaited]:
            kept = all(self._settled(promise, step) for promise in step.expect.alerts)
            return [Awaited(what="alerts to settle", until=until, kept=kept)]

        self._await(settled)

    def _settled(self, promise: AlertPromise, step: Step) -> bool:
        """Over in Prometheus, and its end told where a page had gone out."""
        ringing = [
            alert
            for alert in self.board.alerts.values()
            if promise.fits(alert.labels) and alert.state in ("pending", "firing")
        ]
        since = self.board.fault_started(step.name) or 0.0
        paged = self.board.paged(promise, "firing", None, since)
        told = self.board.paged(promise, "resolved", None, since)
        return not ringing and (paged is None or told is not None)

    def _longest_group_interval(self, step: Step) -> float:
        routing = self.plan.eyes.routing
        if routing is None or not step.expect.alerts:
            return self._scrape
        routes, intervals = [routing.route], []
        while routes:
            route = routes.pop()
            intervals.append(route.group_interval)
            routes += route.routes
        return max(intervals) + self._scrape

    def _flush(self, until: float) -> None:
        """Have every observer report all up to then, side by side."""
        with ThreadPoolExecutor(max_workers=len(self.doors.observers) or 1) as pool:
            for done in [pool.submit(o.flush, until) for o in self.doors.observers]:
                done.result()
        self._drain()

    def _wind_down(self, end: Stop) -> None:
        now = self.doors.clock.now()
        for watch in self._watches:
            watch.stop()
        self.conductor.stop_probing()
        if self._flow is not None:
            calm = end.ending is Ending.FINISHED
            self._flow.stop(LAST_REQUESTS if calm else 1.0)
        if end.ending is not Ending.FINISHED:
            self._flush(now)
        with ThreadPoolExecutor(max_workers=len(self.doors.observers) or 1) as pool:
            for observer in self.doors.observers:
                pool.submit(observer.stop)
        self._drain()

    # the pump

    def _wait(self, things: Iterable[Awaited]) -> None:
        fixed = list(things)
        self._await(lambda: fixed)

    def _await(
        self,
        things: Callable[[], Iterable[Awaited]],
        or_else: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take events in until nothing is open any more."""
        while True:
            self._pump()
            self._look()
            now = self.doors.clock.now()
            still = [one for one in things() if one.open(now)]
            self.doors.screen.tick(self.board, still, now)
            if not still or or_else():
                return

    def _pump(self) -> None:
        one = self.doors.clock.take(self._queue, TICK)
        if one is not None:
            self._take(one)
        self._drain()
        if self._wanted is not None and not self._undoing:
            raise self._wanted

    def _drain(self) -> None:
        for one in self.doors.ledger.news():
            self._take(one)
        while not self._queue.empty():
            with contextlib.suppress(queue.Empty):
                self._take(self._queue.get_nowait())

    def _take(self, one: Event) -> None:
        self.doors.store.append(one)
        self.board.see(one)
        self.doors.screen.show(one, self.board)
        if one.kind == "guardrail" and one["state"] == "breached":
            self.stop(Ending.GUARDRAIL, f"guardrail {one['name']}: {one['because']}")

    def _look(self) -> None:
        """What follows from what is known: healed instances, SLIs that are back."""
        step = self.board.step
        for fault in self.board.of_step(self.board.faults, step):
            if self._is_back(fault):
                back = self.board.instances[fault["instance"]]
                self.doors.ledger.healed_itself(fault["id"], back.at)
        end = self.board.fault_ended(step) if step else None
        now = self.doors.clock.now()
        if end is None or self.board.recovered or now < self._next_look:
            return
        self._next_look = now + self._scrape
        slos, samples = self.plan.scenario.slos, self.board.samples
        self.board.recovered = looks_recovered(slos, samples, end)

    def _is_back(self, fault: Event) -> bool:
        kinds = ("process.kill", "process.restart")
        if fault["fault"] not in kinds or fault["id"] in self.board.ended:
            return False
        if fault["id"] not in self.board.bites:
            return False
        now = self.board.instances.get(fault["instance"])
        return now is not None and bool(now["up"]) and now.at > fault.at

    def _phase(self, phase: str, step: str) -> None:
        self._take(event(self.doors.clock.now(), "phase", phase=phase, step=step))

    def _note(self, text: str) -> None:
        self._take(event(self.doors.clock.now(), "note", text=text))


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """SIGINT and SIGTERM ask for the end; a second one does not cut the undo."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(name, handler) for name in names]
    try:
        yield
    finally:
        for name, old in zip(names, before, strict=True):
            signal.signal(name, old)
