"""What is there before a fault: alerts, and silences over them."""

from collections.abc import Mapping

from gameday.frozen import frozen
from gameday.model.alerting.alert import Matcher


@frozen
class StandingAlert:
    """An alert that is there already; `state`: pending or firing."""

    labels: Mapping[str, str]
    state: str
    since: float | None = None

    @property
    def name(self) -> str:
        """Its name and its other labels, as people write them."""
        pairs = sorted(pair for pair in self.labels.items() if pair[0] != "alertname")
        inside = ", ".join(f'{key}="{value}"' for key, value in pairs)
        name = self.labels.get("alertname", "?")
        return f"{name}{{{inside}}}" if inside else name


@frozen
class StandingSilence:
    """A silence that is active; `by`: who made it."""

    id: str
    matchers: tuple[Matcher, ...]
    by: str = ""

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Return whether it mutes an alert with these labels."""
        return bool(self.matchers) and all(
            matcher.matches(labels) for matcher in self.matchers
        )


@frozen
class Standing:
    """All that is there."""

    alerts: tuple[StandingAlert, ...] = ()
    silences: tuple[StandingSilence, ...] = ()
