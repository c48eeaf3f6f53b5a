"""Whether an alert is resolved in time after the fault."""

from collections.abc import Iterator

from gameday.checks.alerts.phase import phase
from gameday.checks.alerts.promised_alert import PromisedAlert, promise_of
from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    unknown,
    within,
)
from gameday.checks.record.episodes import Episode
from gameday.checks.step import StepRun
from gameday.model.quantity import show_instant

_SAME = 0.0021  # two stamps of one instant, each cut to a millisecond


def resets_within(step: StepRun, question: Question) -> Answer:
    """Fault ends -> resolved in Prometheus, every instance that fired."""
    promised = promise_of(step, question)
    if step.fault_end is None:
        return unknown("the fault was not seen to end")
    if promised.is_silent:
        return unknown(f"{promised.silence}, so it could not reset")
    deadline = step.fault_end + (question.promised or 0.0)
    still = [episode for episode in promised.fired if not episode.over(step.end)]
    if still:
        return _still_firing(promised, still[0], deadline)
    last = max(promised.fired, key=lambda episode: episode.resolved or 0.0)
    return _resolved(promised, question, last)


def _still_firing(promised: PromisedAlert, episode: Episode, deadline: float) -> Answer:
    since = show_instant(episode.firing or 0.0)
    said = f"{promised.name} did not reset: it has been firing since {since}"
    ended = promised.step.fault_end
    return failed(said, evidence=episode.show(), decided=deadline, since=ended)


def _resolved(promised: PromisedAlert, question: Question, episode: Episode) -> Answer:
    step = promised.step
    end = step.fault_end or 0.0
    at, confirmed = _resolved_time(promised, episode)
    answer = within(
        question,
        Measurement(
            what=f"{promised.name} was resolved",
            origin="the fault ended",
            measured=max(0.0, at - end),
            error=episode.end_error + step.fault_error,
            decided=max(at, end),
            since=min(at, end),
            evidence={
                **episode.show(),
                "confirmed_by_page": confirmed,
                "phase": phase(promised, episode, end, at).show(),
            },
        ),
    )
    if not episode.exact and not confirmed:
        return answer.unsure(f"nothing marks the end of {promised.name}")
    return answer


def _resolved_time(promised: PromisedAlert, episode: Episode) -> tuple[float, bool]:
    """Return when it ended and whether a page says the same; the page wins if not."""
    at = episode.resolved or 0.0
    offset = any(rule.query_offset for rule in promised.rules)
    for ends in _ends_in_pages(promised, episode):
        if offset or (not episode.exact and not _expired(promised, ends)):
            return ends, True
        if abs(ends - at) <= _SAME:
            return at, True
    return at, False


def _ends_in_pages(promised: PromisedAlert, episode: Episode) -> Iterator[float]:
    """Yield when an episode ended as its pages tell it, on our clock."""
    run = promised.step.run
    for reading in run.mailbox.readings_of(episode):
        mention = reading.mention
        if mention is None or mention.status != "resolved" or mention.ends is None:
            continue
        ends = run.clocks.to_our_clock("prometheus", mention.ends)
        if ends >= (episode.firing or 0.0):
            yield ends


def _expired(promised: PromisedAlert, ends: float) -> bool:
    """Whether an end may be Alertmanager's own: nobody saw Prometheus evaluate then.

    Alertmanager ends by itself what it has not heard of for some minutes.
    """
    every = max((rule.interval or 0.0 for rule in promised.rules), default=0.0)
    return bool(promised.gap(ends - max(every, 1.0), ends, "prometheus"))
