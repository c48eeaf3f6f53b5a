"""Whether a promised alert fires in time, with its labels.

Where it was only pending, or its fault was undone too soon, the answer says so.
"""

from collections.abc import Sequence
from dataclasses import replace

from gameday.checks.alerts.notifications import Notifications
from gameday.checks.alerts.phase import phase
from gameday.checks.alerts.promised_alert import PromisedAlert, promise_of
from gameday.checks.pages.reading import Reading
from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    within,
)
from gameday.checks.record.episodes import Episode, fits
from gameday.checks.record.observer_coverage import SLACK
from gameday.checks.step import BY_ITSELF, StepRun
from gameday.model.events import FaultEnded
from gameday.model.quantity import show_duration, show_instant


def fires_within(step: StepRun, question: Question) -> Answer:
    """Fault begins -> firing."""
    promised = promise_of(step, question)
    deadline = promised.start + (question.promised or 0.0)
    if promised.is_silent:
        return never_fired(promised, deadline)
    first = promised.first_episodes[-1]  # of several victims the last one decides
    at, evidence = _firing_time(promised, first)
    return within(
        question,
        Measurement(
            what=f"{promised.name} fired",
            origin="the fault began",
            measured=at - promised.start,
            error=first.error + step.fault_error,
            decided=at,
            evidence={
                **evidence,
                "also": _other_instances(promised),
                "phase": phase(promised, first, promised.start, at).show(),
            },
        ),
    )


def never_fired(promised: PromisedAlert, deadline: float) -> Answer:
    """Answer for an alert that never fired: a failure, decided at the deadline."""
    namesakes = _namesakes(promised)
    because = f"{promised.name}{_wanted(promised)} never fired"
    because += _how_silent(promised, namesakes)
    evidence: dict[str, object] = {"namesakes": namesakes}
    answer = failed(because, evidence=evidence, decided=deadline)
    page = _page_from_elsewhere(promised)
    if page is None:
        return answer.doubted(
            _firing_elsewhere_before(promised, deadline)
            or _undone_too_soon(promised, deadline)
        )
    why = f"{promised.name} is evaluated elsewhere; only a page tells of it"
    return replace(answer.unsure(why), evidence={**evidence, "page": page.show()})


def _namesakes(promised: PromisedAlert) -> list[dict[str, object]]:
    """Return what fired in the step by the promised name, with other labels."""
    return [
        episode.show()
        for episode in promised.step.run.episodes
        if episode.alert == promised.name
        and episode.firing is not None
        and promised.start <= episode.firing <= promised.step.end
        and episode not in promised.fired
    ]


def _how_silent(promised: PromisedAlert, namesakes: Sequence[object]) -> str:
    """Return what goes after "never fired": for whom, or what was there instead."""
    if promised.fired:
        victims = ", ".join(promised.silent_victims)
        return f" for {victims}; each instance that was hit has to ring"
    if namesakes:
        return "; it fired with other labels, which is another alert"
    if promised.step.run.plan.monitoring.rules is not None and not promised.rules:
        return "; no rule of that name and with those labels is loaded"
    return _pending_words(promised)


def _pending_words(promised: PromisedAlert) -> str:
    """Return for how long of its `for` it was pending at most; empty: it was not."""
    lengths = [
        (promised.step.end if episode.resolved is None else episode.resolved)
        - episode.pending
        for episode in promised.step.run.episodes
        if episode.alert == promised.name
        and episode.firing is None
        and episode.pending is not None
        and promised.start <= episode.pending <= promised.step.end
        and fits(episode.alert, episode.labels, promised.promise.labels)
    ]
    if not lengths:
        return ""
    hold = max((rule.hold for rule in promised.rules), default=0.0)
    of = f" of its {show_duration(hold)}" if hold else ""
    return f"; it was pending for {show_duration(round(max(lengths), 3))}{of}"


def _undone_too_soon(promised: PromisedAlert, deadline: float) -> str:
    """Return why a silent alert was not waited for: its hold was too short.

    Where the promise says when it fires, the record tells, unless the whole step was
    over too soon, which is doubt by itself. Else only a hold that the scenario fixes
    can be; any other lasts until the promises' time is over. A fault that ended by
    itself, or when the instance was back, was all that there was.
    """
    step, fires = promised.step, promised.promise.fires_within
    if fires is not None:
        deadline = min(deadline, promised.start + fires)
    end = step.fault_end
    told = fires is not None and not step.why_unwatched(deadline)
    known = step.step.hold is not None or told
    ours = known and not step.heals_itself and not _ended_by_itself(step)
    if end is None or not ours or end + SLACK >= deadline:
        return ""
    left = show_duration(round(deadline - end, 3))
    return f"the fault was undone {left} before the time of {promised.name} was over"


def _ended_by_itself(step: StepRun) -> bool:
    """Whether the fault was over before anybody's hand was laid on it.

    By itself, or since the platform had replaced the victim.
    """
    hands = [
        event.at
        for event in step.events(FaultEnded)
        if event.ok and event.by not in BY_ITSELF
    ]
    return not hands or (step.fault_end or 0.0) + SLACK < min(hands)


def _firing_time(
    promised: PromisedAlert, episode: Episode
) -> tuple[float, dict[str, object]]:
    """Return when it fired, on our clock: under a query offset the page tells."""
    at = episode.firing or 0.0
    evidence = episode.show()
    page_start = _start_in_page(promised, episode)
    if page_start is None:
        return at, evidence
    evidence["page_starts"] = show_instant(page_start)
    if any(rule.query_offset for rule in promised.rules):
        at = promised.step.run.clocks.to_our_clock("prometheus", page_start)
    return at, evidence


def _start_in_page(promised: PromisedAlert, episode: Episode) -> float | None:
    for reading in promised.step.run.mailbox.readings_of(episode):
        mention = reading.mention
        late = reading.page.at >= promised.start
        if late and mention is not None and mention.starts is not None:
            return mention.starts
    return None


def _page_from_elsewhere(promised: PromisedAlert) -> Reading | None:
    """Return the page of an alert that this Prometheus has no rule for."""
    if promised.fired or promised.evaluated_here:
        return None
    return next(iter(Notifications.of(promised).readings), None)


def _firing_elsewhere_before(promised: PromisedAlert, deadline: float) -> str:
    """Return that an alert without a rule here had been firing before; or empty."""
    if promised.fired or promised.evaluated_here:
        return ""
    return Notifications.of(promised).firing_elsewhere_before(deadline)


def _wanted(promised: PromisedAlert) -> str:
    pairs = sorted(promised.promise.labels.items())
    inside = ", ".join(f'{key}="{value}"' for key, value in pairs)
    return f" with {{{inside}}}" if inside else ""


def _other_instances(promised: PromisedAlert) -> list[dict[str, object]]:
    """Return the other instances that fit, a few of them."""
    return [episode.show() for episode in promised.fired[1:6]]
