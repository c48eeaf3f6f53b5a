"""Where an alert goes before it has fired, by what is known of its labels."""

from collections.abc import Mapping

from gameday.model.alert import AlertRule, Receiver, Route, Routing


def routes_of(route: Route, labels: Mapping[str, str]) -> list[Route]:
    """Return the routes that an alert with these labels ends at."""
    return [path[-1] for path in route.paths(labels)]


def known_labels(rule: AlertRule, promised: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of the labels of an alert before it fires.

    Templated rule labels are only known where the promise states them.
    """
    static = {key: value for key, value in rule.labels.items() if "{{" not in value}
    return {**promised, **static, "alertname": rule.name}


def receiver(routing: Routing, name: str) -> Receiver | None:
    """Return the receiver of that name."""
    return next((one for one in routing.receivers if one.name == name), None)
