"""Events of the observers themselves: what they could see, and when."""

from __future__ import annotations

from gameday.frozen import frozen
from gameday.model.events.codec import Event, Instant, Seconds


@frozen
class ClockCompared(Event, kind="clock"):
    """A clock was compared: `offset` is that clock minus gameday's."""

    source: str
    offset: Seconds
    error: Seconds


@frozen
class Blind(Event, kind="blind"):
    """An observer cannot see from now on.

    `source`: prometheus, metrics, alertmanager, pager, target, load, cluster or events.
    """

    source: str
    because: str = ""


@frozen
class Sees(Event, kind="sees"):
    """An observer can see again."""

    source: str


@frozen
class Observed(Event, kind="observed"):
    """An observer answered all through a time.

    It is told at the end of each step.
    """

    source: str
    since: Instant
    until: Instant
