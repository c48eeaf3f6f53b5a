"""Drives one plan through its phases, which docs/explanation/architecture.md lists.

The driver alone decides; observers, guardrails, load and engine only tell. However a
run ends, whatever the ledger holds open is undone before anything else.
"""

import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from gameday.checks.record.naming import Directory
from gameday.errors import GamedayError, StoreError
from gameday.model.events import AlertAtStart, Event, FaultStarted
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.plan import Plan, PlannedStep
from gameday.model.scenario import Step
from gameday.model.verdict import Ending
from gameday.runner.conditions import (
    in_aftermath,
    in_hold,
    in_settling,
    settling_at_most,
)
from gameday.runner.dependencies import RunDependencies, RunningLoad
from gameday.runner.drift import DriftWatch
from gameday.runner.event_loop import EventLoop
from gameday.runner.gate import is_worth_its_fault, pass_gate
from gameday.runner.guardrail_monitor import GuardrailMonitor
from gameday.runner.load.feeding import note_whom_the_load_feeds
from gameday.runner.recovery import Recovery, slis_now
from gameday.runner.run_end import RunStopped, end_signals_handled_by
from gameday.runner.step_processes import StepProcesses

ENGINE_PATIENCE = 60.0  # seconds beyond a fault's own time for its method
UNDO_PATIENCE = 30.0  # seconds for rollbacks before the ledger takes over
LAST_REQUESTS = 10.0  # seconds for the load's outstanding requests
LOCK_EVERY = 1.0  # seconds between looks whether the target is still ours
NO_SCRAPES = 1.0  # seconds of a scrape where no interval is known


class Drive:
    """One run of one plan."""

    def __init__(self, plan: Plan, dependencies: RunDependencies) -> None:
        self.plan = plan
        self.dependencies = dependencies
        self.loop = EventLoop(dependencies, self._on_round)
        self.run_state = self.loop.run_state
        self.run_state.directory = Directory(plan.instances, plan.scenario.target.name)
        self.run_state.routing = plan.monitoring.routing
        self.run_state.alone = frozenset(
            step.name
            for step in plan.scenario.steps
            if step.experiment.foreign and not step.experiment.faults
        )
        self.broken: list[str] = []
        self.drift = DriftWatch(self.loop)
        self.processes = StepProcesses(dependencies, self.loop.put)
        scrapes = (plan.monitoring.scrape_interval, plan.monitoring.slo_interval)
        self._scrape = max(scrape or 0.0 for scrape in scrapes) or NO_SCRAPES
        self._watches = [
            GuardrailMonitor(guard, dependencies.clock, self.loop.put)
            for guard in dependencies.guards
        ]
        self._load: RunningLoad | None = None
        self._next_look = 0.0
        self._next_ask = 0.0
        self._over = 0.0  # when nothing more was waited for
        self._reported = True  # whether observers have told all of the last step
        self._recovery = Recovery()

    def put(self, happened: Event) -> None:
        """Put one event on the run's queue; from any thread."""
        self.loop.put(happened)

    def run(self) -> RunStopped:
        """Drive the plan to its end, whatever that is; everything is undone then."""
        end = RunStopped(Ending.CRASHED, "")
        # A second signal does not cut the undo.
        with end_signals_handled_by(self._on_signal):
            try:
                self._warm_up()
                for step in self.plan.scenario.steps:
                    self._step(step, self.plan.step(step.name))
                end = RunStopped(Ending.FINISHED, "")
            except RunStopped as stop:
                end = stop
            finally:
                self.loop.undoing = True
                with contextlib.ExitStack() as last:  # the second whatever the first
                    last.callback(self._wind_down, end)
                    last.callback(self._undo_everything)
        return end

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.loop.stop(Ending.OPERATOR, f"stopped by {signal.Signals(number).name}")

    def _warm_up(self) -> None:
        now = self.loop.now
        self.loop.phase("warmup", "")
        self.drift.begin()
        for observer in self.dependencies.observers:
            try:
                observer.start(self.loop.put, now)
            except GamedayError as error:
                step = self.plan.scenario.steps[0].name
                why = f"step {step}: {observer.source}: {error}"
                raise RunStopped(Ending.REFUSED, why) from error
        if self.dependencies.traffic is not None:
            self._load = self.dependencies.traffic(self.loop.put)
        self.loop.pause("two scrapes of warm-up", now + 2 * self._scrape)

    def _step(self, step: Step, planned: PlannedStep) -> None:
        steps = self.plan.scenario.steps
        if not self._gate(step, first=step is steps[0]):
            self.processes.stop_probing()
            return
        self.drift.take_before()
        self._await_the_moment(step)
        self.loop.phase("fault", step.name)
        self._note_alerts_at_start(step)
        self._check_ownership()
        self.processes.inject()
        self._until_injected(step, planned)
        self.loop.phase("hold", step.name)
        self._hold(step, planned)
        self.loop.phase("undo", step.name)
        self._undo(step)
        self._aftermath(step, planned)
        if step is not steps[-1] or self.dependencies.followed:
            self._settle(step)

    def _await_the_moment(self, step: Step) -> None:
        """Wait until the fault starts at its planned phase between two evaluations."""
        moment = self.dependencies.moment(step.name)
        if moment is not None:
            self.loop.note(f"step {step.name}: {moment.text}")
            self.loop.pause("the moment for the fault", moment.at)

    def _hold(self, step: Step, planned: PlannedStep) -> None:
        """Wait for what the fault is to bring about, while its experiment goes on."""
        processes = self.processes
        self.loop.wait(
            lambda: in_hold(self.run_state, step, planned),
            or_else=lambda: processes.cut_short,
        )
        if processes.cut_short:
            self.loop.note(f"step {step.name}: the experiment ended during its hold")

    def _aftermath(self, step: Step, planned: PlannedStep) -> None:
        self.loop.phase("aftermath", step.name)
        self.run_state.recovered = False
        self.loop.wait(lambda: in_aftermath(self.run_state, step, planned))
        self.loop.phase("done", step.name)
        self.processes.stop_probing()
        self._flush(self.run_state.phase_at)
        self._reported = True

    def _settle(self, step: Step) -> None:
        """Wait until this step cannot change the times that the next one measures."""
        self.loop.phase("settle", step.name)
        until = self.loop.now + settling_at_most(step, self.plan.monitoring)
        self.loop.wait(lambda: in_settling(self.run_state, step, until))

    def _gate(self, step: Step, *, first: bool) -> bool:
        """Return whether there is anything left to learn behind the gate."""
        self.loop.phase("gate", step.name)
        self._reported, self._recovery = False, Recovery()
        self.processes.begin(step)
        pass_gate(self.loop, step, self._watches, first=first)
        if first:
            note_whom_the_load_feeds(self.loop, self.plan, step)
        return is_worth_its_fault(self.loop, self.plan, step, first=first)

    def _note_alerts_at_start(self, step: Step) -> None:
        for alert in self.run_state.alerts.values():
            if alert.state in ("pending", "firing"):
                there = AlertAtStart(
                    at=self.loop.now,
                    step=step.name,
                    alert=alert.labels.get("alertname", ""),
                    labels=dict(alert.labels),
                    state=alert.state,
                )
                self.loop.put(there)

    def _until_injected(self, step: Step, planned: PlannedStep) -> None:
        longest = max([fault.duration for fault in planned.faults], default=0.0)
        until = self.loop.now + longest + ENGINE_PATIENCE
        processes = self.processes
        what = "the experiment's method"
        if not self.loop.until(what, until, lambda: processes.method_done):
            self.loop.note(f"step {step.name}: the method did not end in time")

    def _undo(self, step: Step) -> None:
        self.processes.release()
        until = self.loop.now + UNDO_PATIENCE
        self.loop.until("the rollbacks", until, lambda: self.processes.finished)
        self.processes.end(step)
        if self.dependencies.ledger.has_open_faults():
            self.broken[:] = self.dependencies.ledger.heal()
        self.loop.drain()
        if self.broken:
            raise RunStopped(Ending.FINISHED, "an undo did not succeed")

    def _undo_everything(self) -> None:
        """Stop the engine, then undo what the ledger holds; never raises RunStopped."""
        with contextlib.suppress(StoreError):  # full: all the more to undo
            self.dependencies.ledger.end()
        with contextlib.suppress(Exception):  # saying so must not keep it from being
            if self.run_state.phase in ("fault", "hold"):  # from here on we undo
                self.loop.phase("undo", self.run_state.step)
        # No process may start any more, say: what it would have played, heal plays.
        with contextlib.suppress(Exception):
            self.processes.abandon()
        try:
            if self.dependencies.ledger.has_open_faults():
                self.broken[:] = self.dependencies.ledger.heal()
        except Exception as error:  # noqa: BLE001 - the watchdog goes on where we end
            why = f"{type(error).__name__}: {error}"
            self.broken.append(f"undoing broke off ({why}). By hand: `gameday heal`")
        self.loop.drain()

    def _flush(self, until: float) -> None:
        """Have every observer report all up to then, side by side."""
        with self._executor() as pool:
            for done in [
                pool.submit(observer.flush, until)
                for observer in self.dependencies.observers
            ]:
                done.result()
        self.loop.drain()

    def _wind_down(self, end: RunStopped) -> None:
        ended_cleanly = end.ending is Ending.FINISHED
        with contextlib.ExitStack() as last:  # each is ended, whatever another does
            last.callback(self._end_watching, ended_cleanly=ended_cleanly)
            last.callback(self._end_load, LAST_REQUESTS if ended_cleanly else 1.0)
            last.callback(self.processes.stop_probing)
            for watch in self._watches:
                last.callback(watch.stop)
            self.drift.compare_after(ended_cleanly=ended_cleanly)

    def _end_load(self, patience: float) -> None:
        self._over = self.loop.now
        if self._load is not None:
            self._load.stop(patience)

    def _end_watching(self, *, ended_cleanly: bool) -> None:
        try:
            if not ended_cleanly or not self._reported:  # also where an undo failed
                self._flush(self._over)
        finally:
            with self._executor() as pool:
                for observer in self.dependencies.observers:
                    pool.submit(observer.stop)
        self.loop.drain()

    def _executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=len(self.dependencies.observers) or 1)

    def _on_round(self) -> None:
        """What follows from what is known: healed instances, SLIs that are back."""
        step = self.run_state.step
        for fault in self.run_state.of_step(self.run_state.faults, step):
            if self._is_back(fault):
                back = self.run_state.instances[fault.instance].at
                self.dependencies.ledger.healed_itself(fault.id, max(back, fault.at))
        now = self.loop.now
        if now >= self._next_ask and not self.loop.undoing:
            self._next_ask = now + LOCK_EVERY
            self._check_ownership()
        if now >= self._next_look:
            self._next_look = now + self._scrape
            self._update_recovery(self.run_state.fault_ended(step) if step else None)

    def _check_ownership(self) -> None:
        """Stop where another has taken the target meanwhile."""
        why = self.dependencies.why_lost()
        if why:
            raise RunStopped(
                Ending.GUARDRAIL, f"the target is not this run's any more: {why}"
            )

    def _update_recovery(self, end: float | None) -> None:
        slos, run_state = self.plan.scenario.slos, self.run_state
        run_state.slis = slis_now(slos, run_state.samples)
        if not slos or not run_state.step:
            return
        slis = [(slo, run_state.slis.get(slo.name)) for slo in slos]
        if end is None:
            if run_state.fault_started(run_state.step) is not None:
                good = all(sli is not None and sli.within(slo) for slo, sli in slis)
                self._recovery.during(good=good)
            return
        good = all(sli is not None and sli.recovered(slo, end) for slo, sli in slis)
        run_state.recovered = self._recovery.after(self.loop.now, good=good)

    def _is_back(self, fault: FaultStarted) -> bool:
        known = (
            fault.id in self.run_state.bites and fault.id not in self.run_state.ended
        )
        kind = CATALOGUE.get(fault.fault)
        if kind is None or not kind.heals_itself or not known:
            return False
        now = self.run_state.instances.get(fault.instance)
        if now is None or not now.up:
            return False
        # Quicker than the looks are apart, its stamp may be the earlier one.
        return bool(now.at + float(now.error or 0.0) > fault.at)
