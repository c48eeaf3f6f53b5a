"""The secrets of a run: whether they are set, and texts without them."""

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.errors import ObserverLost
from gameday.model.plan import Plan
from gameday.model.scenario import Scenario, Secret

SHORTEST_SECRET = 4  # characters; shorter ones would black out half of every text
REDACTED = "[redacted]"


class Redactor:
    """Keeps the secrets of a plan's scenario out of every file."""

    def __init__(self, plan: Plan) -> None:
        self._secrets = sorted(set(_secret_values(plan)), key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return the text without any secret value of the scenario."""
        for value in self._secrets:
            text = text.replace(value, REDACTED)
        return text


def missing_secrets(scenario: Scenario) -> Iterator[str]:
    """Yield why a secret that the scenario names cannot be had."""
    from gameday.observers.credentials import resolve

    for secret in _own_secrets(scenario):
        try:
            resolve(secret)
        except ObserverLost as error:
            yield str(error)


def _secret_values(plan: Plan) -> Iterator[str]:
    from gameday.observers.credentials import resolve

    for secret in _secrets(plan):
        try:
            value = resolve(secret)
        except ObserverLost:
            continue
        if len(value) >= SHORTEST_SECRET:
            yield value


def _secrets(plan: Plan) -> Iterator[Secret]:
    yield from _own_secrets(plan.scenario)
    for step in plan.scenario.steps:
        yield from _of_experiment(step.experiment.document.get("secrets"))


def _own_secrets(scenario: Scenario) -> Iterator[Secret]:
    places: list[Mapping[str, Any]] = []
    for endpoint in (scenario.observe.prometheus, scenario.observe.alertmanager):
        if endpoint is not None:
            places += [endpoint.auth, endpoint.headers]
    if scenario.load is not None:
        places.append(scenario.load.headers)
    for place in places:
        yield from (value for value in place.values() if isinstance(value, Secret))


def _of_experiment(block: Any) -> Iterator[Secret]:
    """Chaos Toolkit's secrets: groups of env references (literals are not known)."""
    if not isinstance(block, Mapping):
        return
    for value in block.values():
        if isinstance(value, Mapping) and value.get("type") == "env":
            yield Secret(env=str(value.get("key", "")))
        else:
            yield from _of_experiment(value)
