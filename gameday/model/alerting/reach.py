"""Where a promised alert's notifications go, by what is known of its labels."""

from collections.abc import Iterable
from dataclasses import dataclass

from gameday.model.alerting.alert import Route
from gameday.model.alerting.known_labels import KnownLabels


@dataclass(frozen=True, slots=True)
class Ends:
    """The routes that an alert ends at for certain, and all that it may end at."""

    certain: tuple[Route, ...]
    possible: tuple[Route, ...]

    def surely(self, receiver: str) -> bool:
        """Whether it reaches the receiver, whatever is not known."""
        if any(route.receiver == receiver for route in self.certain):
            return True
        return {route.receiver for route in self.possible} == {receiver}

    def perhaps(self, receiver: str) -> bool:
        """Whether it may reach the receiver."""
        return any(route.receiver == receiver for route in self.possible)


def ends(route: Route, labels: KnownLabels) -> Ends:
    """Return where an alert with these labels ends below a route.

    Children are tried in order; the first that fits takes the alert, unless it says
    `continue`; without one the route itself does (Alertmanager, "Route").
    """
    certain: list[Route] = []
    possible: list[Route] = []
    taken: bool | None = False  # whether a child has the alert; None: perhaps
    stopped = False  # whether a child before may have ended the search
    for child in route.routes:
        fits = labels.match_all(child.matchers)
        if fits is False:
            continue
        below = ends(child, labels)
        possible += below.possible
        certain += below.certain if fits and not stopped else ()
        taken = True if fits else taken or None
        if fits and not child.goes_on:
            break
        stopped = stopped or not child.goes_on
    # The route itself has what no child takes.
    possible += () if taken else (route,)
    certain += (route,) if taken is False else ()
    return Ends(tuple(certain), tuple(possible))


def ends_of_all(route: Route, candidates: Iterable[KnownLabels]) -> Ends:
    """Return where any of several alerts may end, and where each of them does."""
    all_ends = [ends(route, labels) for labels in candidates]
    if not all_ends:
        return Ends((), ())
    receivers = [{end.receiver for end in ends.certain} for ends in all_ends]
    everywhere = set.intersection(*receivers)
    certain = [end for end in all_ends[0].certain if end.receiver in everywhere]
    possible = [end for ends in all_ends for end in ends.possible]
    return Ends(tuple(certain), tuple(possible))
