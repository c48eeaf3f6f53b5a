"""One promised alert in one step: which episodes are its, and what spoils it.

An episode is the promise's when its name is the same and the promised labels are
among its own; of several the earliest answers, whichever rule it comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.clocks import instant
from gameday.checks.episodes import Episode, fits
from gameday.checks.groups import groups_of
from gameday.checks.question import Question
from gameday.checks.step import StepRun
from gameday.model.alert import AlertRule, Matcher
from gameday.model.quantity import show_instant
from gameday.model.scenario import AlertPromise


@dataclass(frozen=True, kw_only=True)
class Promised:
    """A promise about an alert in a step whose fault was injected."""

    step: StepRun
    promise: AlertPromise

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.promise.alert

    @property
    def start(self) -> float:
        """When the fault began."""
        return self.step.start or 0.0

    @cached_property
    def all(self) -> list[Episode]:
        """Every episode of the promise in the run that fired."""
        return [
            one
            for one in self.step.run.episodes
            if one.alert == self.name
            and one.firing is not None
            and fits(one.alert, one.labels, self.promise.labels)
        ]

    @cached_property
    def fired(self) -> list[Episode]:
        """Those that began to fire after the fault began, up to the step's end."""
        found = [
            one
            for one in self.all
            if one.firing is not None and self.start <= one.firing <= self.step.end
        ]
        return sorted(found, key=lambda one: one.firing or 0.0)

    @cached_property
    def rules(self) -> list[AlertRule]:
        """The loaded rules that the promise may mean; none where unknown."""
        return [
            rule
            for rule in self.step.run.plan.eyes.rules or ()
            if rule.name == self.name and _possible(rule, self.promise.labels)
        ]

    @cached_property
    def spoiled(self) -> str:
        """Why nothing can be said of this alert; empty when something can."""
        return self._running() or self._silenced() or self._unflushed()

    def gap(self, start: float, end: float, *sources: str) -> str:
        """Return why sources, or the alert's rules, did not work all the time."""
        found = self.step.run.gap(start, end, *sources)
        if found or "prometheus" not in sources:
            return found
        groups = {rule.group for rule in self.rules if rule.group}
        return self.step.run.sight.rules_gap({self.name}, groups, (start, end))

    def _running(self) -> str:
        for one in self.step.events("alert_at_start"):
            mine = one["alert"] == self.name
            firing = one.get("state") == "firing"
            if mine and firing and fits(self.name, one["labels"], self.promise.labels):
                return f"{self.name} was already firing when the fault began"
        for episode in self.all:
            since = episode.pending if episode.pending is not None else episode.firing
            if (
                since is not None
                and since < self.start
                and not episode.over(self.start)
            ):
                firing_before = (episode.firing or 0.0) < self.start
                state = "firing" if firing_before else "pending"
                return (
                    f"{self.name} was already {state} when the fault began, "
                    f"since {show_instant(since)}"
                )
        return ""

    def _silenced(self) -> str:
        for one in self.step.run.timeline.of("silence"):
            until = instant(one.get("until"))
            since = instant(one.get("since")) or one.at
            if since > self.start or (until is not None and until <= self.start):
                continue
            matchers = [_matcher(fields) for fields in one.get("matchers") or ()]
            if any(_all_match(matchers, labels) for labels in self._label_sets()):
                return (
                    f"{self.name} was silenced before the fault (silence {one['id']})"
                )
        return ""

    def _unflushed(self) -> str:
        """Say whether an earlier episode's group may still have been alive."""
        if not self.promise.reaches and self.promise.pages_within is None:
            return ""
        mailbox, routing = self.step.run.mailbox, self.step.run.plan.eyes.routing
        for episode in self.all:
            if episode.resolved is None or episode.resolved > self.start:
                continue
            labels = {**episode.labels, "alertname": episode.alert}
            waits = [group.interval for group in groups_of(labels, routing)]
            told = any(
                page.at <= self.start and mailbox.says(page, episode) == "resolved"
                for page in mailbox.pages
                if page.at >= episode.resolved
            )
            if not told and self.start - episode.resolved < max(waits, default=0.0):
                return (
                    f"{self.name} had resolved only at "
                    f"{show_instant(episode.resolved)}, and its Alertmanager group "
                    "was not flushed before the fault"
                )
        return ""

    def _label_sets(self) -> list[Mapping[str, str]]:
        own = {**self.promise.labels, "alertname": self.name}
        by_rule = [{**static_labels(rule), **own} for rule in self.rules]
        by_episode = [{**one.labels, "alertname": self.name} for one in self.fired]
        return [own, *by_rule, *by_episode]


def promise_of(step: StepRun, question: Question) -> Promised:
    """Return the promise that a question is about."""
    if question.alert is None:
        raise ValueError(f"{question.question} is asked without an alert")
    return Promised(step=step, promise=question.alert)


def static_labels(rule: AlertRule) -> dict[str, str]:
    """Return the labels of a rule that are not templates."""
    return {key: text for key, text in rule.labels.items() if "{{" not in text}


def _possible(rule: AlertRule, wanted: Mapping[str, str]) -> bool:
    static = static_labels(rule)
    return all(static[key] == text for key, text in wanted.items() if key in static)


def _matcher(fields: Mapping[str, object]) -> Matcher:
    name, op, value = (str(fields.get(key, "")) for key in ("name", "op", "value"))
    return Matcher(name=name, op=op or "=", value=value)


def _all_match(matchers: list[Matcher], labels: Mapping[str, str]) -> bool:
    return bool(matchers) and all(one.matches(labels) for one in matchers)
