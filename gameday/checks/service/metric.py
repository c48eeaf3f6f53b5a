"""Whether a promised PromQL expression holds: during the fault, after it, throughout.

What a look sees was scraped up to an interval before. A look so soon after the fault's
start, or its end, belongs to neither side of it.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gameday.checks.doubt import DoubtSpan
from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    passed,
    unknown,
    within,
)
from gameday.checks.record.observer_coverage import Hole
from gameday.checks.step import StepRun
from gameday.model.events import Metric
from gameday.model.quantity import show_duration, show_instant
from gameday.model.scenario import MetricPromise
from gameday.model.stretch import LONGEST, looks_in_a_row, share_of_false

_HOLE = 2.0  # intervals between two looks that are still no hole
_SHORTEST = 1.0  # seconds between two looks, at least


@dataclass(frozen=True, kw_only=True)
class Looks:
    """The looks at one expression, in order; `stale`: how old what they see may be."""

    events: Sequence[Metric]
    stale: float

    @property
    def every(self) -> float:
        """The usual time between two looks: the median, in seconds."""
        gaps = sorted(b.at - a.at for a, b in itertools.pairwise(self.events))
        return max(_SHORTEST, gaps[len(gaps) // 2] if gaps else 0.0)

    def between(self, since: float, until: float) -> list[Metric]:
        """Return the looks of the closed interval."""
        return [look for look in self.events if since <= look.at <= until]

    def unseen(self, span: DoubtSpan) -> Iterator[Hole]:
        """Yield the looks without an answer, and the holes between the looks.

        A hole is where nobody looked for longer than twice the interval.
        """
        seen = self.between(span.start, span.end)
        for look in seen:
            if look.ok is None:
                yield Hole(look.at, _why_unknown(look))
        most = _HOLE * self.every
        times = [span.start, *(look.at for look in seen), span.end]
        for earlier, later in itertools.pairwise(times):
            if later - earlier > most:
                when = f"from {show_instant(earlier)} to {show_instant(later)}"
                yield Hole(earlier, f"nobody looked at it {when}")


def holds(step: StepRun, question: Question) -> Answer:
    """The expression holds for all of its series, each time it is looked at."""
    promise = question.metric
    if promise is None:
        return unknown("the scenario promises no such metric")
    looks = looks_at(step, promise)
    if not looks.events:
        return unknown(_never_looked(step))
    if promise.holds == "after":
        return _holds_from(step, question, promise, looks)
    start = (step.start or 0.0) + looks.stale
    end = step.fault_end if promise.holds == "during" else step.end
    if end is None:
        answer = _held_throughout(step, promise, looks, (start, step.end))
        return answer if _is_fail(answer) else unknown("the fault was not seen to end")
    return _held_throughout(step, promise, looks, (start, end))


def _is_fail(answer: Answer) -> bool:
    return answer.outcome.value == "fail"


def looks_at(step: StepRun, promise: MetricPromise) -> Looks:
    """Return the looks at a promised expression; what they missed, the gate asks."""
    every = step.run.timeline.of(Metric)
    events = [reading for reading in every if reading.promql == promise.promql]
    monitoring = step.run.plan.monitoring
    recorded = (monitoring.evaluation_interval or 0.0) if ":" in promise.promql else 0.0
    known = [event.stale for event in events if event.stale]
    scraped = max(known, default=step.run.scrape_interval)
    return Looks(events=events, stale=scraped + recorded)


def _never_looked(step: StepRun) -> str:
    if step.run.plan.scenario.observe.prometheus is None:
        return "the scenario observes no Prometheus, so nobody looked at it"
    return "it was never looked at"


def _held_throughout(
    step: StepRun, promise: MetricPromise, looks: Looks, span: tuple[float, float]
) -> Answer:
    """Answer whether it held from the one time to the other."""
    since, until = span
    seen = looks.between(since, until)
    evidence = _evidence(seen)
    broken = next((look for look in seen if look.ok is False), None)
    if broken is not None:
        said = (
            f"{promise.subject} did not hold {_time_text(step, broken)}{_value(broken)}"
        )
        said += _held_before(step, looks)
        return failed(said, evidence=evidence, decided=broken.at)
    if since >= until or not seen:
        return unknown("the time was too short to look at it", evidence=evidence)
    held = sum(look.ok is True for look in seen)
    said = f"{promise.subject} held each of the {held} times it was looked at"
    return passed(said, evidence=evidence, since=since, decided=until)


def _holds_from(
    step: StepRun, question: Question, promise: MetricPromise, looks: Looks
) -> Answer:
    """Answer whether it holds from the promised time on, up to the step's end."""
    end = step.fault_end
    if end is None:
        return unknown("the fault was not seen to end")
    if promise.within is None:
        return _held_throughout(step, promise, looks, (end + looks.stale, step.end))
    deadline = end + promise.within
    seen = looks.between(end, step.end)
    first = _last_stretch(seen)
    if first is None:
        return _did_not_recover(step, promise, looks, deadline)
    stretch = looks.between(first.at, step.end)
    evidence = _evidence(seen)
    unsure = _too_short(step, looks, stretch, deadline)
    before = [look for look in seen if look.at < first.at]
    last_bad = before[-1].at if before else first.at
    answer = within(
        question,
        Measurement(
            what=f"{promise.subject} held again",
            origin="the fault ended",
            measured=first.at - end if before else 0.0,
            below=first.at - last_bad + looks.stale if before else 0.0,
            since=first.at,
            decided=step.end,
            evidence=evidence,
        ),
    )
    return answer.unsure(unsure) if unsure and not _is_fail(answer) else answer


def _last_stretch(seen: Sequence[Metric]) -> Metric | None:
    """Return the first of the looks that all hold up to the last; None: none do."""
    first = None
    for look in reversed(seen):
        if look.ok is not True:
            break
        first = look
    return first


def _did_not_recover(
    step: StepRun, promise: MetricPromise, looks: Looks, deadline: float
) -> Answer:
    """Answer where the last look did not hold."""
    seen = looks.between(step.fault_end or 0.0, step.end)
    evidence = _evidence(seen)
    if not seen:
        return unknown("it was not looked at after the fault", evidence=evidence)
    last = seen[-1]
    if last.ok is None:
        return unknown(_why_unknown(last), evidence=evidence)
    said = f"{promise.subject} did not hold {_time_text(step, last)}{_value(last)}"
    answer = failed(
        said + _held_before(step, looks), evidence=evidence, decided=last.at
    )
    # What was false so long after its time was false when its time was over.
    if last.at - looks.stale > deadline:
        return answer
    return answer.unsure(
        step.why_unwatched(deadline) or "its time was over before that could be seen"
    )


def _too_short(
    step: StepRun, looks: Looks, stretch: Sequence[Metric], deadline: float
) -> str:
    """Return why it may have held by chance only; empty where it was no chance."""
    ended = (step.fault_end or 0.0) + looks.stale
    fresh = [look for look in stretch if look.at > ended]
    if not fresh:
        return "all that was seen had been scraped before the fault ended"
    if step.end >= deadline:
        return ""
    during = looks.between(step.start or 0.0, step.fault_end or step.end)
    needed = looks_in_a_row(share_of_false(look.ok for look in during))
    needed = min(needed, int(LONGEST / looks.every))
    if len(fresh) >= needed:
        return ""
    return f"it held in the last {len(fresh)} looks, too few to be no chance"


def _why_unknown(look: Metric) -> str:
    because = look.because or "no answer"
    return f"it could not be told at {show_instant(look.at)}: {because}"


def _held_before(step: StepRun, looks: Looks) -> str:
    before = [look for look in looks.events if look.at <= (step.start or 0.0)]
    false = bool(before) and before[-1].ok is False
    return "; it did not hold before the fault either" if false else ""


def _time_text(step: StepRun, look: Metric) -> str:
    end = step.fault_end
    if end is not None and look.at > end:
        return f"{show_duration(round(look.at - end, 3))} after the fault ended"
    since = look.at - (step.start or 0.0)
    return f"{show_duration(round(since, 3))} after the fault began"


def _value(look: Metric) -> str:
    value = look.value
    if value is None:
        return ""
    series = look.series
    pairs = sorted(pair for pair in series.items() if pair[0] != "__name__")
    inside = ", ".join(f'{name}="{text}"' for name, text in pairs)
    return f": it was {float(value):g}" + (f" for {{{inside}}}" if inside else "")


def _evidence(seen: Sequence[Metric]) -> dict[str, object]:
    false = [look for look in seen if look.ok is False]
    shown = [{"at": show_instant(look.at), "value": look.value} for look in false[:5]]
    return {"looks": len(seen), "false": len(false), "first_false": shown}
