"""Events of the run itself: phases, the hypothesis, guardrails, drift, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from gameday.frozen import frozen
from gameday.model.events.codec import Event, Labels, Seconds, StepEvent

# What the engine calls an experiment that did not come to its end.
CUT_SHORT = {
    "interrupted": "was interrupted before its end",
    "aborted": "was aborted by the engine",
    "escaped": "broke the engine",
}


@frozen
class RunStarted(Event, kind="run_started"):
    """A run begins."""

    run: str = ""
    scenario: str = ""


@frozen
class RunEnded(Event, kind="run_ended"):
    """A run is over.

    `broken`: what is still broken, and what to do by hand.
    """

    ending: str
    because: str = ""
    broken: Sequence[str] = ()


@frozen
class Recovered(Event, kind="recovered"):
    """What a run that died had left was undone before this one began, or not."""

    run: str
    what: str
    ok: bool
    because: str = ""
    by_hand: str = ""


@frozen
class Phase(StepEvent, kind="phase"):
    """A phase begins: warmup, gate, fault, hold, undo, aftermath, done or settle.

    `step` is empty outside of steps.
    """

    phase: str


@frozen
class Skipped(StepEvent, kind="skipped"):
    """A step's fault was not injected, since nothing could be learned of its alerts."""

    because: str = ""


@frozen
class Activity(StepEvent, kind="activity", omits=("ok",)):
    """What the engine reports of an activity.

    It is of a method or of rollbacks; `type`: action or probe; `ok`: of a method's
    probe, whether it answers within its tolerance.
    """

    name: str
    type: str = ""
    status: str = ""
    because: str = ""
    phase: str = ""
    ok: bool | None = None


@frozen
class Engine(StepEvent, kind="engine"):
    """How the engine ended an experiment."""

    status: str = ""
    because: str = ""
    deviated: bool | None = None


@frozen
class Probe(StepEvent, kind="probe", omits=("gave_up",)):
    """One probe of the hypothesis.

    `phase`: before, during, after, or injection (under way when the fault began). `ok`
    is null where it could not be told; `gave_up`: it did not come back.
    """

    phase: str
    name: str = ""
    ok: bool | None
    value: Any
    because: str = ""
    took: Seconds = 0.0
    gave_up: bool = False


@frozen
class Hypothesis(StepEvent, kind="hypothesis"):
    """All probes of the hypothesis, once.

    `took`: how long, null where it was not written down; `every`: from one look to the
    next.
    """

    phase: str
    ok: bool | None
    because: str = ""
    took: Seconds | None = None
    every: Seconds = 0.0


@frozen
class Metric(Event, kind="metric", omits=("stale",)):
    """One look at a promised expression.

    `series`: the labels of the first series that does not hold, or else of one that
    does; `stale`: how old what it reads may be.
    """

    promql: str
    ok: bool | None
    value: float | None = None
    series: Labels = field(default_factory=dict)
    because: str = ""
    stale: Seconds | None = None


@frozen
class Guardrail(Event, kind="guardrail"):
    """The state of a guardrail: ok, breached or unanswerable.

    `answered` is false where it is breached since nobody could tell.
    """

    name: str
    state: str
    because: str = ""
    value: float | None = None
    limit: float | None = None
    answered: bool = True


@frozen
class Fingerprint(Event, kind="fingerprint"):
    """The target's fingerprint was taken (before, after).

    `because`: why it could not be; `instances`: how many were looked at.
    """

    when: str
    instances: int
    because: str = ""


@frozen
class Drifted(StepEvent, kind="drift", omits=("platform",)):
    """Something is not as it was before the first fault (secrets only as digests).

    `platform`: why, where the platform did that by itself.
    """

    instance: str
    key: str
    before: str
    after: str
    platform: str = ""


@frozen
class Note(Event, kind="note"):
    """A remark."""

    text: str
