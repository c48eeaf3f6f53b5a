"""Whether an alert keeps firing until the fault ends."""

from collections.abc import Iterator

from gameday.checks.alerts.alert_fires import never_fired
from gameday.checks.alerts.promised_alert import PromisedAlert, promise_of
from gameday.checks.question import Answer, Question, failed, passed, unknown
from gameday.checks.record.episodes import Episode
from gameday.checks.step import StepRun
from gameday.model.quantity import show_duration

_SAME = 0.0021  # two stamps of one instant, each cut to a millisecond


def stays_firing(step: StepRun, question: Question) -> Answer:
    """From the first firing to the fault's end, without a break."""
    promised = promise_of(step, question)
    if promised.is_silent:
        return _never_fired(promised)
    if step.held_until is None:
        return unknown("the fault was not seen to end")
    return _until(promised, step.held_until)


def _never_fired(promised: PromisedAlert) -> Answer:
    asked = promised.promise
    if (asked.fires_within, asked.receiver, asked.pages_within) == (None, None, None):
        return never_fired(promised, promised.step.end)  # nobody else would say so
    return unknown(f"{promised.silence}, so it could not stay firing")


def _until(promised: PromisedAlert, end: float) -> Answer:
    began = promised.fired[0].firing or 0.0
    if began > end:
        said = f"{promised.name} fired only after the fault had ended"
        evidence = {"episodes": [episode.show() for episode in promised.fired]}
        return passed(said, evidence=evidence, decided=began)
    for lives in _lives_by_victim(promised):
        broken = _broken(promised.step, lives, end)
        if broken is not None:
            return _stopped(promised, lives, broken, end)
    evidence = {"episodes": [episode.show() for episode in promised.fired]}
    said = f"{promised.name} kept firing until the fault ended"
    return passed(said, evidence=evidence, decided=end, since=began)


def _stopped(
    promised: PromisedAlert, lives: list[Episode], broken: Episode, end: float
) -> Answer:
    stopped = broken.resolved or 0.0
    before = show_duration(round(end - stopped, 3))
    said = f"{promised.name} stopped firing {before} before the fault ended"
    evidence = {"episodes": [life.show() for life in lives]}
    began = lives[0].firing
    answer = failed(said, evidence=evidence, decided=stopped, since=began)
    return answer if broken.exact else answer.unsure("its end was not marked")


def _lives_by_victim(promised: PromisedAlert) -> Iterator[list[Episode]]:
    """Yield what has to keep firing, each in order: one for each victim.

    Where the labels do not tell victims apart all that fits is one firing: what
    hands over from a short window to a long one has not stopped.
    """
    victims = promised.step.victims
    if not promised.required:
        yield promised.fired
    for victim in sorted(promised.required):
        lives = [
            episode
            for episode in promised.fired
            if victim in victims.of(episode.labels)
        ]
        if lives:
            yield lives


def _broken(step: StepRun, lives: list[Episode], end: float) -> Episode | None:
    """Return the life after which nothing fired; None: it kept firing.

    A fault that heals itself is over before its end is confirmed: there only an
    alert that fires again shows that it had stopped too early.
    """
    last = lives[0]
    for life in lives[1:]:
        if last.resolved is not None and (life.firing or 0.0) > last.resolved + _SAME:
            return last if last.over(end) else None
        if last.resolved is not None:
            longer = life.resolved is None or life.resolved > last.resolved
            last = life if longer else last
    return last if last.over(end) and not step.heals_itself else None
