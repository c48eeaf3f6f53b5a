"""Whose alert it is: which instances of the services that were hit its labels name.

Only an alert about a victim counts for a promise. Labels that name no instance of
these services (an aggregate, an exporter, another service, a successor that the plan
did not know) say nothing of whom, and the promise's labels alone decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gameday.checks.naming import Directory
from gameday.model.target import Instance


@dataclass(frozen=True, slots=True)
class Victims:
    """The instances that a step's faults hit, of all that the target knows."""

    directory: Directory
    hit: tuple[Instance, ...]

    def named(self, labels: Mapping[str, str]) -> dict[str, Instance]:
        """Return the instances of the services that were hit which labels name."""
        services = {victim.service for victim in self.hit}
        texts = [text for key, text in sorted(labels.items()) if key != "alertname"]
        found = (self.directory.find(text) for text in texts)
        return {each.name: each for each in found if each and each.service in services}

    def of(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Return the victims that labels name."""
        names = {victim.name for victim in self.hit}
        return frozenset(self.named(labels)) & names

    def concern(self, labels: Mapping[str, str], asked: Mapping[str, str]) -> bool:
        """Whether an alert may be about a victim; `asked`: a promise's own labels.

        A promise that itself names an instance is about that one.
        """
        named = self.named(labels)
        return not named or bool(self.of(labels)) or bool(self.named(asked))

    def required(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Return the victims of the services of which labels name an instance."""
        services = {each.service for each in self.named(labels).values()}
        return frozenset(each.name for each in self.hit if each.service in services)
