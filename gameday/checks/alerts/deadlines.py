"""Until when a question waits that has no time of its own: `reaches`.

The latest possible first notification, by the same arithmetic as the plan's
(`model.timing.alert_timing`): an alert fires, and its group is flushed after
group_wait, or after group_interval where the group may still be alive. What is known of
the run takes the place of what was only possible: when the alert fired, and whether its
group was alive. Where the routes are not known it is five minutes.
"""

from collections.abc import Mapping

from gameday.checks.alerts.promised_alert import PromisedAlert
from gameday.checks.record.episodes import Episode
from gameday.checks.record.observer_coverage import SLACK
from gameday.model.alerting.alert import Route
from gameday.model.quantity import show_duration
from gameday.model.timing.alert_timing import (
    UNKNOWN_PAGE,
    first_page_within,
    latest_first_page,
    told_within,
)

SENT = 1.0  # seconds that a notification may be under way
SHORTEST = 30.0  # Alertmanager's default group_wait


def page_deadline(promised: PromisedAlert) -> float:
    """Return when the promised alert's first page has to be there at the latest.

    As written down (`pages_within`), else by the rules and routes. An alert that
    never fired was to fire until then; where that is not known, until the step's end.
    """
    promise, monitoring = promised.promise, promised.step.run.plan.monitoring
    if promise.pages_within is None and promised.first_episodes:
        return max(
            first_page_by(promised, episode) for episode in promised.first_episodes
        )
    if promise.pages_within is None and latest_first_page(promise, monitoring) is None:
        return promised.step.end
    return promised.start + first_page_within(promise, monitoring)


def first_page_by(promised: PromisedAlert, episode: Episode) -> float:
    """Return when an alert that fired is told of at the latest."""
    fired = episode.firing or 0.0
    routes = _routes(promised, episode)
    if not routes:  # the hold waits for five minutes as well
        return max(promised.start + UNKNOWN_PAGE, fired + SHORTEST + SENT)
    return (
        fired + SENT + max(told_within(route, alive=alive) for route, alive in routes)
    )


def over_too_soon(promised: PromisedAlert, deadline: float) -> str:
    """Return why no page was due: the alert was over before; empty: one was."""
    for episode in promised.first_episodes:
        if episode.resolved is None or episode.resolved + SLACK >= deadline:
            continue
        routes = _routes(promised, episode)
        waits = [told_within(route, alive=alive) for route, alive in routes]
        due = (episode.firing or 0.0) + max(waits, default=SHORTEST)
        if episode.resolved < due:
            lasted = show_duration(round(episode.resolved - (episode.firing or 0.0), 3))
            return (
                f"{promised.name} fired for {lasted} only, and its first page was due "
                f"{show_duration(round(due - (episode.firing or 0.0), 3))} after it "
                "fired"
            )
    return ""


def _routes(promised: PromisedAlert, episode: Episode) -> list[tuple[Route, bool]]:
    """Return the routes to the promised receiver, and whether a group may live there.

    None where they are not known.
    """
    routing = promised.step.run.plan.monitoring.routing
    if routing is None:
        return []
    labels = {**episode.labels, "alertname": episode.alert}
    ends = [path[-1] for path in routing.route.paths(labels)]
    wanted = promised.promise.receiver
    mine = [route for route in ends if wanted in (None, route.receiver)] or ends
    return [(route, _alive(promised, episode, route)) for route in mine]


def _alive(promised: PromisedAlert, episode: Episode, route: Route) -> bool:
    """Whether an alert of the same group had kept the group alive until it fired."""
    key, began = _group(route, episode), episode.firing or 0.0
    for other in promised.step.run.episodes:
        if other is episode or other.firing is None or other.firing > began:
            continue
        lives_until = other.resolved is None or (
            other.resolved + route.group_interval >= began
        )
        if lives_until and _group(route, other) == key:
            return True
    return False


def _group(route: Route, episode: Episode) -> Mapping[str, str]:
    labels = {**episode.labels, "alertname": episode.alert}
    names = labels if "..." in route.group_by else route.group_by
    return {name: labels.get(name, "") for name in names}
