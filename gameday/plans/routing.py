"""Alertmanager's routing, as it does it: labels to routes.

A route's children are tried in order; the first that fits takes the alert,
unless it says `continue`; without one the route itself does (Alertmanager,
"Routing-related settings").
"""

from collections.abc import Mapping

from gameday.model.alert import AlertRule, Receiver, Route, Routing


def routes_of(route: Route, labels: Mapping[str, str]) -> list[Route]:
    """Return the routes that an alert with these labels ends at."""
    if not all(matcher.matches(labels) for matcher in route.matchers):
        return []
    found: list[Route] = []
    for child in route.routes:
        hits = routes_of(child, labels)
        found += hits
        if hits and not child.goes_on:
            break
    return found or [route]


def known_labels(rule: AlertRule, promised: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of the labels of an alert before it fires.

    Templated rule labels are only known where the promise states them.
    """
    static = {key: value for key, value in rule.labels.items() if "{{" not in value}
    return {**promised, **static, "alertname": rule.name}


def receiver(routing: Routing, name: str) -> Receiver | None:
    """Return the receiver of that name."""
    return next((one for one in routing.receivers if one.name == name), None)
