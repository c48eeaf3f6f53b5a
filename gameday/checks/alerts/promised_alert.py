"""One promised alert in one step: which episodes are its, and what spoils it.

An episode belongs to the promise if its name is the same, its labels contain the
promised ones, and it is not about an instance that was spared. If its labels tell
instances apart, an alert has to fire for each victim (unless the promise says any);
otherwise the earliest episode answers, whichever rule it comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.doubt import DoubtSpan
from gameday.checks.pages.groups import groups_of
from gameday.checks.pages.matching import Identity
from gameday.checks.pages.mutes import MutingSilence
from gameday.checks.pages.pages import label_key
from gameday.checks.question import Question
from gameday.checks.record.episodes import Episode, fits
from gameday.checks.record.observer_coverage import RuleScope
from gameday.checks.record.rule_chain import scope_of
from gameday.checks.step import StepRun
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import AlertAtStart
from gameday.model.quantity import show_instant
from gameday.model.scenario import AlertPromise
from gameday.model.timing.alert_path import rules_for


@dataclass(frozen=True, kw_only=True)
class PromisedAlert:
    """A promise about an alert in a step whose fault was injected."""

    step: StepRun
    promise: AlertPromise

    @classmethod
    def of(cls, step: StepRun, promise: AlertPromise) -> "PromisedAlert":
        """Return a promise of a step: one for all its questions."""
        return step.once((cls, promise), lambda: cls(step=step, promise=promise))

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.promise.alert

    @property
    def start(self) -> float:
        """When the fault began."""
        return self.step.start or 0.0

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert of the promised name and these labels is the promise's."""
        asked = self.promise.labels
        concerns = self.step.victims.concern(labels, asked)
        return concerns and fits(self.name, labels, asked)

    def matches_with_name(self, labels: Mapping[str, str]) -> bool:
        """Whether labels, with their name, are those of the promise."""
        return labels.get("alertname") == self.name and self.matches(labels)

    @cached_property
    def identities(self) -> frozenset[Identity]:
        """The alerts of the promise, as Alertmanager tells them apart."""
        return frozenset(
            identity
            for identity in self.step.run.matching.named(self.name)
            if self.matches(identity.labels)
        )

    def is_about(self, identity: Identity | None, labels: Mapping[str, str]) -> bool:
        """Whether an alert of Alertmanager's is the promise's; by labels if unknown."""
        if identity is not None:
            return identity in self.identities
        return self.matches_with_name(labels)

    @cached_property
    def all(self) -> list[Episode]:
        """Every episode of the promise in the run that fired."""
        return [
            episode
            for episode in self.step.run.episodes
            if episode.alert == self.name
            and episode.firing is not None
            and self.matches(episode.labels)
        ]

    @cached_property
    def fired(self) -> list[Episode]:
        """Those that began to fire after the fault began, up to the step's end."""
        began_in_fault = [
            episode
            for episode in self.all
            if episode.firing is not None
            and self.start <= episode.firing <= self.step.end
        ]
        return sorted(
            began_in_fault,
            key=lambda episode: (episode.firing or 0.0, label_key(episode.labels)),
        )

    @property
    def silence(self) -> str:
        """That it never fired, or for which victims it did not, as a clause."""
        whom = ", ".join(self.silent_victims) if self.fired else ""
        return f"{self.name} never fired" + (f" for {whom}" if whom else "")

    @property
    def evaluated_here(self) -> bool:
        """Whether the observed Prometheus has a rule of that name."""
        known = self.step.run.plan.monitoring.rules
        return known is not None and any(rule.name == self.name for rule in known)

    @cached_property
    def required(self) -> frozenset[str]:
        """The victims that the alert's labels tell apart; none where they do not."""
        victims, asked = self.step.victims, self.promise.labels
        if victims.names_one(asked):
            return frozenset()  # the promise itself says for which
        run = self.step.run
        told = (reading.labels for reading in run.mailbox.readings)
        sets = [
            *(episode.labels for episode in run.episodes if episode.alert == self.name),
            *(labels for labels in told if labels.get("alertname") == self.name),
        ]
        fitting = (labels for labels in sets if fits(self.name, labels, asked))
        return frozenset[str]().union(*map(victims.required, fitting))

    @cached_property
    def first_episodes(self) -> list[Episode]:
        """The first episode of each victim, or of all where they are not told apart."""
        episodes: dict[str, Episode] = {}
        for episode in self.fired:
            for victim in self.step.victims.of(episode.labels) & self.required:
                episodes.setdefault(victim, episode)
        if not episodes or self.promise.victims == "any":
            return self.fired[:1]
        return list(episodes.values())

    @cached_property
    def silent_victims(self) -> list[str]:
        """The victims for which the alert never fired though it should have."""
        if self.promise.victims == "any" and self.fired:
            return []
        told = (self.step.victims.of(episode.labels) for episode in self.fired)
        return sorted(self.required - frozenset[str]().union(*told))

    @property
    def is_silent(self) -> bool:
        """Whether it never fired, or not for each victim."""
        return not self.fired or bool(self.silent_victims)

    @cached_property
    def rules(self) -> list[AlertRule]:
        """The loaded rules that the promise may mean; none where unknown."""
        return rules_for(self.promise, self.step.run.plan.monitoring.rules or ())

    @cached_property
    def why_unanswerable(self) -> str:
        """Why nothing can be said of this alert; empty when something can."""
        return (
            self._rang_at_start()
            or self._began_before()
            or self._silenced()
            or self._unflushed()
        )

    def gap(self, start: float, end: float, *sources: str) -> str:
        """Return why sources, or the alert's rules, did not work all the time."""
        blind_gap = self.step.run.gap(start, end, *sources)
        if blind_gap or "prometheus" not in sources:
            return blind_gap
        doubts = self.step.run.observer_coverage.rule_doubts(
            self.rule_scope, DoubtSpan(start, end)
        )
        return next((doubt.because for doubt in doubts), "")

    @cached_property
    def rule_scope(self) -> RuleScope:
        """The rules on the way to the alert."""
        return scope_of(self.step.run.plan.monitoring, (self.name,), self.rules)

    def _rang_at_start(self) -> str:
        """Say in which state Prometheus had it when the fault began, if any."""
        for event in self.step.events(AlertAtStart):
            mine = event.alert == self.name and self.matches(event.labels)
            state = event.state or "firing"
            if mine and state in ("firing", "pending"):
                return f"{self.name} was already {state} when the fault began"
        return ""

    def _began_before(self) -> str:
        """Say since when an episode had been there when the fault began, if any."""
        for episode in self.all:
            since = episode.firing if episode.pending is None else episode.pending
            if since is None or since >= self.start or episode.over(self.start):
                continue
            state = "firing" if (episode.firing or 0.0) < self.start else "pending"
            return (
                f"{self.name} was already {state} when the fault began, "
                f"since {show_instant(since)}"
            )
        return ""

    def _silenced(self) -> str:
        fired = self.fired[0].firing if self.fired else None
        for silence in self.step.run.silences:
            lifted = fired is not None and silence.until <= fired
            if lifted or silence.since > self.start or silence.until <= self.start:
                continue
            if self._silenced_by(silence):
                number = silence.number
                return f"{self.name} was silenced before the fault (silence {number})"
        return ""

    def _unflushed(self) -> str:
        """Say whether an earlier episode's group may still have been alive."""
        if not self.promise.reaches and self.promise.pages_within is None:
            return ""
        routing = self.step.run.plan.monitoring.routing
        for episode in self.all:
            if episode.resolved is None or episode.resolved > self.start:
                continue
            labels = {**episode.labels, "alertname": episode.alert}
            waits = [group.interval for group in groups_of(labels, routing)]
            since = self.start - episode.resolved
            if since < max(waits, default=0.0) and not self._end_was_paged(episode):
                return (
                    f"{self.name} had resolved only at "
                    f"{show_instant(episode.resolved)}, and its Alertmanager group "
                    "was not flushed before the fault"
                )
        return ""

    def _end_was_paged(self, episode: Episode) -> bool:
        """Whether a page had told of its end before the fault."""
        ended = self.start if episode.resolved is None else episode.resolved
        return any(
            reading.status == "resolved" and ended <= reading.page.at <= self.start
            for reading in self.step.run.mailbox.readings_of(episode)
        )

    def _silenced_by(self, silence: MutingSilence) -> bool:
        """Whether a silence mutes the alert: where it fired, all that fired of it.

        Its own labels decide, as Alertmanager has them; before it has fired, what the
        promise and its rule say.
        """
        matching = self.step.run.matching
        fired = {matching.of(episode) for episode in self.fired} - {None}
        if fired:
            seen = (
                matching.labels_in_alertmanager(identity) or [identity.labels]
                for identity in fired
                if identity
            )
            return all(any(map(silence.covers, labels)) for labels in seen)
        own = {**self.promise.labels, "alertname": self.name}
        by_rule = ({**rule.static_labels, **own} for rule in self.rules)
        return any(map(silence.covers, (own, *by_rule)))


def promise_of(step: StepRun, question: Question) -> PromisedAlert:
    """Return the promise that a question is about."""
    if question.alert is None:
        raise ValueError(f"{question.question} is asked without an alert")
    return PromisedAlert.of(step, question.alert)
