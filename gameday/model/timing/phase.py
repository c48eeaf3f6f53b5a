"""Where a fault falls between scrapes and evaluations, and what that adds.

A change is seen by the first scrape after it, and judged by the first evaluation after
that scrape. How long that takes depends on nothing but the phase: where the change
falls in the least common multiple of the two intervals, after which all repeats.
"""

import math

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.expression import Node, Tree, ranges, selectors
from gameday.model.alerting.expression_parser import parse
from gameday.model.plan import Monitoring
from gameday.model.quantity import show_duration
from gameday.model.timing.rule_delays import recording_rules

_CLOSE = 1e-6  # seconds: stamps of one instant


@frozen(kw_only=False)
class Grid:
    """Instants that are `every` seconds apart; `at` is one of them."""

    at: float
    every: float

    def first(self, instant: float) -> float:
        """Return the first of them that is not before an instant."""
        steps = math.ceil((instant - self.at) / self.every - _CLOSE)
        return self.at + steps * self.every


@frozen(kw_only=False)
class Phases:
    """The scrapes and the evaluations that decide when a rule's alert fires."""

    scrapes: Grid
    evaluations: Grid

    @property
    def period(self) -> float:
        """The seconds after which all repeats: the intervals' least common multiple."""
        return common(self.scrapes.every, self.evaluations.every)

    def position(self, instant: float) -> float:
        """Return where in the period an instant lies, in seconds."""
        origin = self.evaluations.at % self.evaluations.every
        return (instant - origin) % self.period

    def seen(self, instant: float) -> float:
        """Return the evaluation by which a change at that instant is seen."""
        return self.evaluations.first(self.scrapes.first(instant))

    def since(self, instant: float) -> "Phases":
        """Return the same in seconds since an instant, each by its first after that."""
        scrapes, evaluations = self.scrapes, self.evaluations
        return Phases(
            Grid(scrapes.first(instant) - instant, scrapes.every),
            Grid(evaluations.first(instant) - instant, evaluations.every),
        )


def common(interval: float, other: float) -> float:
    """Return the least common multiple of two intervals, to the millisecond."""
    return math.lcm(max(1, round(interval * 1000)), max(1, round(other * 1000))) / 1000


def undecided(rule: AlertRule, monitoring: Monitoring) -> str:
    """Return why the phase cannot be told by one scrape and one evaluation."""
    tree = parse(rule.expr)
    if tree is None:
        return "its expression has a syntax that gameday does not know"
    back = max(ranges(tree), default=0.0)
    if back:
        return f"a range of {show_duration(back)} decides"
    if any(
        recording_rules(selector, monitoring.recorded) for selector in selectors(tree)
    ):
        return "a recording rule decides as well"
    if rule.query_offset:
        return f"it is evaluated as of {show_duration(rule.query_offset)} ago"
    return "it depends on the time of day" if _tells_time(tree) else ""


def _tells_time(tree: Tree) -> bool:
    if not isinstance(tree, Node):
        return False
    return tree.tells_time or any(map(_tells_time, tree.parts))
