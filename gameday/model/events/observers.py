"""Events of the observers themselves: what they could see, and when."""

from __future__ import annotations

from dataclasses import dataclass

from gameday.model.events.codec import Instant, Seconds, TypedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCompared(TypedEvent, kind="clock"):
    """A clock was compared: `offset` is that clock minus gameday's."""

    source: str
    offset: Seconds
    error: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind(TypedEvent, kind="blind"):
    """An observer cannot see from now on.

    `source`: prometheus, alertmanager, pager, target, load, cluster or events.
    """

    source: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sees(TypedEvent, kind="sees"):
    """An observer can see again."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed(TypedEvent, kind="observed"):
    """An observer answered all through a time.

    It is told at the end of each step.
    """

    source: str
    since: Instant
    until: Instant
