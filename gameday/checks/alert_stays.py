"""Whether an alert keeps firing until the fault ends."""

from gameday.checks.alert_fires import silent
from gameday.checks.episodes import Episode
from gameday.checks.promise import Promised, promise_of
from gameday.checks.question import Answer, Question, failed, passed, unknown
from gameday.checks.step import StepRun
from gameday.model.quantity import show_duration


def stays_firing(step: StepRun, question: Question) -> Answer:
    """From the first firing to the fault's end, without a break."""
    promised = promise_of(step, question)
    if not promised.fired or promised.silent_victims:
        return _never_fired(promised)
    if step.fault_end is None:
        return unknown("the fault was not seen to end")
    return _until(promised, step.fault_end)


def _never_fired(promised: Promised) -> Answer:
    asked = promised.promise
    if (asked.fires_within, asked.receiver, asked.pages_within) == (None, None, None):
        return silent(promised, promised.step.end)  # nobody else would say so
    return unknown(f"{promised.silence}, so it could not stay firing")


def _until(promised: Promised, end: float) -> Answer:
    first = promised.fired[0]
    began = first.firing or 0.0
    lives = [one for one in promised.fired if one.labels == first.labels]
    evidence = {"episodes": [one.show() for one in lives]}
    if began > end:
        because = f"{promised.name} fired only after the fault had ended"
        return unknown(because, evidence=evidence)
    broken = _broken(promised.step, lives, end)
    if broken is None:
        said = f"{promised.name} kept firing until the fault ended"
        return passed(said, evidence=evidence, decided=end, since=began)
    stopped = broken.resolved or 0.0
    before = show_duration(round(end - stopped, 3))
    said = f"{promised.name} stopped firing {before} before the fault ended"
    answer = failed(said, evidence=evidence, decided=stopped, since=began)
    return answer if broken.exact else answer.unsure("its end was not marked")


def _broken(step: StepRun, lives: list[Episode], end: float) -> Episode | None:
    """Return the life that ended before the fault did; None: it kept firing.

    A fault that heals itself is over before its end is confirmed: there only an
    alert that fires again shows that it had stopped too early.
    """
    early = [one for one in lives if one.over(end)]
    if step.heals_itself:
        return early[0] if early and len(lives) > 1 else None
    return early[0] if early else None
