"""A step as the checks see it: its fault's interval, its end, what disturbed it."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

from gameday.checks.question import Answer, Question
from gameday.checks.questions import services
from gameday.checks.record.fault_end import (
    Replaced,
    end_of_faults,
    look_errors,
    read_replaced,
)
from gameday.checks.record.lost_targets import Loss, StepVictims, not_hit
from gameday.checks.record.observer_coverage import SLACK
from gameday.checks.record.victims import (
    Victims,
    changes_by_actions,
    instances_taken_down,
    nodes_hit,
)
from gameday.checks.run import Run
from gameday.model.events import (
    Activity,
    Engine,
    Event,
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    InstanceChanged,
    Phase,
    Skipped,
    StepEvent,
    UndoFailed,
)
from gameday.model.events.run import CUT_SHORT
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.quantity import show_instant
from gameday.model.scenario import Step
from gameday.model.target import Instance
from gameday.model.verdict import Ending

_Kind = TypeVar("_Kind", bound=StepEvent)
_Read = TypeVar("_Read")
Check = Callable[["StepRun", Question], Answer]
BY_ITSELF = ("self", "")  # by whom a fault ended that nobody undid


@dataclass(frozen=True, kw_only=True)
class StepRun:
    """One step of a run; times on gameday's clock."""

    run: Run
    step: Step
    _known: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name

    def events(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the step's own events of a kind."""
        events = self.run.timeline.of(kind)
        return [event for event in events if event.step == self.name]

    def once(self, key: Hashable, read: Callable[[], _Read]) -> _Read:
        """Return what `read` returns, which is called the first time only.

        For what several questions of a step rest on, such as an SLO's counts.
        """
        if key not in self._known:
            self._known[key] = read()
        return cast("_Read", self._known[key])

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that gameday's own faults hit."""
        return services(self.step)

    @cached_property
    def start(self) -> float | None:
        """When the fault began; None: it never did."""
        begun: Sequence[Event] = self.events(FaultStarted)
        begun = begun or self._foreign("fault", "hold")
        return begun[0].at if begun else None

    @cached_property
    def fault_end(self) -> float | None:
        """When the last of the step's faults had ended; None: not seen to end."""
        if self.services:
            return self._own_end()
        begun = self._foreign("aftermath", "settle")
        return begun[0].at if begun else None

    @cached_property
    def held_until(self) -> float | None:
        """Until when the fault held for sure; None: it was not seen to end.

        Another tool's rollback brings things back while it goes on.
        """
        if self.services or self.fault_end is None:
            return self.fault_end
        undo = [event.at for event in self.events(Phase) if event.phase == "undo"]
        return min([*undo, self.fault_end])

    @cached_property
    def undone_since(self) -> float | None:
        """When the fault had ended; where its undo failed, when that began."""
        if self.fault_end is not None or not self.events(UndoFailed):
            return self.fault_end
        undo = [event.at for event in self.events(Phase) if event.phase == "undo"]
        return undo[0] if undo else self.events(UndoFailed)[0].at

    @cached_property
    def fault_error(self) -> float:
        """How exact the fault's own two stamps are, in seconds.

        An end that only a look showed, such as a crash's, is as exact as that look.
        """
        changes = self.run.instance_changes
        looks = look_errors(self.events(FaultStarted), self.events(FaultEnded), changes)
        return max(looks, default=0.0)

    @cached_property
    def heals_itself(self) -> bool:
        """Whether every fault of the step ends when the instance is back."""
        kinds = [request.kind for request in self.step.experiment.faults]
        known = [CATALOGUE[kind].heals_itself for kind in kinds if kind in CATALOGUE]
        return bool(known) and all(known)

    @cached_property
    def end(self) -> float:
        """When the step's aftermath was over, or the record ends."""
        phases = self.run.timeline.of(Phase)
        mine = [phase for phase in phases if phase.step == self.name]
        began = [phase.at for phase in mine if phase.phase == "aftermath"]
        if not began:
            return self.run.last
        later = [
            phase
            for phase in phases
            if phase.at >= began[-1]
            and (phase not in mine or phase.phase in ("done", "settle"))
        ]
        return later[0].at if later else self.run.last

    @cached_property
    def why_absent(self) -> str:
        """Why there was no fault; empty when it was injected."""
        failures = self.events(FaultFailed)
        if failures:
            because = failures[0].because
            return f"the fault was not injected: {because}"
        if self._not_played:
            return f"the fault was not injected: {self._not_played}"
        if self.start is not None:
            return ""
        skipped = self.events(Skipped)
        if skipped:
            return f"the step was skipped: {skipped[0].because}"
        why = self.interrupted or self._stopped_before()
        return f"the fault was not injected: {why}"

    @cached_property
    def interrupted(self) -> str:
        """Why the experiment ended by itself before its hold was over; empty: not.

        A control may interrupt it, a signal may: its rollbacks were played then,
        while the run still waited for what the fault should bring about.
        """
        undo = [event.at for event in self.events(Phase) if event.phase == "undo"]
        if not undo and self.run.ending is not Ending.FINISHED:
            return ""  # it was the run that ended it
        return _interruption(self.events(Engine), min(undo, default=self.end))

    @property
    def may_have_begun(self) -> bool:
        """Whether a record that was cut may lack a fault that had begun."""
        phases = (event.phase for event in self.events(Phase))
        return not self.run.complete and "fault" in phases

    @cached_property
    def ineffective(self) -> str:
        """Why the fault is not proven to bite until its undo; empty when it is."""
        if not self.services:
            # Another extension's action: there is no proof to ask for.
            return self.interrupted
        proofs = self.events(FaultBiting)
        for proof in proofs:
            if not proof.bites:
                return f"the fault did not bite: {proof.because}"
        proven = {proof.id for proof in proofs}
        begun = self.events(FaultStarted)
        if not all(fault.id in proven for fault in begun):
            return "there is no proof that the fault bit"
        return next((why for fault in begun if (why := self.ended_early(fault))), "")

    def ended_early(self, begun: FaultStarted) -> str:
        """Return why a fault had not held until its undo; empty: it had.

        Empty as well for a victim whose replacement was recorded: that is doubt only
        from the replacement on.
        """
        known = {victim.fault for victim in self.replaced}
        for event in self.events(FaultEnded):
            mine = event.id == begun.id and begun.id not in known
            if mine and event.early:
                return f"the fault on {begun.instance} ended early: {event.early}"
        return self.interrupted

    @cached_property
    def replaced(self) -> tuple[Replaced, ...]:
        """The victims that were replaced while their faults held."""
        ends = {
            event.id: event.at
            for event in reversed(self.events(FaultEnded))
            if event.ok
        }
        begun = self.events(FaultStarted)
        pods = {
            instance.name: instance.labels.get("pod", "")
            for instance in self.run.plan.instances
        }
        return tuple(read_replaced(self.run.timeline, begun, ends, pods))

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """Healthy scrape targets that were lost without being hit by the fault."""
        if self.start is None:
            return ()
        hit = StepVictims(self.step, self.services, self.victims)
        losses = not_hit(self.run.losses, hit, self.start, self.end)
        return tuple(loss for loss in losses if not self._is_of_foreign_action(loss))

    def _is_of_foreign_action(self, loss: Loss) -> bool:
        """Whether a target went away with what another extension's action did."""
        if not self.step.experiment.foreign or not loss.gone:
            return False
        late = 2 * self.run.scrape_interval  # a target is missed one scrape later
        until = self.end if self.fault_end is None else self.fault_end + late
        return (self.start or 0.0) <= loss.since <= until

    @cached_property
    def changed(self) -> tuple[InstanceChanged, ...]:
        """The instances' changes while other extensions' actions were at work."""
        if not self.step.experiment.foreign or self.start is None:
            return ()
        until = self.end if self.fault_end is None else self.fault_end
        changes, instances = self.run.instance_changes, self.run.plan.instances
        return changes_by_actions(changes, instances, self.start, until)

    @cached_property
    def victims(self) -> Victims:
        """The instances that the faults hit, of all that the target knows."""
        hit = self._victims()
        kinds: dict[str, list[str]] = {}
        for event in self.events(FaultStarted):
            kinds.setdefault(event.instance, []).append(event.fault)
        return Victims(self.run.directory, hit, frozenset(nodes_hit(kinds, hit)))

    @cached_property
    def why_cut(self) -> str:
        """Why the step was not seen to its end; empty when it was."""
        if self.run.complete or self.end < self.run.last:
            return ""
        return f"the record of the run ends at {show_instant(self.end)}"

    def why_unwatched(self, deadline: float) -> str:
        """Return why nobody waited until a deadline; empty when the step did."""
        if self.end + SLACK >= deadline:
            return ""
        left = f"{deadline - self.end:.3f} s before its time was over"
        if not self.run.complete:
            return f"the record of the run ends at {show_instant(self.end)}, {left}"
        if self.run.ending is Ending.FINISHED:
            return f"the step was over {left}"
        return f"the run was stopped {left}: {self.run.because}"

    @cached_property
    def _not_played(self) -> str:
        """Why the experiment's method did not do what it says; empty: it did."""
        played = [event for event in self.events(Activity) if event.phase == "method"]
        for activity in played:
            if activity.type == "action" and activity.status != "succeeded":
                why = activity.because or f"it {activity.status}"
                return f"the action {activity.name!r} failed: {why}"
        engine = self.events(Engine)
        if not self.step.experiment.foreign or played or not engine:
            return ""
        why = engine[-1].because or f"its status is {engine[-1].status}"
        return f"the engine did not play the method: {why}"

    def _foreign(self, *phases: str) -> list[Phase]:
        """Return the phases that bound a fault which is not gameday's own."""
        if self.services:
            return []
        return [event for event in self.events(Phase) if event.phase in phases]

    def _own_end(self) -> float | None:
        in_step = [
            change for change in self.run.instance_changes if change.at <= self.end
        ]
        started, ended = self.events(FaultStarted), self.events(FaultEnded)
        return end_of_faults(started, ended, self.replaced, in_step)

    def _stopped_before(self) -> str:
        if self.run.ending is Ending.REFUSED:
            return self.run.because
        if not self.run.complete:
            return f"the record of the run ends at {show_instant(self.run.last)}"
        return f"the run was over before it: {self.run.because}"

    def _victims(self) -> tuple[Instance, ...]:
        """Return the instances that were hit, with all that the plan knows of them."""
        names = {event.instance for event in self.events(FaultStarted)}
        names |= instances_taken_down(
            self.changed,
            self.run.instance_changes,
            self.run.plan.instances,
            self.start or 0.0,
        )
        return tuple(_named(self.run.plan.instances, names))


def _interruption(engines: Iterable[Engine], before: float) -> str:
    """Return how the engine cut an experiment short by then; empty: it did not."""
    for engine in engines:
        how = CUT_SHORT.get(str(engine.status))
        if how and engine.at <= before:
            because = engine.because
            return f"the experiment {how}{f' ({because})' if because else ''}"
    return ""


def _named(instances: Iterable[Instance], names: set[str]) -> Iterable[Instance]:
    known = {instance.name: instance for instance in instances}
    for name in sorted(names):
        service = name.rpartition("-")[0]
        yield known.get(name, Instance(service=service, name=name, identity={}))
