"""Whether anything rings that nobody promised.

Alerts that began to fire between the fault's start and the end of the aftermath, and
all that pages tell of, from whatever Prometheus. What had been firing before the
fault is no effect of it; what had been pending, or rang again, may not be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.pages.matching import SAME, Identity
from gameday.checks.pages.pages import FIRING, RESOLVED, label_key
from gameday.checks.pages.reading import ALONE, Reading
from gameday.checks.question import Answer, Question, failed, passed
from gameday.checks.record.episodes import Episode, fits
from gameday.checks.record.lost_targets import Loss
from gameday.checks.record.rule_chain import reads
from gameday.checks.step import StepRun
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import AlertAtStart, Routed, Suppressed
from gameday.model.quantity import show_instant

_SHOWN = 20


def no_other_alerts(step: StepRun, _: Question) -> Answer:
    """Nothing rang but what was promised."""
    other_alerts = _OtherAlerts(step)
    only_paged = other_alerts.only_paged
    names = dict.fromkeys(
        [*(offender.alert for offender in other_alerts.offenders), *only_paged]
    )
    evidence = {
        "offenders": [offender.show() for offender in other_alerts.offenders[:_SHOWN]],
        "pages": list(only_paged)[:_SHOWN],
    }
    if names:
        times = [offender.firing or 0.0 for offender in other_alerts.offenders]
        first = min([*times, *only_paged.values()])
        said = f"nobody promised {', '.join(names)}, which rang"
        return failed(said, evidence=evidence, decided=first)
    answer = passed("nothing rang that was not promised", evidence=evidence)
    return answer.doubted(other_alerts.why_unclear)


def rules_that_matter(step: StepRun) -> list[AlertRule] | None:
    """Return the rules whose alerts would be unexpected; None: not known."""
    rules = step.run.plan.monitoring.rules
    return (
        None
        if rules is None
        else [rule for rule in rules if _could_be_unexpected(step, rule)]
    )


def may_ring_for(step: StepRun, loss: Loss) -> bool:
    """Whether an alert that would be unexpected may rest on a scrape target.

    What rang without a rule that is known may be about anything.
    """
    rules, others = rules_that_matter(step), _OtherAlerts(step)
    if rules is None:
        return True
    monitoring = step.run.plan.monitoring
    known = {rule.name for rule in monitoring.rules or ()}
    names = {*(offender.alert for offender in others.offenders), *others.only_paged}
    unknown = bool(names - known) or bool(others.why_unclear)
    return unknown or (bool(rules) and reads(monitoring, rules, loss))


def _could_be_unexpected(step: StepRun, rule: AlertRule) -> bool:
    """Whether a rule's alerts could be unexpected: not excepted, not narrowed away."""
    asked = step.step.expect.no_other_alerts
    if rule.name in asked.except_:
        return False
    return rule.may_have(asked.matching)


@dataclass(frozen=True)
class _OtherAlerts:
    """The alerts that rang in a step, and those of them that nobody promised."""

    step: StepRun

    @cached_property
    def offenders(self) -> list[Episode]:
        """The alerts that fired in the step and were not promised."""
        return [
            other for other in self._unexpected if not self._was_active_before(other)
        ]

    @cached_property
    def only_paged(self) -> dict[str, float]:
        """The alerts that only pages tell of, each with the time of its first page."""
        seen_at: dict[str, float] = {}
        for reading in self._readings:
            labels = reading.labels
            sure = reading.match.sure or reading.match.identities
            if (
                sure
                or reading.by == ALONE
                or not labels
                or self._expected(labels)
                or not self._began_in_step(reading)
            ):
                continue
            seen_at.setdefault(labels.get("alertname", "an alert"), reading.page.at)
        return seen_at

    @cached_property
    def why_unclear(self) -> str:
        """Why it cannot be told whether anything else rang; empty when it can."""
        for episode in self._unexpected:
            if self._was_active_before(episode):
                since = show_instant(self._active_before[label_key(episode.labels)])
                state = "pending or firing before the fault"
                return f"{episode.alert}, which rang, was {state}, since {since}"
        for reading in self._readings:
            page = reading.page
            where = f"a page at {page.receiver} ({show_instant(page.stamp)})"
            if page.cut:
                return f"Alertmanager left {page.cut} alerts out of {where}"
            if not self._is_matched(reading):
                return f"{where} could not be matched to an alert"
        return ""

    @cached_property
    def _unexpected(self) -> list[Episode]:
        start, end = self.step.start or 0.0, self.step.end
        return [
            episode
            for episode in self.step.run.episodes
            if episode.firing is not None
            and start <= episode.firing <= end
            and not any(map(self._expected, self._labels_of(episode)))
        ]

    @cached_property
    def _active_before(self) -> dict[object, float]:
        """The alerts that were pending or firing when the fault began, since when."""
        start, found = self.step.start or 0.0, dict[object, float]()
        for event in self.step.events(AlertAtStart):
            found[label_key({**event.labels, "alertname": event.alert})] = start
        for episode in self.step.run.episodes:
            times = [at for at in (episode.pending, episode.firing) if at is not None]
            if times and min(times) < start and not episode.over(start):
                found[label_key({**episode.labels, "alertname": episode.alert})] = min(
                    times
                )
        return found

    def _was_active_before(self, episode: Episode) -> bool:
        return (
            label_key({**episode.labels, "alertname": episode.alert})
            in self._active_before
        )

    def _labels_of(self, episode: Episode) -> list[dict[str, str]]:
        """Return an alert's labels in Prometheus, with what was added on the way."""
        own = {**episode.labels, "alertname": episode.alert}
        identity = self.step.run.matching.of(episode)
        seen = (
            []
            if identity is None
            else self.step.run.matching.labels_in_alertmanager(identity)
        )
        return [own, *({**labels, **own} for labels in seen)]

    def _expected(self, labels: Mapping[str, str]) -> bool:
        asked = self.step.step.expect.no_other_alerts
        name = labels.get("alertname", "")
        if name in asked.except_ or not fits(name, labels, asked.matching):
            return True
        return any(
            promise.alert == name
            and fits(name, labels, promise.labels)
            and self.step.victims.concern(labels, promise.labels)
            for promise in self.step.step.expect.alerts
        )

    # --- pages ---

    @cached_property
    def _readings(self) -> list[Reading]:
        start, end = self.step.start or 0.0, self.step.end
        readings = self.step.run.mailbox.readings
        return [reading for reading in readings if start <= reading.page.at <= end]

    def _is_matched(self, reading: Reading) -> bool:
        """Whether a page is of what is promised, of an offender, or of before."""
        if reading.by == ALONE:
            return False  # who was the only one due is no proof of what a page says
        if reading.match.sure:
            return True
        if reading.labels and self._expected(reading.labels):
            return True
        if reading.match.identities:
            return all(map(self._is_expected, reading.match.identities))
        return bool(reading.labels)

    def _is_expected(self, identity: Identity) -> bool:
        start = self.step.start or 0.0
        older = all((life.firing or 0.0) < start for life in identity.lives)
        return older or self._expected(identity.labels)

    def _began_in_step(self, reading: Reading) -> bool:
        """Whether a page tells of an alert that began in the step."""
        start = self.step.start or 0.0
        if reading.began is not None:
            error = self.step.run.clocks.error("prometheus") + SAME
            return reading.began >= start - error
        return reading.status == FIRING and not self._was_firing_before(reading)

    def _was_firing_before(self, reading: Reading) -> bool:
        """Whether the same labels had been told firing before the fault."""
        key, start, last = label_key(reading.labels), self.step.start or 0.0, RESOLVED
        for other in self.step.run.mailbox.readings:
            if other.page.at < start and label_key(other.labels) == key:
                last = other.status
        routed = any(
            event.at < start and label_key(event.labels) == key
            for event in self.step.run.timeline.of(Routed, Suppressed)
        )
        return last == FIRING or routed
