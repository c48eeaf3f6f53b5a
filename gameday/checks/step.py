"""A step as the checks see it: its fault's interval, its end, what disturbed it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gameday.checks.asked import services
from gameday.checks.interruption import interruption
from gameday.checks.lost_targets import Hit, Loss, not_hit
from gameday.checks.run import Run
from gameday.checks.sight import SLACK
from gameday.checks.victims import Victims
from gameday.model.fault import CATALOGUE
from gameday.model.quantity import show_instant
from gameday.model.scenario import Step
from gameday.model.target import Instance
from gameday.model.timeline import Event
from gameday.model.verdict import Ending

_SAME = 0.002  # seconds by which two records of one moment may differ


@dataclass(frozen=True, kw_only=True)
class StepRun:
    """One step of a run; times on gameday's clock."""

    run: Run
    step: Step
    counted: dict[str, Any] = field(default_factory=dict, compare=False)  # by SLO

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name

    def events(self, *kinds: str) -> list[Event]:
        """Return the step's own events of these kinds."""
        events = self.run.timeline.of(*kinds)
        return [one for one in events if one.get("step") == self.name]

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that gameday's own faults hit."""
        return services(self.step)

    @cached_property
    def start(self) -> float | None:
        """When the fault began; None: it never did."""
        begun = self.events("fault_started") or self._foreign("fault", "hold")
        return begun[0].at if begun else None

    @cached_property
    def fault_end(self) -> float | None:
        """When the last of the step's faults had ended; None: not seen to end."""
        if self.services:
            return self._own_end()
        begun = self._foreign("aftermath", "settle")
        return begun[0].at if begun else None

    @cached_property
    def fault_error(self) -> float:
        """How exact the fault's own two stamps are, in seconds.

        An end that was only seen, as that of a crash, is as exact as the look.
        """
        stamps = self.events("fault_started", "fault_ended")
        own = [float(one.get("error") or 0.0) for one in stamps]
        return max([*own, *self._looked_for()], default=0.0)

    def _looked_for(self) -> Iterator[float]:
        """Yield how exact the looks are that showed a fault to be over."""
        ended = [one for one in self.events("fault_ended") if one.get("by") == "self"]
        for seen in self.run.instances if ended else ():
            if any(
                one["instance"] == seen["instance"] and abs(one.at - seen.at) <= _SAME
                for one in ended
            ):
                yield float(seen.get("error") or 0.0)

    @cached_property
    def heals_itself(self) -> bool:
        """Whether every fault of the step ends when the instance is back."""
        kinds = [request.kind for request in self.step.experiment.faults]
        known = [CATALOGUE[kind].heals_itself for kind in kinds if kind in CATALOGUE]
        return bool(known) and all(known)

    @cached_property
    def end(self) -> float:
        """When the step's aftermath was over, or the record ends."""
        phases = self.run.timeline.of("phase")
        aftermath = [
            one
            for one in phases
            if one.get("step") == self.name and one["phase"] == "aftermath"
        ]
        if not aftermath:
            return self.run.last
        later = phases[phases.index(aftermath[-1]) + 1 :]
        return later[0].at if later else self.run.last

    @cached_property
    def absent(self) -> str:
        """Why there was no fault; empty when it was injected."""
        failures = self.events("fault_failed")
        if failures:
            because = failures[0].get("because", "")
            return f"the fault was not injected: {because}"
        if self.start is not None:
            return ""
        skipped = self.events("skipped")
        if skipped:
            return f"the step was skipped: {skipped[0].get('because', '')}"
        why = self.interrupted or self._stopped_before()
        return f"the fault was not injected: {why}"

    @cached_property
    def interrupted(self) -> str:
        """Why the experiment ended by itself before its hold was over; empty: not.

        A control may interrupt it, a signal may: its rollbacks were played then,
        while the run still waited for what the fault should bring about.
        """
        undo = [one.at for one in self.events("phase") if one["phase"] == "undo"]
        if not undo and self.run.ending is not Ending.FINISHED:
            return ""  # it was the run that ended it
        return interruption(self.events("engine"), min(undo, default=self.end))

    @cached_property
    def toothless(self) -> str:
        """Why the fault is not proven to bite until its undo; empty when it is."""
        if not self.services:
            # Another extension's action: there is no proof to ask for.
            return self.interrupted
        proofs = self.events("fault_biting")
        for proof in proofs:
            if not proof["bites"]:
                return f"the fault did not bite: {proof.get('because', '')}"
        proven = {proof["id"] for proof in proofs}
        begun = self.events("fault_started")
        if not all(one["id"] in proven for one in begun):
            return "there is no proof that the fault bit"
        return next((why for one in begun if (why := self.ended_early(one))), "")

    def ended_early(self, begun: Event) -> str:
        """Return why a fault had not held until its undo; empty: it had."""
        for one in self.events("fault_ended"):
            if one["id"] == begun["id"] and one.get("early"):
                return f"the fault on {begun['instance']} ended early: {one['early']}"
        return self.interrupted

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """Healthy scrape targets that were lost without being hit by the fault."""
        if self.start is None:
            return ()
        hit = Hit(self.step, self.services, self.victims.hit, self.victims.directory)
        return not_hit(self.run.losses, hit, self.start, self.end)

    @cached_property
    def victims(self) -> Victims:
        """The instances that the faults hit, of all that the target knows."""
        return Victims(self.run.directory, self._victims())

    @cached_property
    def cut(self) -> str:
        """Why the step was not seen to its end; empty when it was."""
        if self.run.complete or self.end < self.run.last:
            return ""
        return f"the record of the run ends at {show_instant(self.end)}"

    def unwatched(self, deadline: float) -> str:
        """Return why nobody waited until a deadline; empty when the step did."""
        if self.end + SLACK >= deadline:
            return ""
        left = f"{deadline - self.end:.3f} s before its time was over"
        if not self.run.complete:
            return f"the record of the run ends at {show_instant(self.end)}, {left}"
        if self.run.ending is Ending.FINISHED:
            return f"the step was over {left}"
        return f"the run was stopped {left}: {self.run.because}"

    def _foreign(self, *phases: str) -> list[Event]:
        """Return the phases that bound a fault which is not gameday's own."""
        if self.services:
            return []
        return [one for one in self.events("phase") if one["phase"] in phases]

    def _own_end(self) -> float | None:
        begun = {one["id"] for one in self.events("fault_started")}
        ended: dict[str, float] = {}
        for one in self.events("fault_ended"):
            if one.get("ok"):  # a later undo of what is over already changes nothing
                ended.setdefault(one["id"], one.at)
        if not begun or not begun <= ended.keys():
            return None
        return max(ended[one] for one in begun)

    def _stopped_before(self) -> str:
        if self.run.ending is Ending.REFUSED:
            return self.run.because
        if not self.run.complete:
            return f"the record of the run ends at {show_instant(self.run.last)}"
        return f"the run was over before it: {self.run.because}"

    def _victims(self) -> tuple[Instance, ...]:
        """Return the instances that were hit, with all that the plan knows of them."""
        names = {str(one["instance"]) for one in self.events("fault_started")}
        return tuple(_named(self.run.plan.instances, names))


def _named(instances: Iterable[Instance], names: set[str]) -> Iterable[Instance]:
    known = {one.name: one for one in instances}
    for name in sorted(names):
        service = name.rpartition("-")[0]
        yield known.get(name, Instance(service=service, name=name, identity={}))
